"""Which functions and keywords each platform has. Open-source Spark's are those of ``pyspark.pipelines`` 4.2, which a test compares."""

from __future__ import annotations

from enum import Enum


class Platform(str, Enum):
    """Somewhere a pipeline may run; the value is its key in ``check --json``."""

    DATABRICKS = "databricks"
    OPEN_SOURCE = "oss_spark_4_2"
    GOLDLANE = "goldlane"

    def __str__(self) -> str:
        return {"databricks": "Databricks", "oss_spark_4_2": "open-source Spark 4.2", "goldlane": "Goldlane"}[self.value]


PLATFORMS = tuple(Platform)
Signatures = dict[str, frozenset[str]]


def _names(*texts: str) -> frozenset[str]:
    return frozenset(name for text in texts for name in text.split())


# Databricks documents that code for open-source pipelines runs there unmodified: so `format` is taken.
_TABLE = "name format comment spark_conf table_properties path partition_cols cluster_by cluster_by_auto schema row_filter"
_RULES = "expect_all expect_all_or_drop expect_all_or_fail"
_CDC = (
    "target source keys sequence_by where ignore_null_updates ignore_null_updates_column_list ignore_null_updates_except_column_list"
    " columns_to_update apply_as_deletes apply_as_truncates column_list except_column_list stored_as_scd_type track_history_column_list"
    " track_history_except_column_list name flow_name once system_sequence_by"
)
_SNAPSHOT = "target source snapshot_and_version keys once stored_as_scd_type track_history_column_list track_history_except_column_list"
_TABLE_DECORATOR = _names("query_function", _TABLE, "private temporary refresh_policy replace_using sequence_by")
_VIEW = _names("query_function name comment spark_conf")
_STREAMING_TABLE = _names(_TABLE, _RULES)
_RULE, _ALL_RULES = _names("name inv"), _names("expectations")

DATABRICKS: Signatures = {
    "table": _TABLE_DECORATOR,
    "create_table": _TABLE_DECORATOR | _STREAMING_TABLE,
    "materialized_view": _TABLE_DECORATOR,
    "view": _VIEW,
    "create_view": _VIEW,
    "temporary_view": _VIEW,
    "create_streaming_table": _STREAMING_TABLE,
    "create_target_table": _STREAMING_TABLE,
    "create_streaming_live_table": _STREAMING_TABLE,
    "expect": _RULE,
    "expect_or_drop": _RULE,
    "expect_or_fail": _RULE,
    "expect_all": _ALL_RULES,
    "expect_all_or_drop": _ALL_RULES,
    "expect_all_or_fail": _ALL_RULES,
    "append_flow": _names("name target comment spark_conf once depends_on"),
    "replace_flow": _names("target replace_using sequence_by name comment spark_conf"),
    "update_flow": _names("name target comment spark_conf depends_on"),
    "create_auto_cdc_flow": _names(_CDC),
    "apply_changes": _names(_CDC),
    "create_auto_cdc_from_snapshot_flow": _names(_SNAPSHOT, "name flow_name"),
    "apply_changes_from_snapshot": _names(_SNAPSHOT, "name flow_name"),
    "create_sink": _names("name format options"),
    "foreach_batch_sink": _names("name"),
    "read": _names("name"),
    "read_stream": _names("name"),
    "readStream": _names("name"),
    "on_event_hook": _names("fn max_allowable_consecutive_failures"),
    "enable_local_execution": frozenset(),
}

_OPEN_TABLE = _names("query_function name comment spark_conf table_properties partition_cols cluster_by schema format")
OPEN_SOURCE: Signatures = {
    "table": _OPEN_TABLE,
    "materialized_view": _OPEN_TABLE,
    "temporary_view": _VIEW,
    "create_streaming_table": _names("name comment table_properties partition_cols cluster_by schema format"),
    "append_flow": _names("target name spark_conf"),
    "create_sink": _names("name format options"),
    "create_auto_cdc_flow": _names(
        "target source keys sequence_by apply_as_deletes column_list except_column_list stored_as_scd_type name"
    ),
}

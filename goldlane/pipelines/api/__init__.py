"""The public names of ``import dlt`` (and ``pyspark.pipelines``, ``databricks.pipelines``), one dictionary for all spellings."""

from __future__ import annotations

import difflib
from typing import Any

from goldlane.pipelines.api import changes, expectations, flows, hooks, managed, reads, sinks, tables
from goldlane.pipelines.api.deprecated import deprecated

NAMES: dict[str, Any] = {
    "table": tables.table,
    "create_table": deprecated(managed.create_table, "create_table", "PYTHON_CREATE_TABLE", "table or materialized_view"),
    "materialized_view": tables.materialized_view,
    "view": tables.view,
    "create_view": deprecated(tables.view, "create_view", "PYTHON_CREATE_VIEW", "temporary_view"),
    "temporary_view": tables.view,
    "create_streaming_table": tables.create_streaming_table,
    **{
        name: deprecated(tables.create_streaming_table, name, f"PYTHON_{name.upper()}", "create_streaming_table")
        for name in ("create_target_table", "create_streaming_live_table")
    },
    "append_flow": flows.append_flow,
    "create_auto_cdc_flow": changes.create_auto_cdc_flow,
    "apply_changes": changes.create_auto_cdc_flow,
    "create_auto_cdc_from_snapshot_flow": changes.create_auto_cdc_from_snapshot_flow,
    "apply_changes_from_snapshot": changes.create_auto_cdc_from_snapshot_flow,
    "update_flow": flows.update_flow,
    "replace_flow": flows.replace_flow,
    "create_sink": sinks.create_sink,
    "foreach_batch_sink": sinks.foreach_batch_sink,
    "on_event_hook": hooks.on_event_hook,
    "expect": expectations.expect,
    "expect_or_drop": expectations.expect_or_drop,
    "expect_or_fail": expectations.expect_or_fail,
    "expect_all": expectations.expect_all,
    "expect_all_or_drop": expectations.expect_all_or_drop,
    "expect_all_or_fail": expectations.expect_all_or_fail,
    "read": reads.read,
    "read_stream": reads.read_stream,
    "readStream": reads.read_stream,
    "enable_local_execution": lambda: None,
}


def annotation(name: str) -> Any:
    """``DataFrame`` and the like, which people take from ``dlt`` for their annotations."""
    from pyspark import sql

    if name in {"DataFrame", "Column", "SparkSession"}:
        return getattr(sql, name)
    close = difflib.get_close_matches(name, NAMES, n=1)
    raise AttributeError(f"dlt has no {name!r}" + (f"; did you mean {close[0]!r}?" if close else ""))

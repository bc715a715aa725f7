"""The questions that Databricks' documentation asks of an event log, with ``col:a.b`` written as ``get_json_object``."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pyspark.sql import Row

    from goldlane.pipelines import Update

LATEST = """
    WITH latest_update AS (
      SELECT origin.update_id AS id FROM event_log('shop') WHERE event_type = 'create_update' ORDER BY timestamp DESC LIMIT 1
    ),
    event_log_raw AS (SELECT * FROM event_log('shop'))
"""


def asked(update: Update, query: str) -> list[Row]:
    return update.spark.sql(LATEST + query).collect()


def test_durations_of_updates(update: Update) -> None:
    (row,) = asked(
        update,
        """
        , states AS (
          SELECT origin.update_id AS update_id, timestamp,
                 from_json(details, 'struct<update_progress: struct<state: string>>').update_progress.state AS state,
                 row_number() OVER (PARTITION BY origin.update_id ORDER BY timestamp DESC) AS rn
          FROM event_log_raw WHERE event_type = 'update_progress'
        ),
        durations AS (
          SELECT origin.pipeline_id AS pipeline_id, origin.pipeline_name AS pipeline_name, origin.update_id AS update_id,
                 min(CASE WHEN event_type = 'create_update' THEN timestamp END) AS start_time,
                 coalesce(max(CASE WHEN event_type = 'update_progress' AND get_json_object(details, '$.update_progress.state')
                                   IN ('COMPLETED', 'FAILED', 'CANCELED') THEN timestamp END), current_timestamp()) AS end_time
          FROM event_log_raw WHERE event_type IN ('create_update', 'update_progress') AND origin.update_id IS NOT NULL
          GROUP BY ALL HAVING start_time IS NOT NULL
        )
        SELECT pipeline_id, pipeline_name, update_id, state,
               round(timestampdiff(MILLISECOND, start_time, end_time) / 1000, 1) AS seconds
        FROM states JOIN durations USING (update_id) WHERE rn = 1
        """,
    )

    assert (row.pipeline_id, row.pipeline_name, row.update_id, row.state) == ("shop", "shop", update.update_id, "FAILED")
    assert row.seconds >= update.seconds - 0.1


def test_which_materialized_views_were_computed_anew(update: Update) -> None:
    found = asked(
        update,
        """
        , parsed AS (
          SELECT origin.flow_name, from_json(get_json_object(details, '$.planning_information'),
            'struct<technique_information: array<struct<maintenance_type: string, is_chosen: boolean, is_applicable: boolean,
              cost: double, incrementalization_issues: array<struct<issue_type: string, prevent_incrementalization: boolean>>>>>') AS p
          FROM event_log_raw JOIN latest_update ON origin.update_id = latest_update.id
          WHERE get_json_object(details, '$.planning_information') IS NOT NULL
        )
        SELECT flow_name, filter(p.technique_information, t -> t.is_chosen = true)[0].maintenance_type AS chosen FROM parsed
        """,
    )

    assert [tuple(row) for row in found] == [("batch", "MAINTENANCE_TYPE_COMPLETE_RECOMPUTE")]


def test_rows_status_and_quality_of_every_flow(update: Update) -> None:
    found = asked(
        update,
        """
        , progress AS (
          SELECT origin.flow_name AS flow, timestamp, get_json_object(details, '$.flow_progress.status') AS status,
                 try_cast(get_json_object(details, '$.flow_progress.metrics.num_output_rows') AS BIGINT) AS output,
                 try_cast(get_json_object(details, '$.flow_progress.metrics.num_upserted_rows') AS BIGINT) AS upserted,
                 try_cast(get_json_object(details, '$.flow_progress.data_quality.dropped_records') AS BIGINT) AS dropped
          FROM event_log_raw WHERE event_type = 'flow_progress' AND origin.flow_name IS NOT NULL
        )
        SELECT flow, sum(coalesce(output, 0)) AS output, sum(coalesce(upserted, 0)) AS upserted,
               max(coalesce(dropped, 0)) AS dropped,
               max_by(status, timestamp) FILTER (WHERE status IN
                 ('COMPLETED', 'FAILED', 'CANCELLED', 'EXCLUDED', 'SKIPPED', 'STOPPED', 'IDLE')) AS final_status,
               min(timestamp) FILTER (WHERE status IN ('STARTING', 'RUNNING', 'COMPLETED')) <=
               max(timestamp) FILTER (WHERE status IN ('STARTING', 'RUNNING', 'COMPLETED')) AS in_order
        FROM progress GROUP BY flow
        """,
    )

    assert {row.flow: tuple(row)[1:] for row in found} == {
        "stream": (2, 0, 1, "COMPLETED", True),
        "batch": (2, 0, 0, "COMPLETED", True),
        "newest": (0, 1, 0, "COMPLETED", True),
        "landed": (2, 0, 0, "COMPLETED", True),
        "broken": (0, 0, 0, "FAILED", True),
        "after_broken": (0, 0, 0, "SKIPPED", None),
    }


def test_passing_and_failing_records_of_each_expectation(update: Update) -> None:
    found = asked(
        update,
        """
        SELECT row_expectations.dataset AS dataset, row_expectations.name AS expectation,
               sum(row_expectations.passed_records) AS passing, sum(row_expectations.failed_records) AS failing
        FROM (SELECT explode(from_json(get_json_object(details, '$.flow_progress.data_quality.expectations'),
                "array<struct<name: string, dataset: string, passed_records: int, failed_records: int>>")) AS row_expectations
              FROM event_log_raw, latest_update WHERE event_type = 'flow_progress' AND origin.update_id = latest_update.id)
        GROUP BY row_expectations.dataset, row_expectations.name
        """,
    )

    assert {tuple(row) for row in found} == {("stream", "priced", 2, 1), ("stream", "cheap", 2, 1), ("batch", "cheap", 1, 1)}


def test_lineage(update: Update) -> None:
    found = asked(
        update,
        """
        SELECT get_json_object(details, '$.flow_definition.output_dataset') AS flow_name,
               get_json_object(details, '$.flow_definition.input_datasets') AS inputs,
               get_json_object(details, '$.flow_definition.flow_type') AS flow_type,
               get_json_object(details, '$.flow_definition.schema') AS schema
        FROM event_log_raw INNER JOIN latest_update ON origin.update_id = latest_update.id
        WHERE get_json_object(details, '$.flow_definition') IS NOT NULL
        """,
    )

    assert {row.flow_name: (row.inputs, row.flow_type) for row in found} == {
        "default.stream": ('[{"name":"orders"}]', "APPEND"),
        "default.batch": ('[{"name":"stream"}]', "MATERIALIZED_VIEW"),
        "default.newest": ('[{"name":"stream"}]', "CHANGE"),
        "default.landed": ("[]", "APPEND"),
        "default.broken": ('[{"name":"stream"}]', "MATERIALIZED_VIEW"),
        "default.after_broken": ('[{"name":"broken"}]', "MATERIALIZED_VIEW"),
    }
    assert all('"name":' in row.schema for row in found)


def test_files_that_auto_loader_found(update: Update) -> None:
    (row,) = asked(
        update,
        """
        SELECT get_json_object(details, '$.operation_progress.status') AS status,
               get_json_object(details, '$.operation_progress.auto_loader_details.source_path') AS path,
               int(get_json_object(details, '$.operation_progress.auto_loader_details.num_files_listed')) AS files,
               int(get_json_object(details, '$.operation_progress.duration_ms')) AS milliseconds
        FROM event_log_raw, latest_update
        WHERE event_type LIKE 'operation_progress' AND origin.update_id = latest_update.id
          AND get_json_object(details, '$.operation_progress.type') IN ('AUTO_LOADER_LISTING', 'AUTO_LOADER_BACKFILL')
        """,
    )

    assert (row.status, row.files) == ("COMPLETED", 2)
    assert row.path.endswith("/landing")
    assert row.milliseconds >= 0


def test_the_backlog_shrinks_to_nothing(update: Update) -> None:
    found = asked(
        update,
        """
        SELECT double(get_json_object(details, '$.flow_progress.metrics.backlog_bytes')) AS bytes,
               int(get_json_object(details, '$.flow_progress.metrics.backlog_files')) AS files
        FROM event_log_raw, latest_update
        WHERE event_type = 'flow_progress' AND origin.update_id = latest_update.id AND origin.flow_name = 'stream'
          AND get_json_object(details, '$.flow_progress.metrics') IS NOT NULL
        ORDER BY timestamp
        """,
    )

    assert [row.files for row in found] == [1, 0]
    assert found[0].bytes > found[1].bytes == 0.0


def test_what_spark_reports_of_each_micro_batch(update: Update) -> None:
    found = asked(
        update,
        """
        SELECT parse_json(get_json_object(details, '$.stream_progress.progress_json')) AS progress,
               get_json_object(details, '$.stream_progress.progress.name') AS name,
               int(get_json_object(details, '$.stream_progress.progress.batchId')) AS batch
        FROM event_log_raw WHERE event_type = 'stream_progress' AND origin.flow_name = 'stream' ORDER BY timestamp
        """,
    )

    assert [(row.name, row.batch) for row in found] == [("default.stream/stream", 0), ("default.stream/stream", 1)]
    assert found[0].progress.toPython()["sources"][0]["description"].startswith("DeltaSource[")


@pytest.mark.parametrize("path", ["$.runtime_details.runtime_version.dbr_version", "$.create_update.runtime_version.dbr_version"])
def test_what_an_update_ran_on(update: Update, path: str) -> None:
    found = asked(update, f"SELECT get_json_object(details, '{path}') AS version FROM event_log_raw")

    (version,) = [row.version for row in found if row.version is not None]
    assert "on Spark 4." in version


def test_who_started_it(update: Update) -> None:
    (row,) = asked(
        update,
        """
        SELECT get_json_object(details, '$.user_action.action') AS action, get_json_object(details, '$.user_action.user_name') AS user_name
        FROM event_log_raw WHERE event_type = 'user_action'
        """,
    )

    assert tuple(row) == ("START", getpass.getuser())

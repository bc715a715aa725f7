"""The event log of an update, as the queries of dashboards read it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from goldlane.errors import UsageError
from goldlane.session import local_spark

if TYPE_CHECKING:
    from goldlane.pipelines import Update

QUALITY = "array<struct<name: string, dataset: string, passed_records: bigint, failed_records: bigint>>"


def progress(rows: list[dict[str, Any]], dataset: str) -> list[dict[str, Any]]:
    """The flow_progress details of a dataset, in order."""
    ours = [row for row in rows if row["event_type"] == "flow_progress" and row["origin"]["dataset_name"] == f"default.{dataset}"]
    return [json.loads(row["details"])["flow_progress"] for row in ours]


def test_details_are_json_under_the_name_of_their_type(rows: list[dict[str, Any]]) -> None:
    assert {tuple(json.loads(row["details"])) == (row["event_type"],) for row in rows} == {True}
    assert {row["maturity_level"] for row in rows} == {"STABLE"}
    assert {row["level"] for row in rows} <= {"INFO", "WARN", "ERROR", "METRICS"}
    assert len({row["id"] for row in rows}) == len(rows)


def test_every_row_says_whose_it_is(update: Update, rows: list[dict[str, Any]]) -> None:
    assert {(row["origin"]["pipeline_name"], row["origin"]["update_id"]) for row in rows} == {("shop", update.update_id)}


def test_an_update_begins_runs_and_ends(rows: list[dict[str, Any]]) -> None:
    states = [json.loads(row["details"])["update_progress"]["state"] for row in rows if row["event_type"] == "update_progress"]

    assert [row["event_type"] for row in rows[:3]] == ["create_update", "user_action", "runtime_details"]
    assert states == ["CREATED", "INITIALIZING", "SETTING_UP_TABLES", "RUNNING", "FAILED"]
    assert rows[-1]["event_type"] == "update_progress"


def test_every_event_type_that_has_a_meaning_here_is_written(rows: list[dict[str, Any]]) -> None:
    assert {row["event_type"] for row in rows} == {
        "create_update",
        "user_action",
        "runtime_details",
        "update_progress",
        "dataset_definition",
        "flow_definition",
        "flow_progress",
        "planning_information",
        "stream_progress",
        "operation_progress",
        "deprecation",
    }


def test_an_old_name_is_told_with_its_line_and_the_platforms_word_for_it(rows: list[dict[str, Any]]) -> None:
    (row,) = [row for row in rows if row["event_type"] == "deprecation"]

    assert json.loads(row["details"]) == {"deprecation": {"message": "PYTHON_CREATE_TARGET_TABLE"}}
    assert row["message"].endswith("lane.py:15: create_target_table is an old name; write create_streaming_table.")


def test_a_flow_keeps_its_id_and_says_its_plan_and_language(rows: list[dict[str, Any]]) -> None:
    (flow,) = [row for row in rows if row["event_type"] == "flow_definition" and row["origin"]["flow_name"] == "batch"]
    ids = {row["origin"]["flow_id"] for row in rows if row["origin"]["flow_name"] == "batch"}

    details = json.loads(flow["details"])["flow_definition"]
    assert ids == {flow["origin"]["flow_id"]} != {None}
    assert details["explain_text"]
    assert json.loads(details["schema_json"])["type"] == "struct"
    assert (details["language"], details["once"], details["output_dataset"]) == ("PYTHON", False, "default.batch")


def test_datasets_and_flows_are_defined_with_kind_columns_and_inputs(rows: list[dict[str, Any]]) -> None:
    datasets = {
        row["origin"]["dataset_name"]: json.loads(row["details"])["dataset_definition"]
        for row in rows
        if row["event_type"] == "dataset_definition"
    }
    flows = {
        row["origin"]["flow_name"]: json.loads(row["details"])["flow_definition"] for row in rows if row["event_type"] == "flow_definition"
    }

    assert datasets["default.stream"]["dataset_type"] == "STREAMING_TABLE"
    assert [column["name"] for column in datasets["default.batch"]["schema"]] == ["id", "price"]
    assert {name: flow["flow_type"] for name, flow in flows.items() if name in {"stream", "batch", "newest"}} == {
        "stream": "APPEND",
        "batch": "MATERIALIZED_VIEW",
        "newest": "CHANGE",
    }
    assert flows["batch"]["input_datasets"] == [{"name": "stream"}]


def test_a_stream_reports_each_micro_batch_while_it_runs_and_no_total(rows: list[dict[str, Any]]) -> None:
    steps = progress(rows, "stream")

    assert [step["status"] for step in steps] == ["QUEUED", "STARTING", "RUNNING", "RUNNING", "COMPLETED"]
    assert [step["metrics"]["num_output_rows"] for step in steps[2:4]] in ([1, 1], [1, 1])
    quality = [step["data_quality"] for step in steps[2:4]]
    assert sum(found["dropped_records"] for found in quality) == 1
    assert [set(rule) for found in quality for rule in found["expectations"]] == [
        {"name", "dataset", "passed_records", "failed_records"}
    ] * 4
    assert "metrics" not in steps[-1]
    assert "data_quality" not in steps[-1]


def test_a_batch_reports_its_counts_once(rows: list[dict[str, Any]]) -> None:
    steps = [step for step in progress(rows, "batch") if "data_quality" in step]

    assert steps == [
        {
            "status": "COMPLETED",
            "metrics": {"num_output_rows": 2},
            "data_quality": {
                "dropped_records": 0,
                "expectations": [{"name": "cheap", "dataset": "batch", "passed_records": 1, "failed_records": 1}],
            },
        }
    ]


def test_a_change_feed_reports_upserts_and_deletes(rows: list[dict[str, Any]]) -> None:
    metrics = [step["metrics"] for step in progress(rows, "newest") if "metrics" in step]

    assert [(found["num_upserted_rows"], found["num_deleted_rows"]) for found in metrics] == [(1, 0)]
    assert "num_output_rows" not in metrics[0]


def test_failures_and_what_they_skip_are_told(rows: list[dict[str, Any]]) -> None:
    assert [step["status"] for step in progress(rows, "broken")] == ["QUEUED", "STARTING", "FAILED"]
    assert [step["status"] for step in progress(rows, "after_broken")] == ["QUEUED", "SKIPPED"]
    (failed,) = [row for row in rows if row["level"] == "ERROR" and row["event_type"] == "flow_progress"]
    assert "no good" in failed["error"]["exceptions"][0]["message"]
    (skipped,) = [row for row in rows if row["level"] == "WARN" and row["event_type"] == "flow_progress"]
    assert "it reads broken, which did not complete" in skipped["message"]


def test_the_query_of_a_dashboard_sums_up_to_every_row_once(update: Update) -> None:
    from pyspark.sql import functions as F

    found = (
        update.events()
        .where("event_type = 'flow_progress' AND origin.dataset_name = 'default.stream'")
        .select(F.explode(F.from_json(F.get_json_object("details", "$.flow_progress.data_quality.expectations"), QUALITY)).alias("rule"))
        .groupBy("rule.dataset", "rule.name")
        .agg(F.sum("rule.passed_records").alias("passed"), F.sum("rule.failed_records").alias("failed"))
    )

    assert {tuple(row) for row in found.collect()} == {("stream", "priced", 2, 1), ("stream", "cheap", 2, 1)}


@pytest.mark.parametrize("log", ["event_log('shop')", "event_log(TABLE(stream))", "event_log(TABLE(`default`.Newest))"])
def test_sql_text_reads_the_log_by_the_pipelines_id_or_by_one_of_its_tables(update: Update, log: str) -> None:
    (row,) = update.spark.sql(f"SELECT e.origin.update_id AS id FROM {log} AS e WHERE event_type = 'create_update'").collect()

    assert row.id == update.update_id


def test_the_log_of_another_pipeline_is_not_in_it(update: Update) -> None:
    assert update.spark.sql("SELECT * FROM event_log('bakery') UNION ALL SELECT * FROM event_log(TABLE(bread))").count() == 0


def test_event_log_says_what_it_takes(update: Update) -> None:
    with pytest.raises(UsageError, match="takes a pipeline's id or TABLE"):
        update.spark.sql("SELECT * FROM event_log()")


def test_a_session_beside_the_storage_knows_the_log_too(update: Update) -> None:
    session = local_spark(storage=update.events_path.parents[1])

    assert session.sql("SELECT DISTINCT origin.pipeline_name FROM event_log('shop')").collect() == [("shop",)]
    assert session.sql("SELECT id FROM newest").count() == 1


def test_a_pipeline_reads_its_own_log_from_its_first_update_on(new_project: Callable[[], Any]) -> None:
    project = new_project()
    project.write(
        "lane/lane.py",
        """
        import dlt

        @dlt.table
        def updates():
            return spark.sql("SELECT origin.update_id AS id FROM event_log('shop') WHERE event_type = 'create_update'")
        """,
    )

    update = project.run(name="shop").raise_for_status()

    assert project.rows("updates") == [(update.update_id,)]

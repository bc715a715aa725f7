"""Custom metrics as the platform defines them: what they come to, and that one that fails takes no other along."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pyspark.sql import functions as F

from goldlane.monitoring import CustomMetric, InferenceLog, Monitor, Snapshot
from goldlane.monitoring.custom import aggregate_metrics, with_derived_metrics, with_drift_metrics
from goldlane.monitoring.custom.templates import UnusableMetricError, rendered

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

LOG = InferenceLog(
    problem_type="classification", timestamp="at", granularities=("1 day",), prediction="answer", model_id="version", label="truth"
)


def metric(kind: str, name: str, columns: str | tuple[str, ...], definition: str, output_type: str = "double") -> CustomMetric:
    return CustomMetric(kind=kind, name=name, input_columns=columns, definition=definition, output_type=output_type)  # type: ignore[arg-type]


def watch(*metrics: CustomMetric) -> Monitor:
    return Monitor(table="answers", profile=LOG, custom_metrics=metrics)


ERRORS = metric("aggregate", "errors", ":table", "sum(CASE WHEN {{prediction_col}} = {{label_col}} THEN 0 ELSE 1 END)", "bigint")
SQUARES = metric("aggregate", "squares", ("f1", "f2"), "avg(`{{input_column}}` * `{{input_column}}`)")
ROOT = metric("derived", "root", ("f1", "f2"), "sqrt(squares)")
MORE = metric("drift", "more_errors", ":table", "{{current_df}}.errors - {{base_df}}.errors", "bigint")
BROKEN = {
    "does not render: 'nothing' is undefined": metric("aggregate", "b1", ":table", "avg({{nothing}})"),
    "is no SQL expression": metric("aggregate", "b2", ":table", "avg(f1"),
    "holds a subquery; it sees one table": metric("aggregate", "b3", ":table", "(SELECT max(x) FROM secrets)"),
    "UNRESOLVED_COLUMN": metric("aggregate", "b4", ":table", "avg(no_such_column)"),
    "DIVIDE_BY_ZERO": metric("aggregate", "b5", ":table", "sum(f1) / sum(f1 - f1)"),
    "CAST_INVALID_INPUT": metric("aggregate", "b6", ":table", "max(answer)"),
    "no output_type that Spark knows": metric("aggregate", "b7", ":table", "count(1)", "number"),
}


@pytest.fixture(scope="module")
def aggregated(spark: SparkSession) -> Any:
    """Two good metrics and seven broken ones over two windows, computed once: the problems, and the rows by window and column."""
    rows = [(1, "a", "a", 3.0, 1.0), (1, "a", "b", 1.0, 1.0), (2, "c", "b", 4.0, 0.0)]
    frame = spark.createDataFrame(rows, "window INT, answer STRING, truth STRING, f1 DOUBLE, f2 DOUBLE")
    told = aggregate_metrics(frame, watch(*BROKEN.values(), ERRORS, SQUARES), ["window"])
    assert told.rows is not None
    return told.problems, {(row["window"], row["column_name"]): row.asDict() for row in told.rows.collect()}


def test_an_aggregate_of_the_table_and_one_for_each_column_stand_on_their_rows(aggregated: Any) -> None:
    rows = aggregated[1]

    assert set(rows) == {(window, column) for window in (1, 2) for column in (":table", "f1", "f2")}
    assert (rows[1, ":table"]["errors"], rows[2, ":table"]["errors"]) == (1, 1)
    assert (rows[1, "f1"]["squares"], rows[1, "f2"]["squares"], rows[2, "f2"]["squares"]) == (5.0, 1.0, 0.0)
    assert rows[1, ":table"]["squares"] is None
    assert rows[1, "f1"]["errors"] is None


@pytest.mark.parametrize("why", BROKEN)
def test_a_metric_that_fails_is_named_with_its_reason(aggregated: Any, why: str) -> None:
    (told,) = (problem for problem in aggregated[0] if f"custom metric {BROKEN[why].name!r}" in problem)

    assert why in told
    assert "\n" not in told


def test_what_failed_is_null_and_everything_else_came_out(aggregated: Any) -> None:
    problems, rows = aggregated

    assert len(problems) == len(BROKEN)
    assert {rows[1, ":table"][f"b{number}"] for number in range(1, 7)} == {None}


@pytest.fixture(scope="module")
def windows(spark: SparkSession) -> Any:
    """Derived metrics on profile rows of two windows, and drift metrics between them."""
    profile = spark.createDataFrame(
        [(1, "f1", 16.0, None), (1, "f2", -1.0, None), (1, ":table", None, 10), (2, "f1", 9.0, None), (2, ":table", None, 25)],
        "window INT, column_name STRING, squares DOUBLE, errors BIGINT",
    )
    twice = metric("derived", "twice", ("f1", "f2"), "2 * root")
    odd = metric("derived", "odd", "f1", "1 / (squares - squares)")
    worse = metric("drift", "worse", ":table", "{{current_df}}.errors - {{base_df}}.nothing")
    monitor = watch(ERRORS, SQUARES, ROOT, odd, twice, MORE, worse)
    derived = with_derived_metrics(profile, monitor)
    drift = spark.createDataFrame([(2, 1, "f1"), (2, 1, ":table"), (1, 0, ":table")], "window INT, window_cmp INT, column_name STRING")
    same = "drift.column_name = {0}.column_name AND {0}.window = drift.{1}"
    on = [F.expr(same.format("current_df", "window")), F.expr(same.format("base_df", "window_cmp"))]
    drifted = with_drift_metrics(drift, derived.frame, derived.frame, monitor, on)
    rows = {(row["window"], row["column_name"]): row.asDict() for row in derived.frame.collect()}
    return rows, {(row["window"], row["column_name"]): row.asDict() for row in drifted.frame.collect()}, derived, drifted


def test_a_derived_metric_sees_aggregates_and_those_derived_before_it(windows: Any) -> None:
    rows = windows[0]

    assert (rows[1, "f1"]["root"], rows[1, "f1"]["twice"], rows[2, "f1"]["root"]) == (4.0, 8.0, 3.0)
    assert rows[1, ":table"]["root"] is None
    assert rows[1, "f1"]["odd"] is None
    assert [problem[:40] for problem in windows[2].problems] == ["custom metric 'odd' for column 'f1': [DI"]


def test_a_drift_metric_sees_the_row_of_the_window_and_of_the_one_it_is_compared_with(windows: Any) -> None:
    _, rows, _, drifted = windows

    assert rows[2, ":table"]["more_errors"] == 15
    assert rows[1, ":table"]["more_errors"] is None
    assert rows[2, "f1"]["more_errors"] is None
    assert drifted.frame.columns == ["window", "window_cmp", "column_name", "more_errors", "worse"]
    assert len(drifted.problems) == 1
    assert "'worse'" in drifted.problems[0]


def test_without_metrics_nothing_is_computed(spark: SparkSession) -> None:
    frame = spark.range(1)

    assert aggregate_metrics(frame, Monitor(table="answers", profile=Snapshot()), []).rows is None
    assert with_derived_metrics(frame, watch()).frame is frame
    assert with_drift_metrics(frame, frame, frame, watch(), []).frame is frame


@pytest.mark.parametrize(
    "definition",
    ["{{ ''.__class__.__mro__ }}", "{{ cycler.__init__.__globals__ }}", "{% for i in range(10 ** 9) %}1+{% endfor %}1"],
    ids=["classes", "globals", "endless"],
)
def test_a_template_reaches_nothing_but_its_parameters(definition: str) -> None:
    with pytest.raises(UnusableMetricError, match="custom metric 'sly'"):
        rendered(metric("aggregate", "sly", ":table", definition), ":table", LOG)


def test_a_snapshot_has_no_prediction_and_says_so() -> None:
    with pytest.raises(UnusableMetricError, match="'label_col' is undefined"):
        rendered(metric("aggregate", "hits", ":table", "count({{label_col}})"), ":table", Snapshot())

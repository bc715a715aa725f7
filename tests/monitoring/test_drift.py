"""State rows with Spark's own sketches in, the drift table out."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from scipy import stats

from goldlane.monitoring.distributions import NumericDistribution
from goldlane.monitoring.drift import drift_rows
from goldlane.monitoring.magnitudes import TRACKED, calibrated, magnitude_sql, magnitudes_of
from goldlane.monitoring.schemas import DRIFT_COLUMNS, ddl
from goldlane.monitoring.sketches import kll_distribution
from goldlane.monitoring.state import ITEMS_KEPT, KLL_K, STATE_COLUMNS
from goldlane.monitoring.statistics import aligned_shares, ks_statistic, population_stability_index, wasserstein_distance

BEFORE = np.random.default_rng(1).normal(0, 1, 20_000).round(6)
NOW = np.random.default_rng(2).normal(0.2, 1.2, 15_000).round(6)
HEAVY_BEFORE, HEAVY_NOW = (np.random.default_rng(seed).lognormal(0, 2, 100_000) * scale for seed, scale in ((3, 1.0), (4, 1.1)))
SKETCHED = {"before": BEFORE, "now": NOW, "few": BEFORE[:300], "one": BEFORE[:1], "heavy": HEAVY_BEFORE, "heavier": HEAVY_NOW}


@pytest.fixture(scope="module")
def sketches(spark: SparkSession) -> dict[str, Any]:
    """Sketches of each sample, and how many distinct values of it were met."""
    names = np.repeat(list(SKETCHED), [values.size for values in SKETCHED.values()])
    frame = spark.createDataFrame(pa.table({"sample": names, "value": np.concatenate(list(SKETCHED.values()))}))
    kll, hll = F.expr(f"kll_sketch_agg_double(value, {KLL_K})"), F.expr("hll_sketch_agg(cast(value AS STRING), 14)")
    bins = F.expr(f"approx_top_k({magnitude_sql('value')}, {ITEMS_KEPT}, {TRACKED})")
    kept = (kll.alias("kll"), hll.alias("hll"), bins.alias("bins"), F.hll_sketch_estimate(hll).alias("distinct"))
    return {row["sample"]: row for row in frame.groupBy("sample").agg(*kept).collect()}


@pytest.fixture(scope="module")
def state(spark: SparkSession, sketches: dict[str, Any]) -> DataFrame:
    """Two windows of three columns, and a baseline that is the first window."""
    base = {"rows": BEFORE.size, "changed": True, "log_type": "INPUT", "kind": "table", "column_name": ":table"}
    first, second = {"window": _window(1), "granularity": "1 day"}, {"window": _window(2), "granularity": "1 day", "rows": NOW.size}
    baseline = {"log_type": "BASELINE", "window": None, "granularity": None}
    rows: list[dict[str, Any]] = []
    for when, sample in ((first, "before"), (second, "now"), (baseline, "before")):
        rows.append(base | when)
        rows.append(base | when | _amount(sketches[sample], SKETCHED[sample]))
        rows.append(base | when | _country(sample))
    return _state(spark, rows).persist()


@pytest.fixture(scope="module")
def drift(state: DataFrame) -> list[dict[str, Any]]:
    return _drift_of(state, is_small=False)


def _drift_of(state: DataFrame, *, is_small: bool) -> list[dict[str, Any]]:
    return [row.asDict(recursive=True) for row in drift_rows(state, monitor_version=3, is_small=is_small).collect()]


def _window(day: int) -> str:
    return f"2026-01-0{day}T00:00:00Z/2026-01-0{day + 1}T00:00:00Z"


def _amount(sketch: Any, values: np.ndarray[Any, np.dtype[np.float64]]) -> dict[str, Any]:
    kept = {"kll": bytes(sketch["kll"]), "hll": bytes(sketch["hll"]), "mean": float(values.mean()), "finite": values.size, "nulls": 0}
    kept["items"] = [{"item": str(each["item"]), "count": each["count"]} for each in sketch["bins"]]
    return {"column_name": "amount", "kind": "numeric", "data_type": "double", "zeros": int((values == 0).sum())} | kept


def _country(sample: str) -> dict[str, Any]:
    rows = SKETCHED[sample].size
    german = rows // 2 if sample == "before" else rows // 4
    items = [{"item": "DE", "count": german}, {"item": "FR", "count": rows - german}]
    return {"column_name": "country", "kind": "categorical", "data_type": "string", "nulls": 0, "other": 0, "items": items}


def _bins(sketch: Any) -> dict[int, int]:
    return {each["item"]: each["count"] for each in sketch["bins"]}


def _state(spark: SparkSession, rows: list[dict[str, Any]]) -> DataFrame:
    columns = {**STATE_COLUMNS, "changed": "BOOLEAN"}
    told = ddl({**columns, "window": "STRING"})
    frame = spark.createDataFrame([tuple(row.get(name) for name in columns) for row in rows], told)
    parts = F.split("window", "/")
    window = F.when(
        F.col("window").isNotNull(), F.struct(parts[0].cast("timestamp").alias("start"), parts[1].cast("timestamp").alias("end"))
    )
    return frame.withColumn("window", window)


def _row(drift: list[dict[str, Any]], column: str, drift_type: str, day: int = 2) -> dict[str, Any]:
    (row,) = [row for row in drift if (row["column_name"], row["drift_type"], row["window"]["start"].day) == (column, drift_type, day)]
    return row


def test_the_columns_are_the_platforms_and_the_model_last(drift: list[dict[str, Any]]) -> None:
    assert list(drift[0]) == [*DRIFT_COLUMNS, "model_id"]
    assert len(DRIFT_COLUMNS) == 22


def test_each_column_and_the_table_has_a_row_beside_the_window_before_and_beside_the_baseline(drift: list[dict[str, Any]]) -> None:
    found = sorted((row["drift_type"], row["window"]["start"].day, row["column_name"]) for row in drift)

    names = (":table", "amount", "country")
    expected = [("BASELINE", day, name) for day in (1, 2) for name in names] + [("CONSECUTIVE", 2, name) for name in names]
    assert found == expected
    assert {row["monitor_version"] for row in drift} == {3}


def test_small_state_has_the_same_rows_without_a_worker_and_one_window_has_none(state: DataFrame, drift: list[dict[str, Any]]) -> None:
    alone = state.where("day(window.start) = 1 AND log_type = 'INPUT'")

    assert _rounded(_drift_of(state, is_small=True)) == _rounded(drift)
    assert _drift_of(alone, is_small=True) == []


def _rounded(rows: list[dict[str, Any]]) -> list[str]:
    """Twelve digits: of p-values that are worked out together, the last ones depend on how many there are."""
    return sorted(json.dumps(json.loads(json.dumps(row, default=str), parse_float=lambda digits: f"{float(digits):.12g}")) for row in rows)


def test_statistics_of_sketches_are_those_of_the_values(drift: list[dict[str, Any]]) -> None:
    row = _row(drift, "amount", "CONSECUTIVE")

    assert row["ks_test"]["statistic"] == pytest.approx(stats.ks_2samp(BEFORE, NOW).statistic, abs=0.003)
    assert row["wasserstein_distance"] == pytest.approx(stats.wasserstein_distance(BEFORE, NOW), rel=0.03)
    assert row["avg_delta"] == pytest.approx(NOW.mean() - BEFORE.mean())
    assert row["count_delta"] == NOW.size - BEFORE.size


def test_the_window_itself_as_baseline_does_not_drift(drift: list[dict[str, Any]]) -> None:
    (row,) = [
        row for row in drift if row["column_name"] == "amount" and row["drift_type"] == "BASELINE" and row["window"]["start"].day == 1
    ]

    assert row["ks_test"]["statistic"] == 0
    assert row["wasserstein_distance"] == 0
    assert (row["window_cmp"], row["population_stability_index"], row["percent_distinct_delta"]) == (None, 0, 0)


def test_categories_drift_by_their_counts(drift: list[dict[str, Any]]) -> None:
    row = _row(drift, "country", "CONSECUTIVE")

    assert row["tv_distance"] == pytest.approx(0.25)
    assert row["ks_test"] is None
    assert row["window_cmp"]["start"].day == 1


@pytest.mark.parametrize("sample", ["few", "one"])
def test_a_sketch_of_few_values_is_the_sample_itself(sketches: dict[str, Any], sample: str) -> None:
    distribution = kll_distribution(bytes(sketches[sample]["kll"]))

    assert distribution.points.tolist() == sorted(SKETCHED[sample].tolist())
    assert distribution.count == SKETCHED[sample].size


@pytest.mark.parametrize("before,now", [("before", "now"), ("heavy", "heavier")])
def test_state_is_as_exact_as_promised(sketches: dict[str, Any], before: str, now: str) -> None:
    exact = [NumericDistribution.of_values(SKETCHED[name]) for name in (before, now)]
    ours = [calibrated(kll_distribution(bytes(sketches[name]["kll"])), _bins(sketches[name])) for name in (before, now)]
    (of_rows, of_state) = (aligned_shares(*pair) for pair in (exact, ours))

    assert of_rows is not None
    assert of_state is not None
    assert ks_statistic(of_state) == pytest.approx(ks_statistic(of_rows), abs=0.003)
    assert population_stability_index(*ours) == pytest.approx(population_stability_index(*exact), abs=0.005)
    assert wasserstein_distance(of_state) == pytest.approx(wasserstein_distance(of_rows), rel=0.03)
    assert sketches[before]["distinct"] == pytest.approx(np.unique(SKETCHED[before]).size, rel=0.02)


def test_spark_counts_the_same_magnitudes_as_numpy(sketches: dict[str, Any]) -> None:
    bins, counts = np.unique(magnitudes_of(BEFORE), return_counts=True)

    counted = _bins(sketches["before"])

    assert counted == dict(zip(bins.tolist(), counts.tolist(), strict=True))


def test_a_sketch_of_many_values_knows_its_count_and_both_ends(sketches: dict[str, Any]) -> None:
    distribution = kll_distribution(bytes(sketches["before"]["kll"]))

    assert distribution.count == BEFORE.size
    assert (distribution.points[0], distribution.points[-1]) == (BEFORE.min(), BEFORE.max())

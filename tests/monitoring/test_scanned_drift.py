"""From rows to drift, by way of the state that a scan makes and a merge of it: heavy tails as scipy has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from pyspark.sql import functions as F
from scipy import stats

from goldlane.monitoring.columns import watched_columns
from goldlane.monitoring.drift import drift_rows
from goldlane.monitoring.granularities import granularity
from goldlane.monitoring.merging import coarser_state
from goldlane.monitoring.scanning import Cut, scanned_state
from goldlane.monitoring.windows import instant_us, start_us

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.slow

ROWS = 60_000
BEFORE, NOW = (np.random.default_rng(seed).lognormal(0, 2, ROWS) * scale for seed, scale in ((1, 1.0), (2, 1.1)))


@pytest.fixture(scope="module")
def drift(spark: SparkSession) -> dict[str, Any]:
    """Drift of the second of two days, whose state is merged from that of two hours each."""
    hours = [f"2026-01-0{day}T0{hour}:00:00" for day in (5, 6) for hour in (1, 2)]
    at = pa.array(np.repeat(np.array(hours, dtype="datetime64[us]"), ROWS // 2)).cast(pa.timestamp("us", "UTC"))
    rows = spark.createDataFrame(pa.table({"at": at, "amount": np.concatenate((BEFORE, NOW))}))
    column, hour = watched_columns(rows.schema)[0], granularity("1 hour")
    state = scanned_state(rows, Cut(log_type="INPUT", start=start_us(instant_us(column), hour), granularity=hour))
    days = coarser_state(state, granularity("1 day")).withColumn("changed", F.lit(True))
    (row,) = drift_rows(days, monitor_version=0).where("column_name = 'amount'").collect()
    return dict(row.asDict(recursive=True))


def test_the_distance_of_heavy_tails_is_scipys_within_three_percent(drift: dict[str, Any]) -> None:
    assert drift["wasserstein_distance"] == pytest.approx(stats.wasserstein_distance(BEFORE, NOW), rel=0.03)


def test_ks_is_scipys_within_three_thousandths(drift: dict[str, Any]) -> None:
    assert drift["ks_test"]["statistic"] == pytest.approx(stats.ks_2samp(BEFORE, NOW).statistic, abs=0.003)


def test_averages_and_counts_of_merged_windows_are_exact(drift: dict[str, Any]) -> None:
    assert drift["avg_delta"] == pytest.approx(NOW.mean() - BEFORE.mean())
    assert drift["count_delta"] == 0

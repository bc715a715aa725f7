"""Windows of up to four thousand values are told exactly, beside numpy and SciPy on the rows themselves."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

from goldlane.monitoring import Monitor, TimeSeries
from goldlane.monitoring.distributions import NumericDistribution
from goldlane.monitoring.metrics import QUANTILES
from goldlane.monitoring.statistics import population_stability_index

if TYPE_CHECKING:
    from conftest import Lake

pytestmark = pytest.mark.slow  # one refresh of two days, and of the week that is merged from them
ROWS, DAY_US = 2_000, 86_400_000_000
MONDAY = 20_003 * DAY_US
RANDOM = np.random.default_rng(7)
AMOUNTS = RANDOM.lognormal(0, 2, ROWS), RANDOM.lognormal(0.1, 2, ROWS)
KEYS = RANDOM.integers(0, 700, ROWS), RANDOM.integers(0, 1_400, ROWS)
WORDS = [[f"w{number}" for number in RANDOM.zipf(1.5, ROWS) % 300] for _ in range(2)]


@pytest.fixture(scope="module")
def told(lake: Lake) -> dict[str, Any]:
    """Profile rows by granularity, day and column, and drift between the days by column."""
    at = np.repeat([MONDAY, MONDAY + DAY_US], ROWS)
    columns = {"amount": np.concatenate(AMOUNTS), "key": np.concatenate(KEYS), "word": [*WORDS[0], *WORDS[1]]}
    lake.land("small", pa.table({"at": pa.array(at, pa.timestamp("us", "UTC")), **columns}))
    lake.refresh(Monitor(table="small", profile=TimeSeries(timestamp="at", granularities=("1 day", "1 week"))))
    return {
        "profile": {(row["granularity"], row["window"]["start"].day, row["column_name"]): row for row in lake.profile("small")},
        "drift": {row["column_name"]: row for row in lake.drift("small")},
    }


@pytest.mark.parametrize("granularity, values", [("1 day", AMOUNTS[0]), ("1 week", np.concatenate(AMOUNTS))], ids=["scanned", "merged"])
def test_quantiles_are_those_of_the_values(told: dict[str, Any], granularity: str, values: Any) -> None:
    row = told["profile"][granularity, 7, "amount"]

    ranks = np.arange(QUANTILES) / (QUANTILES - 1)
    assert row["quantiles"] == np.quantile(values, ranks, method="inverted_cdf").tolist()
    assert (row["min"], row["median"], row["max"]) == (values.min(), np.quantile(values, 0.5, method="inverted_cdf"), values.max())
    assert (row["avg"], row["stddev"]) == (pytest.approx(values.mean(), rel=1e-12), pytest.approx(values.std(ddof=1), rel=1e-12))


def test_up_to_fifteen_hundred_different_values_are_counted_exactly(told: dict[str, Any]) -> None:
    found = [told["profile"]["1 day", day, "key"]["distinct_count"] for day in (7, 8)]

    assert found == [np.unique(keys).size for keys in KEYS]
    assert told["profile"]["1 week", 7, "key"]["distinct_count"] == np.unique(np.concatenate(KEYS)).size


@pytest.mark.parametrize("granularity, words", [("1 day", WORDS[0]), ("1 week", [*WORDS[0], *WORDS[1]])], ids=["scanned", "merged"])
def test_frequent_items_are_the_most_frequent(told: dict[str, Any], granularity: str, words: list[str]) -> None:
    items = told["profile"][granularity, 7, "word"]["frequent_items"]

    counts = Counter(words)
    assert [item["count"] for item in items] == [count for _, count in counts.most_common(100)]
    assert all(counts[item["item"]] == item["count"] for item in items)


def test_numbers_drift_as_scipy_says_of_the_rows(told: dict[str, Any]) -> None:
    row, ks = told["drift"]["amount"], stats.ks_2samp(*AMOUNTS)

    assert row["ks_test"]["statistic"] == pytest.approx(ks.statistic, abs=1e-12)
    assert row["ks_test"]["pvalue"] == pytest.approx(stats.kstwo.sf(ks.statistic, round(ROWS / 2)), rel=1e-9)
    assert row["wasserstein_distance"] == pytest.approx(stats.wasserstein_distance(*AMOUNTS), rel=1e-9)
    of_rows = population_stability_index(*(NumericDistribution.of_values(values) for values in AMOUNTS))
    assert row["population_stability_index"] == pytest.approx(of_rows, rel=1e-9)


def test_words_drift_as_scipy_says_of_the_counts(told: dict[str, Any]) -> None:
    row, counts = told["drift"]["word"], [Counter(words) for words in WORDS]
    every = sorted(set(counts[0]) | set(counts[1]))
    before, now = (np.array([each[word] for word in every]) / ROWS for each in counts)

    assert row["tv_distance"] == pytest.approx(np.abs(before - now).sum() / 2, rel=1e-9)
    assert row["l_infinity_distance"] == pytest.approx(np.abs(before - now).max(), rel=1e-9)

"""How far statistics of state are from those of the rows: KS, PSI, Wasserstein and distinct counts, beside SciPy over all values.

    python benchmarks/drift_accuracy.py [--rows 1000000] [--seeds 3] [--memory 2g]

Two samples of each distribution, the second one changed, go through Spark's sketches as a monitor keeps them; the exact figures are of the
same values, in numpy. Printed is the largest error over the seeds: points for KS and PSI, percent for the other two.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from pyspark.sql import Column, SparkSession
from pyspark.sql import functions as F
from scipy import stats

from goldlane.monitoring.distributions import NumericDistribution
from goldlane.monitoring.magnitudes import TRACKED, calibrated, magnitude_sql
from goldlane.monitoring.sketches import kll_distribution
from goldlane.monitoring.state import HLL_LG_K, ITEMS_KEPT, KLL_K
from goldlane.monitoring.statistics import aligned_shares, ks_statistic, population_stability_index, wasserstein_distance
from goldlane.session import local_spark

Values = NDArray[np.float64]
Draw = Callable[[np.random.Generator, int], Values]

# Before, and now.
PAIRS: dict[str, tuple[Draw, Draw]] = {
    "normal, wider by a tenth": (lambda r, n: r.normal(0, 1, n), lambda r, n: r.normal(0.02, 1.1, n)),
    "normal around a billion": (lambda r, n: 1e9 + r.normal(0, 1, n), lambda r, n: 1e9 + r.normal(0.1, 1, n)),
    "uniform, shifted": (lambda r, n: r.uniform(0, 1, n), lambda r, n: r.uniform(0.05, 1.05, n)),
    "exponential, 1.2 times": (lambda r, n: r.exponential(1, n), lambda r, n: 1.2 * r.exponential(1, n)),
    "amounts in cents": (lambda r, n: r.lognormal(3.5, 0.8, n).round(2), lambda r, n: r.lognormal(3.6, 0.8, n).round(2)),
    "Poisson counts": (lambda r, n: r.poisson(4, n) * 1.0, lambda r, n: r.poisson(4.4, n) * 1.0),
    "a third zeros": (lambda r, n: r.exponential(1, n) * r.binomial(1, 0.67, n), lambda r, n: r.exponential(1, n) * r.binomial(1, 0.6, n)),
    "lognormal sigma 2, 1.1 times": (lambda r, n: r.lognormal(0, 2, n), lambda r, n: 1.1 * r.lognormal(0, 2, n)),
    "lognormal sigma 2, sigma 2.1": (lambda r, n: r.lognormal(0, 2, n), lambda r, n: r.lognormal(0, 2.1, n)),
    "Pareto 1.5, 1.1 times": (lambda r, n: r.pareto(1.5, n) + 1, lambda r, n: 1.1 * (r.pareto(1.5, n) + 1)),
    "Student t, 2 degrees": (lambda r, n: r.standard_t(2, n), lambda r, n: 1.1 * r.standard_t(2, n)),
}


def main() -> None:
    """Prints a row per pair of distributions."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--memory", default="2g")
    asked = parser.parse_args()
    spark = local_spark(**{"spark.driver.memory": asked.memory})
    errors = np.abs([_errors(spark, asked.rows, seed) for seed in range(asked.seeds)]).max(axis=0)
    print(f"{asked.rows} rows a side, k = {KLL_K}, {asked.seeds} seeds: the largest error")
    print("| distribution | KS | PSI | Wasserstein | by the sketch alone | distinct |\n|---|--:|--:|--:|--:|--:|")
    for name, (ks, psi, wasserstein, alone, distinct) in zip(PAIRS, errors, strict=True):
        print(f"| {name} | {ks:.4f} | {psi:.4f} | {wasserstein:.2f} % | {alone:.1f} % | {distinct:.2f} % |")


def _errors(spark: SparkSession, rows: int, seed: int) -> list[list[float]]:
    """Of each pair, in order: KS, PSI, Wasserstein, Wasserstein by the sketch alone, distinct."""
    sides = [[pair[side](np.random.default_rng([seed, side, place]), rows) for place, pair in enumerate(PAIRS.values())] for side in (0, 1)]
    states = [_states(spark, values) for values in sides]
    return [_errors_of(*both) for both in zip(*sides, *states, strict=True)]


def _errors_of(before: Values, now: Values, *states: Any) -> list[float]:
    sketched = [kll_distribution(bytes(state["kll"])) for state in states]
    merged = [_calibrated(state, sketch) for state, sketch in zip(states, sketched, strict=True)]
    exact, ours = _statistics(*map(NumericDistribution.of_values, (before, now))), _statistics(*merged)
    moved = stats.wasserstein_distance(before, now)
    return [
        ours[0] - stats.ks_2samp(before, now, method="asymp").statistic,
        ours[1] - exact[1],
        100 * (ours[2] / moved - 1),
        100 * (_statistics(*sketched)[2] / moved - 1),
        100 * (states[0]["distinct"] / np.unique(before).size - 1),
    ]


def _states(spark: SparkSession, columns: list[Values]) -> list[Any]:
    """What a monitor keeps of each column, by one pass over four parts that are merged."""
    with tempfile.TemporaryDirectory() as folder:
        table = pa.table({f"c{place}": values for place, values in enumerate(columns)})
        for part in range(4):
            rows = table.num_rows // 4
            pq.write_table(table.slice(part * rows, rows if part < 3 else None), f"{folder}/{part}.parquet")  # noqa: PLR2004  the last takes the rest
        kept = spark.read.parquet(folder).agg(*(_state(name).alias(name) for name in table.column_names)).collect()[0]
    return list(kept)


def _state(name: str) -> Column:
    return F.struct(
        F.expr(f"kll_sketch_agg_double({name}, {KLL_K})").alias("kll"),
        F.expr(f"approx_top_k({magnitude_sql(name)}, {ITEMS_KEPT}, {TRACKED})").alias("magnitudes"),
        F.hll_sketch_estimate(F.hll_sketch_agg(F.xxhash64(name), HLL_LG_K)).alias("distinct"),
    )


def _calibrated(state: Any, sketched: NumericDistribution) -> NumericDistribution:
    return calibrated(sketched, {each["item"]: each["count"] for each in state["magnitudes"]})


def _statistics(before: NumericDistribution, now: NumericDistribution) -> tuple[float, float, float]:
    aligned, index = aligned_shares(before, now), population_stability_index(before, now)
    if aligned is None or index is None:
        raise ValueError("a sample is empty")
    return ks_statistic(aligned), index, wasserstein_distance(aligned)


if __name__ == "__main__":
    main()

"""Windows compared one with the other, out of a stream of state rows: nothing is held but the window before and the baseline.

Which columns are compared by which statistics is decided by their kind alone, as on the platform: numbers (integers too, however few
their values) by KS, Wasserstein and PSI; strings and Booleans by chi-squared, total variation, l-infinity and Jensen-Shannon; dates,
timestamps and everything nested by their counts only. A code that is stored as a number is compared as one: cast it to a string.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np

from goldlane.monitoring.columns import TABLE_ROW
from goldlane.monitoring.deltas import deltas, non_null_columns_delta
from goldlane.monitoring.distributions import CategoricalDistribution, NumericDistribution
from goldlane.monitoring.schemas import BASELINE, CONSECUTIVE
from goldlane.monitoring.statistics import (
    aligned_counts,
    aligned_shares,
    chi_squared_test,
    jensen_shannon,
    ks_pvalues,
    ks_statistic,
    l_infinity,
    population_stability_index,
    total_variation,
    wasserstein_distance,
)
from goldlane.monitoring.window_states import WindowState, window_states

if TYPE_CHECKING:
    import pyarrow as pa

Window = dict[str, WindowState]
Row = dict[str, Any]
_SLICE = ("slice_key", "slice_value")
_SERIES = (*_SLICE, "log_type", "model_id", "granularity")


def compared(batches: Iterable[pa.RecordBatch]) -> Iterator[Row]:
    """A row of drift for each column of each window marked ``changed``, or after one that is.

    ``batches`` are whole slices, sorted by slice, with the baseline first, then by model, granularity, window; grain of the rows as the
    drift table, with ``model_id``. The p-values of the KS tests are left to ``with_pvalues``.
    """
    states = (state for batch in batches for state in window_states(batch))
    baseline: tuple[Any, Window] = (None, {})
    for series, rows in groupby(states, key=lambda state: _values(state, _SERIES)):
        windows = (_window(each) for _, each in groupby(rows, key=lambda state: state.facts["window"]))
        if series[2] == BASELINE:
            baseline = (series[:2], next(windows))
        else:
            yield from _drift_of_series(windows, baseline[1] if baseline[0] == series[:2] else {})


def _drift_of_series(windows: Iterator[Window], baseline: Window) -> Iterator[Row]:
    before: Window = {}
    for now in windows:
        changed = _is_changed(now)
        if before and (changed or _is_changed(before)):
            yield from _drift(before, now, CONSECUTIVE)
        if baseline and changed:
            yield from _drift(baseline, now, BASELINE)
        before = now


def _drift(reference: Window, current: Window, drift_type: str) -> Iterator[Row]:
    for column, now in current.items():
        if column not in reference:
            continue
        row = _heading(now, reference[column], drift_type) | deltas(reference[column], now)
        if column == TABLE_ROW:
            row["non_null_columns_delta"] = non_null_columns_delta(reference.values(), current.values())
        yield row | _statistics(reference[column], now)


def _statistics(reference: WindowState, current: WindowState) -> Row:
    before, now = reference.distribution, current.distribution
    if isinstance(before, NumericDistribution) and isinstance(now, NumericDistribution):
        return _numeric(before, now)
    if isinstance(before, CategoricalDistribution) and isinstance(now, CategoricalDistribution):
        return _categorical(before, now)
    return {}


def _numeric(before: NumericDistribution, now: NumericDistribution) -> Row:
    aligned = aligned_shares(before, now)
    if aligned is None:
        return {}
    return {
        "ks_test": {"statistic": ks_statistic(aligned), "pvalue": aligned.counts},
        "wasserstein_distance": wasserstein_distance(aligned),
        "population_stability_index": population_stability_index(before, now),
    }


def _categorical(before: CategoricalDistribution, now: CategoricalDistribution) -> Row:
    aligned = aligned_counts(before, now)
    if aligned is None:
        return {}
    chi_squared = chi_squared_test(aligned)
    return {
        "chi_squared_test": {"statistic": chi_squared.statistic, "pvalue": chi_squared.pvalue},
        "tv_distance": total_variation(aligned),
        "l_infinity_distance": l_infinity(aligned),
        "js_distance": jensen_shannon(aligned),
    }


def with_pvalues(rows: list[Row]) -> list[Row]:
    """The same rows, the p-values of their KS tests worked out together: one at a time is half of all the work."""
    tests = [row["ks_test"] for row in rows if "ks_test" in row]
    if tests:
        statistics = np.array([test["statistic"] for test in tests])
        pvalues = ks_pvalues(statistics, np.array([test["pvalue"] for test in tests], dtype=np.float64))
        for test, pvalue in zip(tests, pvalues.tolist(), strict=True):
            test["pvalue"] = pvalue
    return rows


def _heading(now: WindowState, reference: WindowState, drift_type: str) -> Row:
    copied = ("window", "granularity", *_SLICE, "column_name", "data_type", "model_id")
    window_cmp = None if drift_type == BASELINE else reference.facts["window"]
    return {name: now.facts[name] for name in copied} | {"window_cmp": window_cmp, "drift_type": drift_type}


def _window(states: Iterable[WindowState]) -> Window:
    return {state.column: state for state in states}


def _is_changed(window: Window) -> bool:
    return any(state.facts["changed"] for state in window.values())


def _values(state: WindowState, names: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(state.facts[name] for name in names)

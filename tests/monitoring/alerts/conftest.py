"""Rows of the two metric tables, written by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any, TypeAlias

import pytest

from goldlane.monitoring import AlertRule, Monitor, TimeSeries
from goldlane.monitoring.alerts import MetricRows

Row: TypeAlias = "dict[str, Any]"
FIRST = datetime(2026, 1, 1, tzinfo=timezone.utc)


def window(number: float) -> dict[str, datetime]:
    return {"start": FIRST + timedelta(days=number), "end": FIRST + timedelta(days=number + 1)}


def _row(number: int, column: str, values: Row) -> Row:
    about = {"granularity": "1 day", "monitor_version": 0, "slice_key": None, "slice_value": None, "column_name": column}
    return {"window": window(number), **about, **values}


class Metrics:
    """Metric rows of days: ``day(3, rows=1000)`` is the row about all columns, ``column(...)`` and ``drift(...)`` those of one."""

    def __init__(self) -> None:
        self.profile: list[Row] = []
        self.drifts: list[Row] = []

    def day(self, number: int, rows: int = 1000, columns: Sequence[str] = ("amount",), **values: Any) -> Metrics:
        row = {"log_type": "INPUT", "count": rows, "non_null_columns": list(columns), **values}
        self.profile.append(_row(number, ":table", row))
        return self

    def column(self, number: int, name: str = "amount", count: int = 1000, nulls: int = 0, **values: Any) -> Metrics:
        share = 100 * nulls / (count + nulls) if count + nulls else None
        row = {"log_type": "INPUT", "count": count, "num_nulls": nulls, "percent_null": share, "stddev": 1.0, "percent_zeros": 0.0}
        self.profile.append(_row(number, name, {**row, "percent_distinct": 1.0, **values}))
        return self

    def drift(self, number: int, name: str = "amount", **values: Any) -> Metrics:
        compared = {"window_cmp": window(number - 1), "drift_type": "CONSECUTIVE", "count_delta": 0}
        self.drifts.append(_row(number, name, {**compared, **values}))
        return self

    def ks(self, statistics: Iterable[float], **values: Any) -> Metrics:
        """One day per statistic of ``amount``, from the second day on."""
        self.day(0).column(0)
        for number, statistic in enumerate(statistics, start=1):
            self.day(number).column(number).drift(number, ks_test={"statistic": statistic, "pvalue": 0.0}, **values)
        return self

    @property
    def rows(self) -> MetricRows:
        return MetricRows(profile=tuple(self.profile), drift=tuple(self.drifts), timestamp="at")

    @property
    def end(self) -> datetime:
        """When the newest window is over."""
        return max((row["window"]["end"] for row in self.profile), default=FIRST)


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def watched() -> Callable[..., Monitor]:
    """A monitor of ``payments`` by the day, with these rules and sinks."""

    def monitor(*rules: AlertRule, sinks: Sequence[Any] = ()) -> Monitor:
        return Monitor(table="payments", profile=TimeSeries(timestamp="at", granularities=("1 day",)), alerts=rules, sinks=tuple(sinks))

    return monitor

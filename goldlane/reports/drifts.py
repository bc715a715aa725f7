"""How far the columns of a monitored table drifted, out of its two metric tables: read by delta-rs, as Goldlane or the platform wrote them.

No value of a row comes along: distributions are shares of tenths, or of the most frequent values by their rank.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from goldlane.errors import GoldlaneError
from goldlane.features.delta_files import ask, open_delta
from goldlane.features.online.catalogue import Drift
from goldlane.monitoring.alerts.measures import LIMITS, Measure
from goldlane.monitoring.schemas import BASELINE, CONSECUTIVE
from goldlane.reports.distributions import Profiled, compared

_WINDOWS = 30
_MEASURES = {"population_stability_index": Measure.PSI, "js_distance": Measure.JS}
_DRIFT = """
SELECT column_name, granularity, drift_type, window['start'] AS start, window_cmp['start'] AS against,
       population_stability_index, js_distance
FROM gold WHERE slice_key IS NULL AND column_name <> ':table'
"""
_PROFILE = """
SELECT column_name, granularity, log_type, window['start'] AS start, count, quantiles, frequent_items
FROM gold WHERE slice_key IS NULL AND column_name <> ':table'
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftSheet:
    """What is shown of one monitored table, the columns that drifted most first. ``problem`` says why its metrics cannot be read.

    ``ended`` is the start of the newest window of a table that nobody monitors any more; what was measured of it then is not told.
    """

    table: str
    granularity: str | None = None
    drifts: tuple[Drift, ...] = ()
    problem: str | None = None
    ended: datetime | None = None

    @property
    def drifted(self) -> int:
        """How many columns drifted."""
        return sum(one.has_drifted for one in self.drifts)

    @property
    def told(self) -> str:
        """The sheet in a line."""
        if self.ended is not None:
            return f"no longer monitored; the newest window that was compared began at {self.ended:%Y-%m-%d %H:%M} UTC"
        if self.problem is not None or not self.drifts:
            return self.problem or "monitored; nothing to compare yet"
        named = ", ".join(f"{one.feature} ({one.measure} {one.value:.3g})" for one in self.drifts if one.has_drifted)
        return f"{self.drifted} of {len(self.drifts)} columns drifted" + (f": {named}" if named else "")


def drift_sheet(folder: Path, name: str, *, is_monitored: bool = True) -> DriftSheet | None:
    """The drift of the table in ``folder``, in its finest windows; None where nobody ever monitored it.

    Where ``is_monitored`` says that nobody does now, metric tables are what is left: only when they end is told.
    """
    if not has_metrics(folder):
        return None
    drift, profile = _places(folder)
    try:
        rows = list(_rows(drift, f"{name}_drift_metrics", _DRIFT))
        profiled = list(_rows(profile, f"{name}_profile_metrics", _PROFILE)) if rows else []
    except GoldlaneError as error:
        return DriftSheet(table=name, problem=error.message)
    if not is_monitored:
        return DriftSheet(table=name, ended=max(row["start"] for row in rows)) if rows else None
    granularity = _finest(rows)
    chosen = [row for row in rows if row["granularity"] == granularity]
    profiles = _profiles(row for row in profiled if row["granularity"] in (granularity, None))
    drifts = [found for column in dict.fromkeys(row["column_name"] for row in chosen) if (found := _drift(column, chosen, profiles))]
    return DriftSheet(table=name, granularity=granularity, drifts=tuple(sorted(drifts, key=_badness)))


def has_metrics(folder: Path) -> bool:
    """Whether a metric table lies beside the table in ``folder``."""
    return any((place / "_delta_log").is_dir() for place in _places(folder))


def _places(folder: Path) -> tuple[Path, Path]:
    return folder.with_name(f"{folder.name}_drift_metrics"), folder.with_name(f"{folder.name}_profile_metrics")


def _rows(place: Path, name: str, sql: str) -> Iterator[dict[str, Any]]:
    for batch in ask(open_delta(place, name), sql):
        yield from batch.to_pylist()


def _finest(rows: Iterable[Mapping[str, Any]]) -> str | None:
    """The granularity with the most windows."""
    windows: dict[str | None, set[datetime]] = {}
    for row in rows:
        windows.setdefault(row["granularity"], set()).add(row["start"])
    return max(windows, key=lambda name: len(windows[name]), default=None)


def _profiles(rows: Iterable[Mapping[str, Any]]) -> dict[tuple[str, datetime | None], Profiled]:
    """By column and window; None is the baseline. Of several models, the one with the most rows speaks for the window."""
    found: dict[tuple[str, datetime | None], Profiled] = {}
    for row in rows:
        key = row["column_name"], None if row["log_type"] == BASELINE else row["start"]
        told = Profiled(count=row["count"] or 0, quantiles=tuple(row["quantiles"] or ()), items=_items(row["frequent_items"]))
        if key not in found or found[key].count < told.count:
            found[key] = told
    return found


def _items(items: Sequence[Mapping[str, Any]] | None) -> tuple[tuple[str, int], ...]:
    return tuple((item["item"], item["count"]) for item in items or ())


def _drift(column: str, rows: Iterable[Mapping[str, Any]], profiles: Mapping[tuple[str, datetime | None], Profiled]) -> Drift | None:
    """The column's newest drift and that of the windows before: from the baseline where there is one, else from window to window."""
    own = [row for row in rows if row["column_name"] == column]
    kind = BASELINE if any(row["drift_type"] == BASELINE for row in own) else CONSECUTIVE
    column_of = next((name for name in _MEASURES if any(row[name] is not None for row in own if row["drift_type"] == kind)), None)
    if column_of is None:
        return None
    by_window: dict[datetime, Mapping[str, Any]] = {}
    for row in sorted((row for row in own if row["drift_type"] == kind and row[column_of] is not None), key=lambda row: row[column_of]):
        by_window[row["start"]] = row
    windows = sorted(by_window)[-_WINDOWS:]
    newest = by_window[windows[-1]]
    before = profiles.get((column, None if kind == BASELINE else newest["against"]))
    shares = compared(profiles.get((column, windows[-1])), before)
    return Drift(
        feature=column,
        measure=_MEASURES[column_of].value,
        value=newest[column_of],
        limit=LIMITS[_MEASURES[column_of]],
        at=windows[-1],
        since=windows[0],
        compared="the baseline" if kind == BASELINE else "the window before",
        trend=tuple(by_window[window][column_of] for window in windows),
        now=shares[0],
        before=shares[1],
    )


def _badness(drift: Drift) -> tuple[float, str]:
    return -drift.value / (drift.limit or 1.0), drift.feature

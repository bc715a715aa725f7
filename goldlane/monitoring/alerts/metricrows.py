"""The rows of the two metric tables, found again by what they are about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, TypeAlias

from goldlane.monitoring.columns import TABLE_ROW
from goldlane.monitoring.schemas import BASELINE, CONSECUTIVE, INPUT

Row: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """From ``start`` up to, and without, ``end``; both the same instant for a snapshot."""

    start: datetime
    end: datetime

    @property
    def width(self) -> timedelta:
        """Nothing for a snapshot."""
        return self.end - self.start


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What an observation is about. ``column`` is ``:table`` for all rows; ``against`` is what a drift was measured against."""

    granularity: str | None = None
    slice_key: str | None = None
    slice_value: str | None = None
    model_id: str | None = None
    column: str = TABLE_ROW
    against: str | None = None

    @property
    def place(self) -> str:
        """For a person: the column and whatever narrows it down."""
        where = [] if self.column == TABLE_ROW else [f"column {self.column}"]
        where += [f"where {self.slice_key} = {self.slice_value}"] if self.slice_key is not None else []
        where += [f"of model {self.model_id}"] if self.model_id is not None else []
        return ", ".join(where) or "the table"


@dataclass(frozen=True, kw_only=True)
class MetricRows:
    """What a monitor wrote. ``timestamp`` and ``model_id`` name the columns that its declaration calls so."""

    profile: Sequence[Row]
    drift: Sequence[Row] = ()
    timestamp: str | None = None
    model_id: str | None = None

    @cached_property
    def profiles(self) -> Mapping[tuple[Subject, datetime], Row]:
        """The profile rows of the watched table, by what they are about and when their windows start; of the newest monitor version."""
        rows = sorted((row for row in self.profile if row.get("log_type", INPUT) == INPUT), key=_version)
        return {(self.subject(row), window_of(row).start): row for row in rows}

    @cached_property
    def baselines(self) -> Mapping[Subject, Row]:
        """The profile rows of the baseline table; they have no granularity and no model."""
        rows = sorted((row for row in self.profile if row.get("log_type", INPUT) == BASELINE), key=_version)
        return {replace(self.subject(row), granularity=None, model_id=None): row for row in rows}

    @cached_property
    def drifts(self) -> Mapping[tuple[Subject, datetime], Row]:
        """The drift rows, likewise; ``against`` tells the two drift types apart."""
        return {(self.subject(row), window_of(row).start): row for row in sorted(self.drift, key=_version)}

    @cached_property
    def series(self) -> Mapping[Subject, Sequence[Row]]:
        """The rows about all columns (``:table``), of each slice and model in the order of their windows."""
        found: dict[Subject, list[Row]] = {}
        for (subject, _), row in sorted(self.profiles.items(), key=lambda item: item[0][1]):
            if subject.column == TABLE_ROW:
                found.setdefault(subject, []).append(row)
        return found

    @cached_property
    def sliced(self) -> Mapping[Subject, frozenset[datetime]]:
        """When the windows start in which any value of a slicing expression has rows, by its subject without a value."""
        found: dict[Subject, set[datetime]] = {}
        for subject, rows in self.series.items():
            found.setdefault(replace(subject, slice_value=None), set()).update(window_of(row).start for row in rows)
        return {subject: frozenset(starts) for subject, starts in found.items()}

    @cached_property
    def finest(self) -> str | None:
        """The granularity with the narrowest windows."""
        widths = {row.get("granularity"): window_of(row).width for row in self.profiles.values()}
        return min(widths, key=lambda name: widths[name], default=None)

    @cached_property
    def compared(self) -> str:
        """What drift is measured against, where a rule does not say: the baseline when there is one."""
        return BASELINE if any(row.get("drift_type") == BASELINE for row in self.drift) else CONSECUTIVE

    def profile_of(self, subject: Subject, start: datetime) -> Row | None:
        """The profile row behind a drift row."""
        plain = self._plain.get(subject)
        if plain is None:
            plain = self._plain[subject] = replace(subject, against=None)
        return self.profiles.get((plain, start))

    @cached_property
    def _plain(self) -> dict[Subject, Subject]:
        """Subjects of drift without what it was measured against: made once, for there is a drift row for each window."""
        return {}

    def reference_of(self, subject: Subject, row: Row) -> Row | None:
        """The profile row that a drift row was compared with, where it is known."""
        if subject.against == BASELINE:
            return self.baselines.get(replace(subject, against=None, granularity=None, model_id=None))
        compared = row.get("window_cmp")
        return None if compared is None else self.profile_of(subject, compared["start"])

    def subject(self, row: Row) -> Subject:
        """What a row is about."""
        model = None if self.model_id is None else row.get(self.model_id, row.get("model_id"))
        return Subject(
            granularity=row.get("granularity"),
            slice_key=row.get("slice_key"),
            slice_value=row.get("slice_value"),
            model_id=None if model is None else str(model),
            column=row["column_name"],
            against=row.get("drift_type"),
        )


def window_of(row: Row) -> Window:
    """The window of a row; a baseline's, which has none, is all times."""
    window = row.get("window")
    return _ALWAYS if window is None or window["start"] is None else Window(start=window["start"], end=window["end"])


def gaps(rows: Sequence[Row]) -> Iterator[tuple[Row, Window | None]]:
    """Each row with the time without any row before it; windows in which nothing happened have no row."""
    before: Window | None = None
    for row in rows:
        window = window_of(row)
        empty = before is not None and before.width and window.start > before.end
        yield row, Window(start=before.end, end=window.start) if before is not None and empty else None
        before = window


def _version(row: Row) -> int:
    return int(row.get("monitor_version") or 0)


_ALWAYS = Window(start=datetime.min, end=datetime.max)  # noqa: DTZ901  never compared with another

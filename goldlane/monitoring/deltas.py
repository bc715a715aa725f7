"""How counts and averages moved between two windows: the part of drift that needs no distribution, so it survives a change of type."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from goldlane.monitoring.columns import TABLE_ROW
from goldlane.monitoring.window_states import WindowState


def deltas(reference: WindowState, current: WindowState) -> dict[str, Any]:
    """Now less then; percentages in points from -100 to 100. NULL where one of the two is."""
    return {
        "count_delta": current.count - reference.count,
        "avg_delta": _difference(reference.mean, current.mean),
        "percent_null_delta": _difference(reference.percent("nulls", of="rows"), current.percent("nulls", of="rows")),
        "percent_zeros_delta": _difference(reference.percent("zeros"), current.percent("zeros")),
        "percent_distinct_delta": _difference(reference.percent("distinct"), current.percent("distinct")),
    }


def non_null_columns_delta(reference: Iterable[WindowState], current: Iterable[WindowState]) -> dict[str, int]:
    """How many columns got their first value, and how many have none any more."""
    before, now = _with_values(reference), _with_values(current)
    return {"added": len(now - before), "missing": len(before - now)}


def _with_values(states: Iterable[WindowState]) -> set[str]:
    return {state.column for state in states if state.column != TABLE_ROW and state.count}


def _difference(before: float | None, now: float | None) -> float | None:
    return None if before is None or now is None else now - before

"""Alert rules as data: what is measured, where, from which size on, and after how many windows a person is told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum
from fnmatch import fnmatchcase
from typing import Any

from goldlane.expectations.predicate import predicate_mistakes
from goldlane.monitoring.alerts.measures import LIMITS, VOLUME_BELOW, Measure
from goldlane.monitoring.errors import MonitorDeclarationError
from goldlane.monitoring.schemas import BASELINE, CONSECUTIVE

_AGAINST = (CONSECUTIVE, BASELINE)
_TABLES = ("profile", "drift")
_LOWEST_CHANCE = 1e-15


class Severity(str, Enum):
    """How loudly an alert is told."""

    WARNING = "warning"
    CRITICAL = "critical"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRule:
    """A window is bad when its ``measure`` is ``above`` a limit, and above what chance alone gives.

    Where: ``columns`` and ``except_columns`` are patterns (``*``, ``amount*``; no ``columns`` means all). ``slices`` are patterns of
    ``key`` or ``key=value``; none means the whole table only. ``granularities``: none means the monitor's finest. ``against``:
    ``BASELINE`` or ``CONSECUTIVE``; None means the baseline where there is one. ``table``: the metric table that a ``predicate`` is about.

    How large: ``above`` None takes the measure's own limit; ``below`` is for volume. Windows with fewer than ``min_rows`` values, on either
    side, are not judged. A drift counts only where samples of one and the same distribution would show as much with a probability
    below ``chance``.

    When: an alert is opened once ``bad`` of the last ``of`` judged windows are bad, and resolved after ``good`` good ones in a row.

    Raises:
        MonitorDeclarationError: all mistakes at once.
    """

    name: str
    measure: Measure
    above: float | None = None
    below: float | None = None
    predicate: str | None = None
    table: str = "profile"
    columns: tuple[str, ...] = ()
    except_columns: tuple[str, ...] = ()
    slices: tuple[str, ...] = ()
    granularities: tuple[str, ...] = ()
    against: str | None = None
    min_rows: int = 100
    chance: float = 1e-9
    bad: int = 1
    of: int = 1
    good: int = 2
    severity: Severity = Severity.WARNING
    why: str = ""

    def __post_init__(self) -> None:
        for several in ("columns", "except_columns", "slices", "granularities"):
            given = getattr(self, several)
            object.__setattr__(self, several, (given,) if isinstance(given, str) else tuple(given))
        mistakes = [*_word_mistakes(self), *_number_mistakes(self)]
        if mistakes:
            raise MonitorDeclarationError(f"alert rule {self.name!r}", mistakes)
        object.__setattr__(self, "measure", Measure(self.measure))
        object.__setattr__(self, "severity", Severity(self.severity))

    @staticmethod
    def defaults(*, without: tuple[str, ...] = (), **changes: Any) -> tuple[AlertRule, ...]:
        """Rules that are silent on stable data, and find a change worth a look within one window.

        ``without`` leaves rules out by name; ``changes`` are fields that all of them get, such as ``except_columns`` or ``slices``.

        Raises:
            MonitorDeclarationError: ``without`` names a rule that is none of them, or a field is wrong.
        """
        names = [rule.name for rule in _DEFAULTS]
        unknown = [f"there is no default rule {name!r}; they are {', '.join(names)}" for name in without if name not in names]
        if unknown:
            raise MonitorDeclarationError("AlertRule.defaults", unknown)
        return tuple(replace(rule, **changes) for rule in _DEFAULTS if rule.name not in without)

    @property
    def limit(self) -> float | None:
        """The size from which on a window is bad; None where only the window's width tells (freshness)."""
        return LIMITS.get(self.measure) if self.above is None else self.above

    @property
    def lower_limit(self) -> float | None:
        """The volume below which a window is bad; None for other measures."""
        if self.measure is not Measure.VOLUME:
            return None
        return VOLUME_BELOW if self.below is None else self.below

    def is_about_column(self, name: str) -> bool:
        """Whether the rule looks at a column; names are compared without case."""
        lower = name.lower()
        excepted = any(fnmatchcase(lower, pattern.lower()) for pattern in self.except_columns)
        return not excepted and any(fnmatchcase(lower, pattern.lower()) for pattern in self.columns or ("*",))

    def is_about_slice(self, key: str | None, value: str | None) -> bool:
        """Whether the rule looks at a slice; the whole table is always looked at."""
        if key is None:
            return True
        return any(fnmatchcase(key, pattern) or fnmatchcase(f"{key}={value}", pattern) for pattern in self.slices)


def _word_mistakes(rule: AlertRule) -> Iterator[str]:
    if not isinstance(rule.name, str) or not rule.name.strip():
        yield "the name is empty; it stands in every message"
    if rule.measure not in set(Measure):
        yield f"unknown measure {rule.measure!r}; it is one of {', '.join(Measure)}"
    if rule.severity not in set(Severity):
        yield f"unknown severity {rule.severity!r}; it is one of {', '.join(Severity)}"
    if rule.against not in (None, *_AGAINST):
        yield f"against is {', '.join(_AGAINST)} or None, not {rule.against!r}"
    if rule.measure == Measure.CUSTOM:
        if rule.table not in _TABLES:
            yield f"table is {' or '.join(_TABLES)}, not {rule.table!r}"
        yield from (f"predicate: {mistake}" for mistake in predicate_mistakes(rule.predicate or ""))
    elif rule.predicate is not None:
        yield f"a predicate is for measure 'custom', not {str(rule.measure)!r}"


def _number_mistakes(rule: AlertRule) -> Iterator[str]:
    for name in ("above", "below"):
        value = getattr(rule, name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, (int, float)) or not value >= 0):
            yield f"{name} must be a number from 0 on, not {value!r}"
    if rule.below is not None and rule.measure != Measure.VOLUME:
        yield "below is for measure 'volume'; the others are only ever too large"
    wrong = [name for name in ("min_rows", "bad", "of", "good") if not _is_count(getattr(rule, name))]
    yield from (f"{name} must be a whole number from 1 on, not {getattr(rule, name)!r}" for name in wrong)
    if not {"bad", "of"} & set(wrong) and rule.bad > rule.of:
        yield f"{rule.bad} bad windows of the last {rule.of} can never be; of must be at least bad"
    if rule.measure == Measure.FRESHNESS and "of" not in wrong and rule.of > 1:
        yield "freshness is one look at the newest window: bad and of are 1, and above says how late is too late"
    if not isinstance(rule.chance, float) or not _LOWEST_CHANCE <= rule.chance < 1:
        yield f"chance must be between {_LOWEST_CHANCE} and 1, not {rule.chance!r}"


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


_DEFAULTS = (
    AlertRule(name="numbers_shifted", measure=Measure.KS, why="The values of a column are no longer spread as they were."),
    AlertRule(name="numbers_reshaped", measure=Measure.PSI, why="Parts of a column's range hold other shares of rows than they did."),
    AlertRule(name="values_changed", measure=Measure.JS, why="Values came, went, or are more or less frequent than they were."),
    AlertRule(name="nulls_rose", measure=Measure.NULL_RISE, why="A source stopped to fill a column."),
    AlertRule(name="zeros_rose", measure=Measure.ZERO_RISE, why="Zero often means that a value was not known."),
    AlertRule(name="columns_missing", measure=Measure.MISSING_COLUMNS, why="A column that held values holds none."),
    AlertRule(name="volume", measure=Measure.VOLUME, why="Rows were lost, or came twice."),
    AlertRule(name="freshness", measure=Measure.FRESHNESS, good=1, why="No new rows: something before this table stands still."),
)

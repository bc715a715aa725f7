"""What can be wrong with the events that windows look at, as rules: counted by a pipeline, or by hand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from goldlane.expectations import Rule, Rules
from goldlane.expectations.literal import quoted_name
from goldlane.features.rolling import Rolling
from goldlane.features.window_checks import refuse, wrong_moment


def window_rules(rolling: Sequence[Rolling], *, keys: Sequence[str] | str, time: str, until: datetime | None = None) -> Rules:
    """The rules that an event breaks when windows leave it, or one of its values, out: ``dlt.expect_all(window_rules(...).warn)``.

    A time that is there and not after ``until`` (default: now), keys that are there, values that are finite where a window aggregates them.
    ``count_broken(events, rules)`` counts them outside a pipeline.

    Raises:
        WindowError: ``until`` has no time zone.
    """
    refuse("window rules", wrong_moment("until", until))
    return Rules(*_present((keys,) if isinstance(keys, str) else keys, time), _past(time, until), *_finite(rolling))


def _present(keys: Sequence[str], time: str) -> Iterator[Rule]:
    why = "The event counts for nobody and has no features."
    for name in (*keys, time):
        yield Rule(name=f"{_word(name)}_is_present", predicate=f"{quoted_name(name)} IS NOT NULL", why=why)


def _past(time: str, until: datetime | None) -> Rule:
    newest = "current_timestamp()" if until is None else f"TIMESTAMP'{until.isoformat(sep=' ')}'"
    why = "A clock is wrong; with_rolling_features(until=...) leaves such events out."
    return Rule(name=f"{_word(time)}_is_past", predicate=f"{quoted_name(time)} <= {newest}", or_null=True, why=why)


def _finite(rolling: Sequence[Rolling]) -> Iterator[Rule]:
    for name in dict.fromkeys(window.column for window in rolling if window.column is not None):
        # As text, for the column may be of any type; of one that has no NaN, the first half is decided before a row is read.
        odd = f"CAST({quoted_name(name)} AS STRING) IN ('NaN', 'Infinity', '-Infinity')"
        predicate = f"typeof({quoted_name(name)}) NOT IN ('float', 'double') OR NOT {odd}"
        why = "The value is NULL to every window; windows over it are NULL for its own event."
        yield Rule(name=f"{_word(name)}_is_finite", predicate=predicate, or_null=True, why=why)


def _word(name: str) -> str:
    return re.sub(r"\W", "_", name)

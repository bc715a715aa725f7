"""Features as text for a prompt: few words, and none of them leaves open what is known."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from goldlane.features.online.json_values import as_text, with_plain_numbers

if TYPE_CHECKING:
    from goldlane.features.declarations import Feature, FeatureTable

_STEPS = ((86_400, "days"), (3_600, "h"), (60, "min"), (1, "s"))
_EXACT_FROM = 1_000
# Unicode's own ends of lines, which JSON lets stand in text.
_LINE_ENDS = {ord(end): f"\\u{ord(end):04x}" for end in "\x85\u2028\u2029"}


class Known(Protocol):
    """What an answer or a context knows: a feature's value by its name, and how far to trust it."""

    @property
    def as_of(self) -> datetime | None: ...  # noqa: D102  as in Answer
    @property
    def age_s(self) -> float | None: ...  # noqa: D102  as in Answer
    @property
    def missing(self) -> tuple[str, ...]: ...  # noqa: D102  as in Answer
    @property
    def expired(self) -> bool: ...  # noqa: D102  as in Answer


def told(table: FeatureTable, known: Known) -> str:
    """The entity and the age of what is known about it, then a line per feature; sensitive values are withheld."""
    entity = ", ".join(f"{key}={_quoted(getattr(known, key))}" for key in table.keys)
    if known.as_of is None or known.age_s is None:
        return f"{table.name} of {entity}: nothing is known of this entity. Do not guess."
    head = f"{table.name} of {entity}, known since {instant(known.as_of)} ({age(known.age_s)} ago)"
    if known.expired:
        return f"{head}: expired, too old to be told. Nothing newer is known."
    return "\n".join([f"{head}:", *_lines(table, known)])


def plain(value: object) -> Any:
    """A value in JSON's own types, as short as it stays useful: six digits of a fraction, at least the cents of a larger number.

    Decimals are text, times ISO 8601 in whole seconds, bytes hexadecimal digits, and what is no finite number is named.
    """
    if isinstance(value, float):
        return _short(value) if math.isfinite(value) else with_plain_numbers({"": value})[""]
    if isinstance(value, datetime):
        return instant(value)
    return value if value is None or isinstance(value, (str, int)) else as_text(value)


def instant(moment: datetime) -> str:
    """ISO 8601 in whole seconds, with a Z for UTC."""
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def age(seconds: float) -> str:
    """The seconds in the largest unit that gives at least two of it: ``90 min``, ``36 h``, ``5 days``."""
    size, unit = next(((size, unit) for size, unit in _STEPS if abs(seconds) >= 2 * size), _STEPS[-1])
    return f"{seconds / size:.0f} {unit}"


def _lines(table: FeatureTable, known: Known) -> Iterator[str]:
    for feature in table.features:
        yield f"- {feature.name} = {_value(feature, known)} ({feature.meaning})"


def _value(feature: Feature, known: Known) -> str:
    if feature.sensitive:
        return "withheld"
    if feature.name in known.missing:
        return "missing, no value is known"
    return _quoted(getattr(known, feature.name))


def _quoted(value: object) -> str:
    """As JSON: text from data ends at its quotes, whatever it says, and never begins a line of its own."""
    return json.dumps(plain(value), ensure_ascii=False).translate(_LINE_ENDS)


def _short(number: float) -> float | int:
    short = round(number, 2) if abs(number) >= _EXACT_FROM else float(f"{number:.6g}")
    return int(short) if short == int(short) else short

"""Feature tables as a page for people: every column's type, unit, meaning and window, in Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from goldlane.features.declarations import Feature, FeatureTable
    from goldlane.features.rolling import Rolling

_DAY_S = 86_400


def page(table: FeatureTable) -> str:
    """A section of Markdown under a heading of the second level; a feature per row, in the declared order."""
    lines = [f"## {table.name}", "", *_introduction(table), "", "| feature | type | unit | meaning | window |", "|---|---|---|---|---|"]
    return "\n".join([*lines, *(_row(feature) for feature in table.features)]) + "\n"


def _introduction(table: FeatureTable) -> Iterator[str]:
    if table.description:
        yield from (_cell(table.description), "")
    keys = ", ".join(f"`{key}` ({table.key_types[key]})" for key in table.keys)
    yield f"- key: {keys}"
    yield f"- event time: `{table.event_time}`, when the row became knowable"
    if isinstance(table.source, str):
        yield f"- source: the table `{table.source}`"
    if table.ttl is not None:
        days = table.ttl.total_seconds() / _DAY_S
        yield f"- expires: after {days:g} day{'' if days == 1 else 's'}; an age of exactly that is still valid"


def _row(feature: Feature) -> str:
    words = _cell(feature.description) + (" (sensitive: kept out of logs)" if feature.sensitive else "")
    window = "" if feature.rolling is None else _window(feature.rolling)
    return f"| `{feature.name}` | {feature.type} | {_cell(feature.unit or '')} | {words} | {window} |"


def aggregate(rolling: Rolling) -> str:
    """``sum(amount)``."""
    return f"{rolling.function}({rolling.column or '*'})"


def stretch(rolling: Rolling) -> str:
    """The stretch of time that a window looks at, both ends as they are: ``(t - 7d, t]``."""
    begin, end = f"t - {rolling.window}", "t"
    if rolling.delay_us:
        begin, end = f"t - {rolling.delay} - {rolling.window}", f"t - {rolling.delay}"
    closed = "]" if rolling.current_row or rolling.delay_us else ")"
    return f"({begin}, {end}{closed}"


def _window(rolling: Rolling) -> str:
    where = "" if rolling.where is None else f" where `{_cell(rolling.where)}`"
    tiles = "" if rolling.hop is None else f", in tiles of {rolling.hop}"
    nothing = "" if rolling.default is None else f"; {rolling.default} over nothing"
    return f"`{aggregate(rolling)}` over {stretch(rolling)}{where}{tiles}{nothing}"


def _cell(words: str) -> str:
    return " ".join(words.split()).replace("|", "\\|")

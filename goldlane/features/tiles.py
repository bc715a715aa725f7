"""Windows as tiles: partial aggregates per key and hop, merged at read time. Plain Python, and the one place that knows their layout.

Tile k of hop h covers ``((k-1)h, kh]``, in microseconds since 1970. The window of length W at read time r is the tiles
``(ceil(r/h) - W/h, ceil(r/h)]``, of the last one only events up to r; with a delay d it is ``(floor((r-d)/h) - W/h, floor((r-d)/h)]``.

A tile that has ended is one row: r can no longer fall inside it. A tile that has not is one row per event time, so that a reader takes
exactly the rows whose ``at`` is not after r. Rows of one tile simply merge, however many they are; an ended tile whose rows are
still apart reads the same, only slower. The past can be read at tile edges; inside an ended tile, a read before its newest event
leaves the whole tile out.

    row       the keys, ``hop`` (microseconds), ``tile`` (k), ``at`` (its newest event time), ``partials``
    partials  {feature: partial}; a feature stands only in rows of its own hop
    partial   {field: value}, by function as in ``LAYOUT``; an absent field is NULL

In partials decimals are texts, times are microseconds, dates are ISO texts; integers have any size; NaN and infinities are
the texts ``NaN``, ``Infinity``, ``-Infinity``. Distinct values are kept whole, as texts: exact, and as large as they are many.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from goldlane.features.partials import finish, merge

if TYPE_CHECKING:
    from goldlane.features.declarations import FeatureTable
    from goldlane.features.rolling import Rolling

Partial: TypeAlias = Mapping[str, Any]

LAYOUT: Mapping[str, tuple[str, ...]] = {
    "count": ("n",),
    "sum": ("n", "total"),
    "mean": ("n", "total"),
    "stddev": ("n", "mean", "m2"),
    "min": ("value",),
    "max": ("value",),
    "last": ("at", "value"),
    "count_distinct": ("values",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One row of tiles of one key: events of tile ``tile`` of hop ``hop``, the newest of them at ``at`` (microseconds)."""

    hop: int
    tile: int
    at: int
    partials: Mapping[str, Partial]


def tile_of(instant: int, hop: int) -> int:
    """The tile an event falls in: ``ceil(instant / hop)``; an event on an edge belongs to the tile that ends there."""
    return -(-instant // hop)


def tiles_at(rolling: Rolling, read_at: int) -> range:
    """The tiles that make the window as seen at ``read_at`` (microseconds). The window must have a hop."""
    hop = _hop(rolling)
    newest = (read_at - rolling.delay_us) // hop if rolling.delay_us else tile_of(read_at, hop)
    return range(newest - rolling.window_us // hop + 1, newest + 1)


def tiles_needed(table: FeatureTable, read_at: int) -> dict[int, range]:
    """By hop, the tiles any feature of ``table`` can ask for at ``read_at``; older ones are asked for by nobody, ever again."""
    needed: dict[int, range] = {}
    for rolling in table.rollings:
        if rolling.hop_us is not None:
            tiles, known = tiles_at(rolling, read_at), needed.get(rolling.hop_us)
            needed[rolling.hop_us] = tiles if known is None else range(min(tiles.start, known.start), max(tiles.stop, known.stop))
    return needed


def features_at(table: FeatureTable, tiles: Iterable[Tile], read_at: int) -> dict[str, Any]:
    """The values of all features with a hop for one key at ``read_at`` (microseconds), from any superset of its tiles in any order.

    No tile at all is a key without events: counts 0, others NULL or their default. ``current_row=False`` leaves out events at the very
    instant ``read_at``.
    """
    rows = [tile for tile in tiles if tile.at <= read_at]
    values = {}
    for feature in table.features:
        rolling = feature.rolling
        if rolling is None or rolling.hop_us is None:
            continue
        wanted, newest = tiles_at(rolling, read_at), read_at if rolling.current_row or rolling.delay_us else read_at - 1
        parts = (
            row.partials[feature.name]
            for row in rows
            if row.hop == rolling.hop_us and row.tile in wanted and row.at <= newest and feature.name in row.partials
        )
        values[feature.name] = finish(merge(parts, rolling.function, feature.type), rolling, feature.type)
    return values


def _hop(rolling: Rolling) -> int:
    if rolling.hop_us is None:
        raise ValueError(f"{rolling.name or rolling.function} has no hop, so it has no tiles")
    return rolling.hop_us

"""Windows as tiles: partial aggregates per key and hop, merged at read time. Plain Python, and the one place that knows which tiles.

Tile k of hop h covers ``((k-1)h, kh]``, in microseconds since 1970. The window of length W at read time r is the tiles
``(ceil(r/h) - W/h, ceil(r/h)]``, of the last one only events up to r; with a delay d it is ``(floor((r-d)/h) - W/h, floor((r-d)/h)]``.

    row       the keys, ``hop`` (microseconds), ``tile`` (k), ``at`` (its newest event time), ``partials``
    partials  {feature: partial}; a feature stands only in rows of its own hop, and among the instants
    partial   as ``goldlane.features.partials`` lays it out; what nothing was counted for is absent

There is one row per keys, hop and tile. A tile of one microsecond, ``INSTANT_HOP``, is an instant: all events of its time. Instants say
what the last tile of a window held up to r, wherever that tile has a later event as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from goldlane.features.partials import finish, merge

if TYPE_CHECKING:
    from goldlane.features.declarations import FeatureTable
    from goldlane.features.rolling import Rolling

Partial: TypeAlias = Mapping[str, Any]

TILE_COLUMNS = ("hop", "tile", "at", "partials")
INSTANT_HOP = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One row of tiles of one key: events of tile ``tile`` of hop ``hop``, the newest of them at ``at`` (microseconds)."""

    hop: int
    tile: int
    at: int
    partials: Mapping[str, Partial]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """The tiles that make a window as seen from an instant: ``whole`` ones, and ``last``, of which events up to ``upto`` count.

    A delayed window is whole tiles only: its last one ended before the instant.
    """

    whole: range
    last: int | None
    upto: int


def without_tiles(table: FeatureTable) -> list[str]:
    """Why the table cannot be merged from tiles: its features that have none."""
    return [
        f"feature {each.name!r} has no rolling with a hop" for each in table.features if each.rolling is None or each.rolling.hop is None
    ]


def tile_of(instant: int, hop: int) -> int:
    """The tile an event falls in: ``ceil(instant / hop)``; an event on an edge belongs to the tile that ends there."""
    return -(-instant // hop)


def cover_at(rolling: Rolling, read_at: int) -> Cover:
    """What makes the window at ``read_at`` (microseconds). ``current_row=False`` leaves out the events of that very instant."""
    hop = hop_of(rolling)
    tiles = rolling.window_us // hop
    if rolling.delay_us:
        newest = (read_at - rolling.delay_us) // hop
        return Cover(whole=range(newest - tiles + 1, newest + 1), last=None, upto=read_at)
    newest = tile_of(read_at, hop)
    return Cover(whole=range(newest - tiles + 1, newest), last=newest, upto=read_at if rolling.current_row else read_at - 1)


def tiles_needed(table: FeatureTable, read_at: int) -> dict[int, range]:
    """By hop, the tiles that features of ``table`` can ask for at ``read_at``; older ones are asked for by nobody, ever again.

    Instants are needed from where the first of the windows' last tiles begins.
    """
    covers = [(hop_of(rolling), cover_at(rolling, read_at)) for rolling in table.rollings if rolling.hop_us is not None]
    needed: dict[int, range] = {}
    for hop, cover in covers:
        known = needed.get(hop, cover.whole)
        stop = cover.whole.stop if cover.last is None else cover.last + 1
        needed[hop] = range(min(known.start, cover.whole.start), max(known.stop, stop))
    edges = [(cover.last - 1) * hop for hop, cover in covers if cover.last is not None]
    return {**needed, INSTANT_HOP: range(min(edges, default=read_at) + 1, read_at + 1)}


def tiles_kept(table: FeatureTable, newest: int, now: int) -> dict[int, range]:
    """By hop, the tiles that reads from now on can ask for of a key whose newest event is at ``newest``, be that in the future."""
    first, last = tiles_needed(table, min(newest, now)), tiles_needed(table, newest)
    return {hop: range(first[hop].start, tiles.stop) for hop, tiles in last.items()}


def features_at(table: FeatureTable, tiles: Iterable[Tile], read_at: int) -> dict[str, Any]:
    """The values of all features with a hop for one key at ``read_at`` (microseconds), from any superset of its tiles in any order.

    Instants are needed only of a last tile with events after ``read_at``; where there are none, such a tile is left out.
    No tile at all is a key without events: counts 0, others NULL or their default.
    """
    rows = {(tile.hop, tile.tile): tile for tile in tiles}
    instants = [tile for (hop, _), tile in rows.items() if hop == INSTANT_HOP]
    values = {}
    for feature in table.features:
        rolling = feature.rolling
        if rolling is not None and rolling.hop_us is not None:
            parts = (row.partials[feature.name] for row in _covering(rolling, read_at, rows, instants) if feature.name in row.partials)
            values[feature.name] = finish(merge(parts, rolling.function, feature.type), rolling, feature.type)
    return values


def needs_instants(table: FeatureTable, tiles: Iterable[Tile], read_at: int) -> bool:
    """Whether a last tile among ``tiles`` has events that some window at ``read_at`` must not count."""
    covers = [(hop_of(rolling), cover_at(rolling, read_at)) for rolling in table.rollings if rolling.hop_us is not None]
    newest = {(tile.hop, tile.tile): tile.at for tile in tiles}
    return any(newest.get((hop, cover.last), cover.upto) > cover.upto for hop, cover in covers if cover.last is not None)


def hop_of(rolling: Rolling) -> int:
    """The length of the window's tiles in microseconds; ``ValueError`` when it has none."""
    if rolling.hop_us is None:
        raise ValueError(f"{rolling.name or rolling.function} has no hop, so it has no tiles")
    return rolling.hop_us


def _covering(rolling: Rolling, read_at: int, rows: Mapping[tuple[int, int], Tile], instants: Iterable[Tile]) -> Iterator[Tile]:
    """The rows whose partials together are the window's."""
    hop, cover = hop_of(rolling), cover_at(rolling, read_at)
    yield from (rows[hop, tile] for tile in cover.whole if (hop, tile) in rows)
    last = None if cover.last is None else rows.get((hop, cover.last))
    if last is not None and last.at <= cover.upto:
        yield last
    elif last is not None:
        yield from (row for row in instants if (last.tile - 1) * hop < row.at <= cover.upto)

"""How one table is asked: the parts of its SELECT, and what makes answers of the rows.

A row of a table is its generation in the store now, its event time (NULL for an unknown key), its features, and, of a table with tiles,
one JSON array of the tiles that the read time can ask for. So one statement, and one state of the store, answers everything.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from goldlane.features.online import postgres_types as types
from goldlane.features.online.finishing import finished
from goldlane.features.online.plans import compiled_answer, compiled_parameters, empty_answer
from goldlane.features.online.shapes import TILES, same_key
from goldlane.features.online.store import Answer, Key
from goldlane.features.online.values import quoted
from goldlane.features.tiles import INSTANT_HOP, Tile, tiles_needed

if TYPE_CHECKING:
    from goldlane.features.declarations import FeatureTable


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresPlan:
    """Reads one table in one of its generations.

    ``width`` is how many columns of a row are its own; ``stored_key`` gives a key as SQLite keeps it, ``parameters`` as it is asked for.
    """

    table: FeatureTable
    generation: int
    width: int
    select_one: str
    stored_key: Callable[[Key], tuple[object, ...]]
    parameters: Callable[[Key], tuple[object, ...]]
    finish: Callable[[Sequence[Any], int], Answer]
    empty: Callable[[], Answer]

    def read_parameters(self, now: int) -> tuple[int, ...]:
        """What a statement is told of the read time (microseconds since 1970): the ranges of tiles that it can ask for."""
        if not self.table.has_tiles:
            return ()
        needed = tiles_needed(self.table, now)
        return (now, *(bound for hop in sorted(needed) for bound in (needed[hop].start, needed[hop].stop - 1)))


def make_postgres_plan(table: FeatureTable, generation: int) -> PostgresPlan:
    """The plan for a table as the store declares it."""
    encode, parameters = types.key_encoder(table), compiled_parameters(table)
    answer = compiled_answer(table, types.DECODERS, types.NAMESPACE)

    def finish(row: Sequence[Any], now: int) -> Answer:
        return answer(row, now - types.EPOCH_US)

    def finish_tiles(row: Sequence[Any], now: int) -> Answer:
        tiles = [Tile(hop=hop, tile=tile, at=at, partials=partials) for hop, tile, at, partials in json.loads(row[-1] or "[]")]
        return finished(answer(row[:-1], now - types.EPOCH_US), table, tiles, now)

    return PostgresPlan(
        table=table,
        generation=generation,
        width=2 + len(table.features) + table.has_tiles,
        select_one=select_one(table),
        stored_key=parameters,
        parameters=parameters if encode is tuple else lambda key: encode(parameters(key)),
        finish=finish_tiles if table.has_tiles else finish,
        empty=lambda: empty_answer(table),
    )


def select_one(table: FeatureTable) -> str:
    """One key's row; its key comes first among the parameters."""
    columns, place = table_columns(table, "t", len(table.keys) + 1), f"{quoted(table.name)} AS t"
    same = " AND ".join(f"t.{quoted(key)} = {asked(table, key, n)}" for n, key in enumerate(table.keys, 1))
    return f"SELECT g.generation, {columns} FROM goldlane_tables AS g LEFT JOIN {place} ON {same} WHERE g.name = '{table.name}'"  # noqa: S608  identifiers


def select_many(table: FeatureTable) -> str:
    """The rows of many keys in their order; each key column is an array."""
    columns, place = table_columns(table, "t", len(table.keys) + 1), f"{quoted(table.name)} AS t"
    arrays = ", ".join(f"${n}::{types.parameter_type(table.key_types[key])}[]" for n, key in enumerate(table.keys, 1))
    names = ", ".join(f"k{n}" for n in range(len(table.keys)))
    same = " AND ".join(f"t.{quoted(key)} = a.k{n}" for n, key in enumerate(table.keys))
    return (
        f"SELECT g.generation, {columns} FROM goldlane_tables AS g "  # noqa: S608  identifiers
        f"CROSS JOIN unnest({arrays}) WITH ORDINALITY AS a({names}, place) LEFT JOIN {place} ON {same} "
        f"WHERE g.name = '{table.name}' ORDER BY a.place"
    )


def select_all(tables: Sequence[FeatureTable]) -> str:
    """One row that holds those of several tables side by side. Per table, the key and then the read time are its parameters."""
    columns, joins, first = [], [], 1
    for number, table in enumerate(tables):
        row, entry = f"t{number}", f"g{number}"
        same = " AND ".join(f"{row}.{quoted(key)} = {asked(table, key, first + n)}" for n, key in enumerate(table.keys))
        first += len(table.keys)
        columns.append(f"{entry}.generation, {table_columns(table, row, first)}")
        joins.append(
            f"LEFT JOIN goldlane_tables AS {entry} ON {entry}.name = '{table.name}' LEFT JOIN {quoted(table.name)} AS {row} ON {same}"
        )
        first += count_read_parameters(table)
    return f"SELECT {', '.join(columns)} FROM (SELECT 1) AS one {' '.join(joins)}"  # noqa: S608  identifiers


def table_columns(table: FeatureTable, alias: str, first: int) -> str:
    """Time, features, tiles; the parameters from number ``first`` on are the read time's."""
    own = [f"{alias}.{quoted(name)}" for name in (table.event_time, *(feature.name for feature in table.features))]
    return ", ".join([*own, _tiles(table, alias, first)] if table.has_tiles else own)


def asked(table: FeatureTable, key: str, number: int) -> str:
    """A key's parameter."""
    return f"${number}::{types.parameter_type(table.key_types[key])}"


def count_read_parameters(table: FeatureTable) -> int:
    """How many parameters tell a statement the read time."""
    return 1 + 2 * len(tiles_needed(table, 0)) if table.has_tiles else 0


def _tiles(table: FeatureTable, alias: str, first: int) -> str:
    """The tiles of a row's key; instants only where a tile has an event after the read time."""
    place, same = quoted(table.name + TILES), same_key(table, "s", alias)
    now = f"timestamptz 'epoch' + ${first}::bigint * interval '1 microsecond'"
    late = f"EXISTS (SELECT 1 FROM {place} AS n WHERE {same_key(table, 'n', alias)} AND n.at > {now})"  # noqa: S608  identifiers
    ranges = []
    for number, hop in enumerate(sorted(tiles_needed(table, 0))):
        low = first + 1 + 2 * number
        within = f"s.hop = {hop} AND s.tile BETWEEN ${low}::bigint AND ${low + 1}::bigint"
        ranges.append(f"({within} AND {late})" if hop == INSTANT_HOP else f"({within})")
    at = "(extract(epoch FROM s.at) * 1000000)::bigint"
    return (
        f"(SELECT json_agg(json_build_array(s.hop, s.tile, {at}, s.partials))::text "  # noqa: S608  identifiers
        f"FROM {place} AS s WHERE {same} AND ({' OR '.join(ranges)}))"
    )

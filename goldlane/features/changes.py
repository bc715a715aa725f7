"""The gold table behind a feature table: its rows, the rows of some keys, and the keys that changed.

It comes sorted, because a store that is written in the order of its keys is written three times as fast; memory does not grow with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from goldlane.errors import Mistakes, first_line
from goldlane.features.arrow_batches import conformed, fields_of, key_schema, together
from goldlane.features.delta_files import SORT_MEMORY, ask, ask_sorted, columns, count_rows, open_delta, plain_text
from goldlane.features.forgotten_entities import forgotten_beside, forgotten_rows
from goldlane.features.online.values import quoted, read_time
from goldlane.features.tiles import INSTANT_HOP, TILE_COLUMNS, hop_of

if TYPE_CHECKING:
    from goldlane.features.declarations import FeatureTable

RANGE_ROWS = 1_000_000
_SAMPLE = 64
_NEWEST = "goldlane_newest"
_FEED = "delta.enableChangeDataFeed"


class GoldTable:
    """One version of a Delta table, by default the newest when it was opened, without rows of entities that its storage has forgotten.

    Raises:
        UsageError: there is no such Delta table.
        FeatureError: the version can no longer be read.
    """

    def __init__(self, table: FeatureTable, path: Path, version: int | None = None) -> None:
        self._table, self.path, self.delta = table, path, open_delta(path, table.name, version)
        self._forgotten = [entity for entity in forgotten_beside(path) if set(entity.key_columns) <= set(table.keys)]
        self._key_schema = key_schema(table)
        self.id = str(self.delta.metadata().id)
        self.version = int(self.delta.version())

    @property
    def name(self) -> str:
        """The feature table's name."""
        return self._table.name

    @property
    def first_key(self) -> str:
        """The key that ``ranges`` part the table by."""
        return self._table.keys[0]

    @property
    def declared_key(self) -> tuple[str, ...]:
        """What one row is kept of: keys and time, or keys, hop and tile; none where the source holds events."""
        if self._table.has_tiles:
            return (*self._table.keys, "hop", "tile") if self.holds_tiles else ()
        return (*self._table.keys, self._table.event_time)

    @property
    def types(self) -> dict[str, pa.DataType]:
        """The Arrow type of each column."""
        return {field.name: field.type for field in pa.schema(self.delta.schema().to_arrow())}  # type: ignore[arg-type]  # it speaks Arrow's C interface

    def rows(self, memory: str = SORT_MEMORY) -> Iterator[pa.RecordBatch]:
        """Every row, rows with NULLs among them, except those that a newer one of their key follows in the same batch."""
        query = f"SELECT {columns(self._table.columns)} FROM {self._remaining()}"  # noqa: S608  identifiers
        yield from map(self._without_older, ask_sorted(self.delta, query, (*self._table.keys, self._table.event_time), memory))

    def rows_of(self, keys: pa.Table) -> Iterator[pa.RecordBatch]:
        """Every row whose key is among ``keys``."""
        yield from self.columns_of(self._table.columns, keys)

    def columns_of(self, names: Iterable[str], keys: pa.Table) -> Iterator[pa.RecordBatch]:
        """These columns, the keys among them, of every row whose key is among ``keys``."""
        for batch in ask(self.delta, f"SELECT {columns(names)} FROM {self._remaining()}"):  # noqa: S608  identifiers
            yield self._of_keys(batch, keys)

    @property
    def holds_tiles(self) -> bool:
        """Whether its rows are tiles (``goldlane.features.tiling``), not events or features."""
        return set(TILE_COLUMNS) <= set(self.types)

    def check_tiles(self) -> None:
        """Refuse tiles that were made for other windows."""
        kept = {field.name for field in fields_of(self.types["partials"])}
        missing = [f"there are no partials of {rolling.name!r}" for rolling in self._table.rollings if rolling.name not in kept]
        missing += [f"there is no column {key!r}" for key in self._table.keys if key not in self.types]
        if missing:
            raise Mistakes(
                f"the tiles at {self.path} do not fit the declaration of {self._table.name}; run the pipeline that makes them", missing
            )

    def tiles(self, keys: pa.Table | None = None) -> Iterator[pa.RecordBatch]:
        """The tiles that a window can reach from its key's newest event; all of one key's, or of those in ``keys``, stand together."""
        names = self._key_schema.names
        newest = f"({self._newest()}) AS newest ON {' AND '.join(f'tiles.{name} = newest.{name}' for name in map(quoted, names))}"
        wanted = ", ".join(f"tiles.{quoted(name)} AS {quoted(name)}" for name in (*names, *TILE_COLUMNS))
        reachable = f"SELECT {wanted} FROM {self._remaining()} AS tiles JOIN {newest} WHERE {self._reach()}"  # noqa: S608  identifiers
        if keys is None:
            yield from ask_sorted(self.delta, reachable, names, strictly=True)
            return
        found = [self._of_keys(batch, keys) for batch in ask(self.delta, reachable)]
        if found:
            yield from together(pa.Table.from_batches(found), names)

    def touched_since(self, version: int) -> pa.Table | str:
        """The keys of every row that was written or removed after ``version``, once each; or why that cannot be known."""
        from deltalake.exceptions import DeltaError

        if version == self.version:
            return self._key_schema.empty_table()
        if self.delta.metadata().configuration.get(_FEED) != "true":
            return f"the gold table has no change data feed (its property {_FEED} is not true)"
        names = self._key_schema.names
        try:
            feed = self.delta.load_cdf(starting_version=version + 1, ending_version=self.version, columns=names)
            batches = [conformed(plain_text(batch), self._key_schema, self._table.name) for batch in pa.RecordBatchReader.from_stream(feed)]
        except (DeltaError, pa.ArrowException) as error:
            return f"the change data feed since version {version} cannot be read ({first_line(error)})"
        keys = pa.Table.from_batches(batches, schema=self._key_schema).group_by(names).aggregate([])
        return keys.select(names).drop_null().combine_chunks()

    def with_pending(self, touched: pa.Table | str) -> pa.Table | str:
        """``touched``, if it is keys, and the keys in the table of entities that were forgotten and whose rows nobody deleted yet."""
        condition = forgotten_rows([entity for entity in self._forgotten if not entity.completed], self.types)
        if condition is None or isinstance(touched, str):
            return touched
        found = ask(self.delta, f"SELECT DISTINCT {columns(self._key_schema.names)} FROM gold WHERE {condition}")  # noqa: S608  hashes
        pending = pa.Table.from_batches([conformed(batch, self._key_schema, self.name) for batch in found], schema=self._key_schema)
        return pa.concat_tables([touched, pending]).combine_chunks()

    def _remaining(self) -> str:
        """What stands behind FROM."""
        condition = forgotten_rows(self._forgotten, self.types)
        return "gold" if condition is None else f"(SELECT * FROM gold WHERE ({condition}) IS NOT TRUE)"  # noqa: S608  names and hashes

    def _newest(self) -> str:
        """The microsecond of each key's newest event, or now if that is to come: every hop has it, the longest in the fewest rows."""
        longest = max(hop_of(rolling) for rolling in self._table.rollings)
        keys, newest = columns(self._key_schema.names), f"least(max(arrow_cast(at, 'Int64')), {read_time(None)})"
        return f"SELECT {keys}, {newest} AS {_NEWEST} FROM gold WHERE hop = {longest} GROUP BY {keys}"  # noqa: S608  identifiers

    def _reach(self) -> str:
        """Somewhat more than ``tiles_needed`` at the newest event, which sees to the rest."""
        reach = {INSTANT_HOP: max(hop_of(rolling) for rolling in self._table.rollings)}
        for rolling in self._table.rollings:
            hop = hop_of(rolling)
            reach[hop] = max(reach.get(hop, 0), rolling.window_us + rolling.delay_us + hop)
        return " OR ".join(f"(hop = {hop} AND tile * {hop} > {_NEWEST} - {span})" for hop, span in reach.items())

    def _without_older(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Without the rows whose next one has the same key and a later time; the store sees to the rest."""
        if batch.num_rows < 2:  # noqa: PLR2004  a row and its next
            return batch
        rows, after = batch.slice(0, batch.num_rows - 1), batch.slice(1)
        same: list[Any] = [pc.equal(rows.column(key), after.column(key)) for key in self._table.keys]
        older: Any = pc.less(rows.column(self._table.event_time), after.column(self._table.event_time))
        outdated: Any = pc.fill_null(reduce(pc.and_, same, older), False)
        return batch.filter(pa.concat_arrays([pc.invert(outdated), pa.array([True])]))

    def _of_keys(self, batch: pa.RecordBatch, wanted: pa.Table) -> pa.RecordBatch:
        """Most rows are told by their first key alone, for a fraction of a join."""
        names, place = self._key_schema.names, "goldlane_place"
        keys = conformed(batch, self._key_schema, self._table.name)
        likely = pc.is_in(keys.column(0), value_set=wanted.column(0))
        if len(names) == 1:
            return batch.filter(likely)
        few, rest = batch.filter(likely), keys.filter(likely)
        numbered = pa.Table.from_batches([rest]).append_column(place, pa.array(range(rest.num_rows), pa.int64()))
        return few.take(numbered.join(wanted, names, join_type="left semi").column(place).combine_chunks())

    def ranges(self, range_rows: int) -> list[str]:
        """Conditions that part the table into ranges of about ``range_rows`` rows; every row is in exactly one."""
        key = self._table.keys[0]
        parts = -(-count_rows(self.delta) // range_rows)
        partable = parts > 1 and self._table.key_types[key] in ("string", "int", "bigint")
        sample = self._sample(key) if partable else []
        if not sample:
            return [""]
        bounds = [_literal(bound) for bound in sorted({sample[len(sample) * part // parts] for part in range(1, parts)})]
        below = [f'"{key}" >= {bound}' for bound in bounds]
        above = [f'"{key}" < {bound}' for bound in bounds]
        middle = [f"{low} AND {high}" for low, high in zip(below, above[1:], strict=False)]
        return [f"WHERE {condition}" for condition in (f'{above[0]} OR "{key}" IS NULL', *middle, below[-1])]

    def _sample(self, key: str) -> list[Any]:
        """Some of the first key's values, in order; none where each is NULL."""
        picked: list[Any] = []
        for batch in ask(self.delta, f'SELECT "{key}" FROM gold'):  # noqa: S608  identifiers
            picked += batch.column(0).take(pa.array(range(0, batch.num_rows, _SAMPLE))).drop_null().to_pylist()
        return sorted(picked)


def _literal(value: str | int) -> str:
    return str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"

"""One table of a PostgreSQL store, written inside the transaction that ``publishing`` holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from goldlane.features.online import postgres_merges as merges
from goldlane.features.online import postgres_schema as schema
from goldlane.features.online import shapes
from goldlane.features.online.forgotten import Remaining
from goldlane.features.online.postgres_catalogue import ONE_ENTRY, WRITE_ENTRY, entry_of, entry_values
from goldlane.features.online.postgres_executors import stage_from_executors
from goldlane.features.online.postgres_forgetting import forgotten_of
from goldlane.features.online.postgres_place import Place, driver
from goldlane.features.online.postgres_staging import Staging, stage
from goldlane.features.online.postgres_tiles import TileWriter
from goldlane.features.online.store import Publication, Written
from goldlane.features.online.values import quoted

if TYPE_CHECKING:
    import pyarrow as pa
    from psycopg import Connection

    from goldlane.features.declarations import FeatureTable


class PostgresWriter:
    """A ``TableWriter``. Rows are staged first, so that the published table is locked for its last few statements only."""

    def __init__(self, connection: Connection[Any], place: Place, table: FeatureTable) -> None:
        self._connection, self._place, self._table = connection, place, table
        row = connection.execute(ONE_ENTRY, (table.name,), binary=True).fetchone()
        self._entry = entry_of(row, place.label) if row else None
        # A table that somebody dropped is published like a new one.
        is_there = bool(schema.columns_of(connection, table.name))
        self.previous = self._entry.publication if self._entry and is_there else None
        before = self._entry.publication.table if self._entry else None
        shapes.check_ownership(table, before, partial(schema.columns_of, connection), place.label)
        self._forgotten = forgotten_of(connection, table)
        self._rows, self._keys = schema.staging_name(table, "rows"), schema.staging_name(table, "keys")
        self._has_staged_keys = False
        self._tiles = TileWriter(connection, place, table)

    def has_same_shape(self) -> bool:
        """See ``TableWriter``."""
        return self.previous is not None and shapes.has_same_shape(self.previous.table, self._table)

    def replace(self, batches: Iterable[pa.RecordBatch]) -> Written:
        """See ``TableWriter``."""
        fits = self.previous is not None and not shapes.changed_columns(self.previous.table, self._table)
        kept = [f"{quoted(name)} {kind}" for name, kind in schema.undeclared(self._connection, self._table)] if fits else []
        forgotten = self._stage_new(Staging(name=self._rows, columns=[*schema.definitions(self._table), *kept], logged=True), batches)
        self._make_unique()
        deleted = self._bury_absent()
        if self._entry is not None and self._entry.publication.table.has_tiles and not self._table.has_tiles:
            self._tiles.drop()
        written = self._count(self._rows)
        if self.previous is not None and fits and schema.is_depended_on(self._connection, self._table.name):
            self._overwrite(self.previous.table)
        else:
            schema.swap(self._connection, self._rows, self._table.name)
        return Written(rows_written=written, rows_deleted=deleted, rows_forgotten=forgotten)

    def apply(self, touched: Iterable[pa.RecordBatch], newest: Iterable[pa.RecordBatch]) -> Written:
        """See ``TableWriter``."""
        self._stage_keys(touched)
        forgotten = self._stage_rows(newest)
        self._keep_tombstones(same_keys=True)
        deleted = self._delete_gone()
        written, added = self._merge(guarded=False)
        return Written(rows_written=written, rows_deleted=deleted, rows_forgotten=forgotten, rows_added=added)

    def upsert(self, batches: Iterable[pa.RecordBatch]) -> Written:
        """See ``TableWriter``."""
        self._migrate()
        forgotten = self._stage_rows(batches)
        written, added = self._merge(guarded=True)
        return Written(rows_written=written, rows_forgotten=forgotten, rows_added=added)

    def write_tiles(self, tiles: Iterable[pa.RecordBatch], touched: Iterable[pa.RecordBatch] | None = None) -> None:
        """See ``TableWriter``."""
        tiles = Remaining(tiles, self._forgotten)
        if touched is None:
            self._tiles.replace(tiles)
            return
        self._stage_keys(touched)
        self._tiles.replace_of(self._keys, tiles)

    def read_tiles(self, keys: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """See ``TableWriter``."""
        return self._tiles.read(keys)

    def record(self, publication: Publication) -> None:
        """See ``TableWriter``."""
        end = shapes.tombstones_end(self.previous)
        if end is not None and schema.columns_of(self._connection, self._table.name + shapes.TOMBSTONES):
            self._connection.execute(merges.purge(self._table), (end,))
        self._connection.execute(WRITE_ENTRY, entry_values(publication, self._entry))
        for staged in (self._rows, self._keys):
            self._run(f"DROP TABLE IF EXISTS {quoted(staged)}")

    def _migrate(self) -> None:
        self._keep_tombstones(same_keys=self.previous is not None)
        if self.previous is None:
            schema.create(self._connection, self._table)
            return
        shapes.check_shape(self.previous.table, self._table)
        schema.add_features(self._connection, self._table, self.previous.table)

    def _stage_rows(self, batches: Iterable[pa.RecordBatch]) -> int:
        return self._stage_new(Staging(name=self._rows, columns=schema.definitions(self._table)), batches)

    def _stage_new(self, staging: Staging, batches: Iterable[pa.RecordBatch]) -> int:
        """How many rows were left out because their keys are forgotten."""
        from goldlane.features.arrow_batches import Intake
        from goldlane.features.spark_batches import SparkBatches

        if isinstance(batches, Intake) and isinstance(batches.source, SparkBatches):
            forgotten = stage_from_executors(self._place, staging, batches, batches.source, self._forgotten)
            self._run(f"ANALYZE {quoted(staging.name)}")
            return forgotten
        rows = Remaining(batches, self._forgotten)
        self._stage(staging, rows)
        return rows.rows_forgotten

    def _stage_keys(self, touched: Iterable[pa.RecordBatch]) -> None:
        """Once per publish: while the transaction reads a staged table, nobody else can make it anew."""
        if not self._has_staged_keys:
            self._stage(Staging(name=self._keys, columns=schema.definitions(self._table, dict(self._table.key_types))), touched)
            self._has_staged_keys = True

    def _stage(self, staging: Staging, batches: Iterable[pa.RecordBatch]) -> None:
        stage(self._connection, self._place, staging, batches)
        self._run(f"ANALYZE {quoted(staging.name)}")

    def _merge(self, *, guarded: bool) -> tuple[int, int]:
        """Rows written, and those of them whose keys are new."""
        lost = [name for name, _ in schema.undeclared(self._connection, self._table)]
        ((written, added),) = schema.ask(self._connection, merges.merge(self._table, self._rows, lost, guarded=guarded))
        self._run(merges.exhume(self._table, self._rows, self._table.name))
        return written, added

    def _delete_gone(self) -> int:
        """The rows of touched keys that have none among the newest: few in general, and found by the primary key then."""
        self._run(merges.drop_present(self._table, self._keys, self._rows))
        if not self._count(self._keys):
            return 0
        self._run(f"ANALYZE {quoted(self._keys)}")
        gone = merges.among(self._table, self._keys)
        deleted = self._run(merges.bury(self._table, gone))
        self._run(f"DELETE FROM {quoted(self._table.name)} AS t WHERE {gone}")  # noqa: S608  identifiers
        return deleted

    def _make_unique(self) -> None:
        """The primary key, at once where no key comes twice, which is nearly always."""
        try:
            with self._connection.transaction():
                schema.add_primary_key(self._connection, self._rows, self._table.keys)
        except driver().errors.UniqueViolation:
            self._run(merges.delete_older(self._table, self._rows))
            schema.add_primary_key(self._connection, self._rows, self._table.keys)

    def _bury_absent(self) -> int:
        same_keys = self.previous is not None and shapes.has_same_keys(self.previous.table, self._table)
        self._keep_tombstones(same_keys=same_keys)
        if self.previous is None:
            return 0
        if not same_keys:
            return self._count(self._table.name)
        deleted = self._run(merges.bury(self._table, merges.absent_from(self._table, self._rows)))
        self._run(merges.exhume(self._table, self._rows))
        return deleted

    def _overwrite(self, previous: FeatureTable) -> None:
        schema.add_features(self._connection, self._table, previous)
        for statement in merges.overwrite(self._table, self._rows):
            self._run(statement)

    def _keep_tombstones(self, *, same_keys: bool) -> None:
        if not same_keys:
            self._run(f"DROP TABLE IF EXISTS {merges.tombstones(self._table)}")
        self._run(merges.keep_tombstones(self._table, schema.definitions(self._table, dict(self._table.key_types))))

    def _count(self, name: str) -> int:
        ((count,),) = schema.ask(self._connection, f"SELECT count(*) FROM {quoted(name)}")  # noqa: S608  identifiers
        return int(count)

    def _run(self, statement: str) -> int:
        return schema.run(self._connection, statement)

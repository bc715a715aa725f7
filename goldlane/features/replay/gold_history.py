"""What a gold table was: its commits and their times, and the rows of some keys in any version that can still be read."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from goldlane.errors import GoldlaneError
from goldlane.features.arrow_batches import arrow_schema, arrow_type, check_columns, conformed, key_schema
from goldlane.features.as_of import KNOWN_AT
from goldlane.features.changes import GoldTable
from goldlane.features.delta_files import plain_text
from goldlane.features.tiles import TILE_COLUMNS

if TYPE_CHECKING:
    from goldlane.features.declarations import FeatureTable

_MILLISECOND = 1000


class GoldHistory:
    """The Delta table behind a feature table. ``gone`` says of each version that could not be read why.

    Raises:
        UsageError: there is no such Delta table.
    """

    def __init__(self, table: FeatureTable, path: Path) -> None:
        newest = GoldTable(table, path)
        self._table, self.path, self._delta = table, path, newest.delta
        self.id, self.newest = newest.id, newest.version
        self.gone: dict[int, str] = {}

    @cached_property
    def _commits(self) -> dict[int, int]:
        """By version, the microsecond of its commit; versions whose log was cleaned up are missing."""
        told = {int(commit["version"]): int(commit.get("timestamp") or 0) * _MILLISECOND for commit in self._delta.history()}
        return dict(sorted(told.items()))

    def committed_at(self, version: int) -> int | None:
        """When a version was committed, in microseconds; None when the log no longer says."""
        return self._commits.get(version)

    def version_at(self, moment: int) -> int | None:
        """The newest version of a moment (microseconds); None before the first."""
        versions, times = list(self._commits), list(self._commits.values())
        place = bisect_right(times, moment)
        return versions[place - 1] if place else None

    def rows(self, version: int, keys: Iterable[tuple[Any, ...]]) -> pa.Table | None:
        """The rows of ``keys`` as the offline join takes them: features, tiles or events; None when the version cannot be read."""
        try:
            return self._rows(GoldTable(self._table, self.path, version), self._wanted(keys))
        except GoldlaneError as error:
            self.gone[version] = error.message
            return None

    def changes(self, keys: Iterable[tuple[Any, ...]], since: int) -> Mapping[tuple[Any, ...], Sequence[int]]:
        """By key, the versions from ``since`` on that wrote or removed a row of it; nothing when there is no change data feed."""
        from deltalake.exceptions import DeltaError

        schema, found = key_schema(self._table), {key: set[int]() for key in keys}
        try:
            feed = self._delta.load_cdf(starting_version=since, ending_version=self.newest, columns=[*schema.names, "_commit_version"])
            for batch in map(plain_text, pa.RecordBatchReader.from_stream(feed)):
                rows = zip(*(batch_column.to_pylist() for batch_column in conformed(batch, schema, self._table.name).columns), strict=True)
                for key, version in zip(rows, map(int, batch.column("_commit_version").to_numpy()), strict=True):
                    if key in found:
                        found[key].add(version)
        except (DeltaError, pa.ArrowException, GoldlaneError):
            return {}
        return {key: sorted(versions) for key, versions in found.items()}

    def _rows(self, gold: GoldTable, keys: pa.Table) -> pa.Table:
        table, types = self._table, gold.types
        if table.has_tiles:
            names = [*table.keys, *TILE_COLUMNS] if gold.holds_tiles else list(types)
            if gold.holds_tiles:
                gold.check_tiles()
            return pa.Table.from_batches(gold.columns_of(names, keys), _without_views({name: types[name] for name in names}))
        check_columns(table, types, f"version {gold.version} of the gold table at {gold.path}")
        schema = arrow_schema(table)
        if KNOWN_AT in types and KNOWN_AT not in schema.names:
            schema = schema.append(pa.field(KNOWN_AT, arrow_type("timestamp")))
        found = (conformed(batch, schema, table.name) for batch in gold.columns_of(schema.names, keys))
        return pa.Table.from_batches(found, schema)

    def _wanted(self, keys: Iterable[tuple[Any, ...]]) -> pa.Table:
        schema = key_schema(self._table)
        columns = list(zip(*keys, strict=True)) or [()] * len(schema)
        return pa.Table.from_arrays([pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)], schema=schema)


def _without_views(types: Mapping[str, pa.DataType]) -> pa.Schema:
    return plain_text(pa.RecordBatch.from_pylist([], pa.schema(list(types.items())))).schema

"""The online store that the platform keeps: published by synced tables, read from Lakebase or through a Feature Serving endpoint."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from goldlane.errors import UsageError
from goldlane.features.online.databricks_publishing import Publisher, version_of
from goldlane.features.online.databricks_tables import declared_tables, find_table
from goldlane.features.online.key_values import key_value
from goldlane.features.online.store import Answer, FeatureNotFoundError, Key, Name, Publication, Unknown
from goldlane.features.online.values import microseconds_of, read_time

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

    from goldlane.features.declarations import FeatureTable
    from goldlane.features.feature_sets import FeatureSet
    from goldlane.features.online.databricks_place import Place
    from goldlane.features.online.store import TableWriter
    from goldlane.features.publishing import Mode, Published

_SECOND = 1e6


class Reader(Protocol):
    """Where rows come from."""

    def rows(self, table: FeatureTable, keys: Sequence[tuple[Any, ...]]) -> list[dict[str, Any] | None]:
        """The event time and the features of each key; None for an unknown one."""
        ...

    def close(self) -> None:
        """Let connections go."""
        ...


class DatabricksStore:
    """An ``OnlineStore`` on the platform. A lookup is a round trip to it; several tables of one lookup are not of one state."""

    def __init__(self, place: Place, client: WorkspaceClient | None = None) -> None:
        self.place, self._client = place, client
        self._opening = threading.RLock()
        self._reader: Reader | None = None
        self._declared: dict[str, FeatureTable] = {}

    @property
    def client(self) -> WorkspaceClient:
        """The workspace's client, made when it is first needed."""
        with self._opening:
            if self._client is None:
                self._client = self.place.client()
            return self._client

    def lookup(self, table: FeatureTable | str, key: Key, unknown: Unknown = "raise", *, at: datetime | None = None) -> Answer:
        """See ``OnlineStore``."""
        (answer,) = self.lookup_many(table, [key], unknown, at=at)
        return answer

    def lookup_many(
        self, table: FeatureTable | str, keys: Sequence[Key], unknown: Unknown = "raise", *, at: datetime | None = None
    ) -> list[Answer]:
        """See ``OnlineStore``."""
        if unknown not in ("raise", "empty"):
            raise UsageError(f"unknown must be 'raise' or 'empty', not {unknown!r}")
        now = read_time(at)
        declared = self._declaration(table)
        rows = self._read(declared, [_typed(declared, key) for key in keys])
        if unknown == "raise":
            for key, row in zip(keys, rows, strict=True):
                if row is None:
                    raise FeatureNotFoundError(declared.name, key)
        return [_answer(declared, row, now) for row in rows]

    def lookup_all(self, keys: Mapping[Name, Key], unknown: Unknown = "raise", *, at: datetime | None = None) -> dict[Name, Answer]:
        """See ``OnlineStore``; each table as it is when it is asked."""
        return {table: self.lookup(table, key, unknown, at=at) for table, key in keys.items()}

    def publications(self) -> tuple[Publication, ...]:
        """See ``OnlineStore``: the tables of the schema that have a synced table; all of them where an endpoint is read."""
        tables = declared_tables(self.client, self.place.unity)
        return tuple(found for name in sorted(tables) if (found := self._publication(tables[name])) is not None)

    def publish_table(self, table: FeatureTable, source: object = None, mode: Mode = "triggered") -> Published:
        """Have the platform bring its table of this name online; see ``goldlane.features.online.databricks_publishing``."""
        if source is not None and not isinstance(source, (str, Path)):
            hint = "publish(table, 'catalog.schema', store)"
            raise UsageError(f"{table.name}: the platform publishes its own gold table, not a frame", hint=hint)
        return Publisher(client=self.client, place=self.place).publish(table, mode)

    def publishing(self, table: FeatureTable) -> AbstractContextManager[TableWriter]:
        """The platform writes by itself: there is no such transaction."""
        self._refuse(f"rows of {table.name}", "publish(table, 'catalog.schema', store) brings its gold table online")

    def claiming(self, table: FeatureTable) -> AbstractContextManager[None]:
        """The platform runs continuous publishing by itself: there is nothing to claim."""
        self._refuse(f"a stream of {table.name}", "publish(table, 'catalog.schema', store, mode='continuous')")

    def feature_sets(self) -> tuple[FeatureSet, ...]:
        """The platform keeps none."""
        return ()

    def write_feature_sets(self, sets: Sequence[FeatureSet]) -> None:
        """The platform keeps sets as Feature Serving endpoints, not in the store."""
        if sets:
            self._refuse("feature sets", "a Feature Serving endpoint serves several tables")

    def forget(self, table: FeatureTable | str, key: Key) -> bool:  # noqa: ARG002  the protocol's
        """A synced table is read-only: who is deleted from its source is deleted from it."""
        name = table if isinstance(table, str) else table.name
        self._refuse(
            f"a deletion in {name}", f"delete the key from {self.place.unity.catalog}.{self.place.unity.schema}.{name} and publish"
        )

    def close(self) -> None:
        """See ``OnlineStore``."""
        with self._opening:
            reader, self._reader = self._reader, None
        if reader is not None:
            reader.close()

    def _refuse(self, what: str, hint: str) -> NoReturn:
        raise UsageError(f"the store on {self.place.workspace or 'the platform'} takes no {what} from outside", hint=hint)

    def _read(self, table: FeatureTable, keys: Sequence[tuple[Any, ...]]) -> list[dict[str, Any] | None]:
        with self._opening:
            if self._reader is None:
                self._reader = self._open()
            reader = self._reader
        return reader.rows(table, keys)

    def _open(self) -> Reader:
        from goldlane.features.online.databricks_endpoint import EndpointReader
        from goldlane.features.online.databricks_lakebase import LakebaseReader

        if self.place.endpoint is not None:
            return EndpointReader(self.client, self.place.endpoint)
        return LakebaseReader(self.client, self.place, self.place.instance or "")

    def _declaration(self, table: FeatureTable | str) -> FeatureTable:
        """What the caller declares, or Unity Catalog knows."""
        if not isinstance(table, str):
            return table
        if table not in self._declared:
            self._declared = declared_tables(self.client, self.place.unity)
        if table not in self._declared:
            schema = f"{self.place.unity.catalog}.{self.place.unity.schema}"
            raise UsageError(f"{schema} has no feature table {table!r}; it has {', '.join(sorted(self._declared)) or 'none yet'}")
        return self._declared[table]

    def _publication(self, table: FeatureTable) -> Publication | None:
        synced = Publisher(client=self.client, place=self.place).synced(table) if self.place.instance else None
        if synced is None and self.place.instance:
            return None
        identity = find_table(self.client, self.place.unity.table(table)).table_id
        return Publication(table=table, source_id=identity, version=None if synced is None else version_of(synced))


def _typed(table: FeatureTable, key: Key) -> tuple[Any, ...]:
    if not isinstance(key, Mapping) or set(key) != set(table.keys):
        given = ", ".join(map(str, key)) if isinstance(key, Mapping) else repr(key)
        raise UsageError(f"{table.name} is read by {', '.join(table.keys)}, not by {given or 'nothing'}")
    try:
        return tuple(key_value(key[name], table.key_types[name]) for name in table.keys)
    except ValueError as wrong:
        raise UsageError(f"{table.name}: a value of its key is of another type: {wrong}") from wrong


def _answer(table: FeatureTable, row: dict[str, Any] | None, now: int) -> Answer:
    names = tuple(feature.name for feature in table.features)
    as_of = None if row is None else row[table.event_time]
    age_s = None if as_of is None else (now - microseconds_of(as_of)) / _SECOND
    expired = age_s is not None and table.ttl is not None and age_s > table.ttl.total_seconds()
    features = dict.fromkeys(names) if row is None or expired else {name: row[name] for name in names}
    return Answer(features, as_of, age_s, tuple(name for name, value in features.items() if value is None), expired)

"""Reading synced tables from Lakebase: a pool of PostgreSQL connections whose password is a token that ends within the hour."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from goldlane.errors import MissingExtraError, UsageError, first_line
from goldlane.features.online.databricks_errors import clear_errors
from goldlane.features.online.store import StoreError
from goldlane.features.online.values import family, quoted

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from goldlane.features.declarations import FeatureTable
    from goldlane.features.online.databricks_place import Place

RENEWED_S = 45 * 60.0
_AWAKE_S = 60.0
_POOL = 8
_ARRAYS = {
    "string": "text",
    "boolean": "boolean",
    "tinyint": "smallint",
    "smallint": "smallint",
    "int": "integer",
    "bigint": "bigint",
    "float": "real",
    "double": "double precision",
    "decimal": "numeric",
    "date": "date",
    "timestamp": "timestamptz",
    "timestamp_ntz": "timestamp",
    "binary": "bytea",
}
_GONE = ("57P01", "57P02", "57P03", "28P01", "28000")


class Credentials:
    """Tokens for a Lakebase instance. A token is good for an hour and is renewed after 45 minutes, or when it was refused."""

    def __init__(self, client: WorkspaceClient, instance: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._client, self._instance, self._clock = client, instance, clock
        self._lock = threading.Lock()
        self._token, self._since = "", 0.0

    def token(self) -> str:
        """A token that is not older than 45 minutes."""
        with self._lock:
            if not self._token or self._clock() - self._since >= RENEWED_S:
                with clear_errors(f"asking for a credential of {self._instance}"):
                    found = self._client.database.generate_database_credential(instance_names=[self._instance])
                self._token, self._since = found.token or "", self._clock()
            return self._token

    def refuse(self) -> None:
        """Ask for a new token the next time."""
        with self._lock:
            self._token = ""


class LakebaseReader:
    """Rows of synced tables. An instance that sleeps is waited for, up to a minute."""

    def __init__(self, client: WorkspaceClient, place: Place, instance: str) -> None:
        self._client, self._place, self._instance = client, place, instance
        self.credentials = Credentials(client, instance)
        self._opening = threading.Lock()
        self._pool: ConnectionPool[Connection[tuple[Any, ...]]] | None = None

    def rows(self, table: FeatureTable, keys: Sequence[tuple[Any, ...]]) -> list[dict[str, Any] | None]:
        """The event time and the features of each key, all from one statement; None for a key that is not there."""
        names = (*table.keys, table.event_time, *(feature.name for feature in table.features))
        arrays = ", ".join(f"%s::{_ARRAYS[family(table.key_types[key])]}[]" for key in table.keys)
        wanted = ", ".join(map(quoted, table.keys))
        place = f"{quoted(self._place.unity.schema)}.{quoted(self._place.unity.online(table).rpartition('.')[2])}"
        query = f"SELECT {', '.join(map(quoted, names))} FROM {place} WHERE ({wanted}) IN (SELECT * FROM unnest({arrays}))"  # noqa: S608  identifiers
        found = self._ask(query, [list(column) for column in zip(*keys, strict=True)]) if keys else []
        by_key = {row[: len(table.keys)]: dict(zip(names[len(table.keys) :], row[len(table.keys) :], strict=True)) for row in found}
        return [by_key.get(key) for key in keys]

    def close(self) -> None:
        """Let the connections go."""
        with self._opening:
            if self._pool is not None:
                self._pool.close()
                self._pool = None

    def _ask(self, query: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        import psycopg
        from psycopg_pool import PoolTimeout

        deadline, pause = time.monotonic() + _AWAKE_S, 0.1
        while True:
            try:
                with self._connections().connection(timeout=max(1.0, deadline - time.monotonic())) as connection:
                    return connection.execute(query, parameters).fetchall()
            except (psycopg.OperationalError, PoolTimeout) as error:
                if getattr(error, "sqlstate", None) in (None, *_GONE):
                    self.credentials.refuse()
                if time.monotonic() + pause > deadline:
                    hint = "is the instance stopped, or its network closed to this machine?"
                    raise StoreError(f"Lakebase {self._instance} does not answer: {first_line(error)}", hint=hint) from error
                time.sleep(pause)
                pause = min(2 * pause, 5.0)
            except psycopg.Error as error:
                raise StoreError(f"Lakebase {self._instance}: {first_line(error)}", hint="was the table published?") from error

    def _connections(self) -> ConnectionPool[Connection[tuple[Any, ...]]]:
        with self._opening:
            if self._pool is None:
                self._pool = self._open()
            return self._pool

    def _open(self) -> ConnectionPool[Connection[tuple[Any, ...]]]:
        try:
            from psycopg_pool import ConnectionPool
        except ImportError as missing:
            raise MissingExtraError("postgres", needed_for="reading from Lakebase") from missing
        with clear_errors(f"looking the Lakebase instance {self._instance} up"):
            host = self._client.database.get_database_instance(self._instance).read_write_dns
            user = self._client.current_user.me().user_name
        if not host:
            raise UsageError(f"the Lakebase instance {self._instance} has no host yet", hint="wait until it is available")
        fixed = {
            "host": host,
            "port": self._place.port,
            "dbname": self._place.database,
            "user": user,
            "sslmode": self._place.sslmode,
            "options": "-c timezone=UTC",
            "autocommit": True,
        }
        return ConnectionPool(
            kwargs=lambda: {**fixed, "password": self.credentials.token()},
            min_size=1,
            max_size=_POOL,
            max_lifetime=RENEWED_S,
            reconnect_timeout=_AWAKE_S,
            check=ConnectionPool.check_connection,
            name="goldlane-lakebase",
            open=True,
        )

"""Connections of a pool, kept at hand: to take one out of the pool and to give it back costs a fifth of a lookup."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool


class Readers:
    """The connections of ``pool`` for threads to take and give back. It is the pool that makes them, bounds them and lets them wait."""

    def __init__(self, pool: ConnectionPool[Any]) -> None:
        self._pool = pool
        self._idle: deque[Connection[Any]] = deque()
        self._counting = threading.Lock()
        self._waiting, self._is_closed = 0, False

    def take(self) -> Connection[Any]:
        """One that nobody else has.

        Raises:
            psycopg.Error: none came free, or the server lets nobody in any more.
        """
        return self.at_hand() or self._waited_for()

    def at_hand(self) -> Connection[Any] | None:
        """One that nobody else has, if there is one without waiting."""
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def give(self, connection: Connection[Any]) -> None:
        """Back from whoever took it; one that is broken, or in the middle of something, goes to the pool, which sees to it."""
        if connection.pgconn.transaction_status or self._is_closed:
            self._pool.putconn(connection)
            return
        self._idle.append(connection)
        # Looked at after it lies there, as whoever waits looks there after they are counted: one of the two sees the other.
        if self._waiting or self._is_closed:
            self._hand_back()

    def close(self) -> None:
        """Let them go; those in use when they are given back."""
        self._is_closed = True
        while self._idle:
            self._hand_back()
        self._pool.close()

    def _waited_for(self) -> Connection[Any]:
        with self._counting:
            self._waiting += 1
        try:
            connection: Connection[Any] = self.at_hand() or self._pool.getconn()
            return connection
        finally:
            with self._counting:
                self._waiting -= 1

    def _hand_back(self) -> None:
        connection = self.at_hand()
        if connection is not None:
            self._pool.putconn(connection)

from __future__ import annotations

import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from goldlane.testing.postgres_server import PASSWORD, NoPostgresError, postgres_server

if TYPE_CHECKING:
    from goldlane.testing.postgres_server import PostgresServer


def asked(url: str, statement: str) -> list[Any]:
    with psycopg.connect(url) as connection:
        return connection.execute(statement).fetchall()


def test_every_test_has_a_schema_of_its_own(postgres_server: PostgresServer) -> None:
    first, second = postgres_server.new_schema(), postgres_server.new_schema()
    with psycopg.connect(first) as connection:
        connection.execute("CREATE TABLE things AS SELECT 1 AS n")

    assert asked(first, "SELECT n FROM things") == [(1,)]
    assert asked(second, "SELECT to_regclass('things')") == [(None,)]


def test_tcp_asks_for_the_password(postgres_server: PostgresServer) -> None:
    assert asked(postgres_server.url(host="127.0.0.1", password=PASSWORD), "SELECT 1") == [(1,)]
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(postgres_server.url(host="127.0.0.1", password=PASSWORD[1:]))


def test_a_server_comes_back_after_a_crash_and_is_gone_at_the_end() -> None:
    with postgres_server("max_connections=10") as server:
        server.sql("CREATE TABLE things AS SELECT 1 AS n")

        server.restart(signal.SIGQUIT)

        assert asked(server.url(), "SELECT n FROM things") == [(1,)]
    assert not server.folder.exists()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(server.url(host="127.0.0.1", password=PASSWORD))


def test_missing_programs_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("goldlane.testing.postgres_server.INSTALLED", tmp_path)

    with pytest.raises(NoPostgresError, match="no PostgreSQL server programs"), postgres_server():
        pass

"""Statements are prepared once per connection, and not for ever."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from goldlane.features.declarations import FeatureTable
from goldlane.features.online import OnlineStore, open_store
from goldlane.features.online import postgres_statements as statements
from goldlane.features.online.postgres import PostgresStore
from goldlane.features.publishing import publish

Frame = Callable[..., Any]
M1 = {"merchant_id": "M1"}


@pytest.fixture
def store(postgres_url: str, merchants: FeatureTable, frame: Frame) -> Iterator[OnlineStore]:
    """Three tables of one merchant, whose velocities are 1, 2 and 3."""
    store = open_store(postgres_url)
    for number in (1, 2, 3):
        publish(replace(merchants, name=f"table{number}"), frame([("M1", 10, "low", number)]), store)
    yield store
    store.close()


@pytest.fixture
def reader(postgres_url: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        yield connection


def prepared(reader: psycopg.Connection[Any]) -> int:
    ((count,),) = reader.execute("SELECT count(*) FROM pg_prepared_statements").fetchall()
    return int(count)


def test_a_reader_of_ever_other_tables_goes_on_reading(store: OnlineStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statements, "_MOST", 2)

    found = [store.lookup(f"table{number}", M1).features["velocity"] for _ in range(3) for number in (1, 2, 3)]

    assert found == [1, 2, 3] * 3


def test_a_pooler_or_server_that_forgot_the_statements_is_asked_anew(store: OnlineStore) -> None:
    assert isinstance(store, PostgresStore)
    store.lookup("table1", M1)
    readers = store._readers()  # noqa: SLF001  what a pooler does behind our back
    connection = readers.take()
    connection.execute("DEALLOCATE ALL")
    readers.give(connection)

    assert store.lookup("table1", M1).features["velocity"] == 1


def test_a_statement_is_prepared_once_and_the_oldest_ones_are_let_go(
    reader: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statements, "_MOST", 3)
    asked = statements.Statements(reader)

    counts = []
    for text in ("SELECT 1", "SELECT 1", "SELECT 2", "SELECT 3", "SELECT 4"):
        reader.wait(asked.ask(text, ()))
        counts.append(prepared(reader))

    assert counts == [1, 1, 2, 3, 1]


def test_a_servers_refusal_is_psycopgs_error_and_the_connection_is_good_for_more(reader: psycopg.Connection[Any]) -> None:
    asked = statements.Statements(reader)

    with pytest.raises(psycopg.errors.UndefinedTable, match="nowhere"):
        reader.wait(asked.ask("SELECT * FROM nowhere", ()))
    with pytest.raises(psycopg.errors.DivisionByZero):
        reader.wait(asked.ask("SELECT 1 / $1::bigint", (0,)))

    assert reader.wait(asked.ask("SELECT 6 / $1::bigint, $2::text", (3, "漢"))) == [(2, "漢")]


def test_keys_of_every_type_find_their_rows(postgres_url: str, frame: Frame, merchants: FeatureTable) -> None:
    at = frame([("x", 1, "", 0)]).column("as_of")[0].as_py()
    kinds = {
        "string": "a'b\\\"{},\n漢",
        "bigint": -(2**63),
        "decimal(38,2)": "-99999999999999999999.10",
        "date": "0099-12-31",
        "timestamp": at + timedelta(microseconds=1),
        "timestamp_ntz": (at - timedelta(microseconds=1)).replace(tzinfo=None),
        "boolean": True,
        "binary": b"\0\\'\xff",
    }
    names = {f"k{number}": kind for number, kind in enumerate(kinds)}
    table = replace(merchants, name="typed", keys=tuple(names), key_types=names)
    import pyarrow as pa

    from goldlane.features.arrow_batches import arrow_schema
    from goldlane.features.online.key_values import key_value

    key = dict(zip(names, kinds.values(), strict=True))
    row = {name: key_value(value, names[name]) for name, value in key.items()}
    store = open_store(postgres_url)
    publish(table, pa.Table.from_pylist([{**row, "as_of": at, "tier": "low", "velocity": 7}], schema=arrow_schema(table)), store)

    one, (first, other) = store.lookup(table, key), store.lookup_many(table, [key, {**key, "k0": "{}"}], "empty")

    assert (one.features, first.features, other.as_of) == ({"tier": "low", "velocity": 7},) * 2 + (None,)
    store.close()

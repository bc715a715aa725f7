"""What only PostgreSQL does: columns of its own types, grants and views, servers that refuse, fill up or restart, and secrets."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import psycopg
import pyarrow as pa
import pytest

from goldlane.errors import GoldlaneError, MissingExtraError, Mistakes, UsageError
from goldlane.features.arrow_batches import arrow_schema
from goldlane.features.declarations import Feature, FeatureTable
from goldlane.features.online import OnlineStore, StoreError, open_store
from goldlane.features.online.postgres_staging import FEW_ROWS
from goldlane.features.publishing import publish
from goldlane.testing.postgres_server import PASSWORD, PostgresServer, postgres_server

Frame = Callable[..., Any]
AT = datetime(2026, 1, 1, tzinfo=timezone.utc)
ALL_TYPES = {
    "string": "text",
    "boolean": "boolean",
    "tinyint": "smallint",
    "int": "integer",
    "bigint": "bigint",
    "float": "real",
    "double": "double precision",
    "decimal(18,2)": "numeric(18,2)",
    "date": "date",
    "timestamp": "timestamp with time zone",
    "timestamp_ntz": "timestamp without time zone",
    "binary": "bytea",
}


@pytest.fixture
def store(postgres_url: str) -> Iterator[OnlineStore]:
    store = open_store(postgres_url)
    yield store
    store.close()


def rows_of(url: str, statement: str) -> list[Any]:
    with psycopg.connect(url) as connection:
        return connection.execute(statement).fetchall()  # type: ignore[call-overload,no-any-return]


def many(merchants: FeatureTable, count: int, velocity: int, key: str = "M{}") -> pa.Table:
    schema = arrow_schema(merchants)
    columns = [[key.format(n) for n in range(count)], [AT] * count, ["low"] * count, [velocity] * count]
    return pa.table(columns, schema=schema)


def velocity(store: OnlineStore, key: str = "M1") -> Any:
    return store.lookup("merchants", {"merchant_id": key}).features["velocity"]


def test_columns_have_postgres_types(store: OnlineStore, postgres_url: str) -> None:
    features = tuple(Feature(name=f"f{n}", type=kind, description="a value") for n, kind in enumerate(ALL_TYPES))
    table = FeatureTable(name="typed", keys=("k",), event_time="t", features=features)
    publish(table, arrow_schema(table).empty_table(), store)

    found = rows_of(
        postgres_url, "SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'typed'::regclass AND attnum > 0"
    )

    assert [kind for (kind,) in found] == ["text", "timestamp with time zone", *ALL_TYPES.values()]


@pytest.mark.parametrize("mode", ["triggered", "snapshot"])
def test_many_rows_come_back_as_few_do(store: OnlineStore, mode: Any) -> None:
    values = {
        "string": "a'b\n漢\t\\", "boolean": True, "tinyint": -128, "int": -(2**31), "bigint": 2**63 - 1,
        "float": 0.5, "double": float("-inf"),
        "date": AT.date(), "timestamp": AT + timedelta(microseconds=1), "timestamp_ntz": AT.replace(tzinfo=None), "binary": b"\0\xff",
    }  # fmt: skip
    features = tuple(Feature(name=kind, type=kind, description="a value") for kind in values)
    table = FeatureTable(name="typed", keys=("k",), key_types={"k": "bigint"}, event_time="t", features=features)
    few = pa.Table.from_pylist([{"k": k, "t": AT, **values} for k in (0, 1)] + [{"k": 2, "t": AT}], schema=arrow_schema(table))
    publish(table, few, store)
    expected = store.lookup_many("typed", [{"k": k} for k in range(3)], at=AT)
    columns = {name: few.column(name).take([1] * (FEW_ROWS + 1)) for name in few.column_names}
    columns["k"] = pa.chunked_array([pa.array(range(3, FEW_ROWS + 4), pa.int64())])

    published = publish(table, pa.concat_tables([few, pa.table(columns, schema=few.schema)]), store, mode=mode)

    assert published.rows_written == FEW_ROWS + 4
    assert store.lookup_many("typed", [{"k": k} for k in (0, 1, 2, FEW_ROWS)], at=AT) == [*expected, expected[1]]


def test_of_many_rows_of_a_key_the_newest_and_greatest_counts(store: OnlineStore, merchants: FeatureTable) -> None:
    twice = pa.concat_tables([many(merchants, FEW_ROWS, 2), many(merchants, FEW_ROWS, 3), many(merchants, FEW_ROWS, 1)])

    written = [publish(merchants, twice, store, mode=mode).rows_written for mode in ("snapshot", "triggered")]  # type: ignore[arg-type]

    assert (written, velocity(store)) == ([FEW_ROWS, FEW_ROWS], 3)


def test_who_may_read_a_table_may_read_its_next_snapshot(
    store: OnlineStore, postgres_server: PostgresServer, postgres_url: str, merchants: FeatureTable, frame: Frame
) -> None:
    publish(merchants, frame([("M1", 10, "low", 1)]), store)
    role = f"agent_{os.getpid()}_{time.time_ns()}"
    schema = rows_of(postgres_url, "SELECT current_schema()")[0][0]
    postgres_server.sql(
        f"CREATE ROLE {role}; GRANT USAGE ON SCHEMA {schema} TO {role}; GRANT SELECT ON {schema}.merchants TO {role}, PUBLIC"
    )

    publish(merchants, frame([("M1", 11, "low", 2)]), store, mode="snapshot")

    found = rows_of(
        postgres_url, f"SELECT has_table_privilege('{role}', 'merchants', 'SELECT'), has_table_privilege('{role}', 'merchants', 'DELETE')"
    )
    assert found == [(True, False)]


def test_a_view_of_a_table_stays_a_view_of_its_next_snapshot(
    store: OnlineStore, postgres_url: str, merchants: FeatureTable, frame: Frame
) -> None:
    publish(merchants, frame([("M1", 10, "low", 1), ("M2", 10, "low", 1)]), store)
    with psycopg.connect(postgres_url) as connection:
        connection.execute("CREATE VIEW speeds AS SELECT merchant_id, velocity FROM merchants")

    publish(merchants, frame([("M1", 11, "low", 2)]), store, mode="snapshot")

    assert rows_of(postgres_url, "SELECT * FROM speeds") == [("M1", 2)]


def test_a_column_that_is_no_longer_declared_stays_without_its_old_values(
    store: OnlineStore, postgres_url: str, merchants: FeatureTable, frame: Frame
) -> None:
    publish(merchants, frame([("M1", 10, "low", 1), ("M2", 10, "high", 1)]), store)
    narrower = replace(merchants, features=merchants.features[1:])

    publish(narrower, frame([("M1", 11, "low", 2)]), store)
    upserted = rows_of(postgres_url, "SELECT merchant_id, tier, velocity FROM merchants ORDER BY 1")
    publish(narrower, frame([("M1", 11, "low", 2)]), store, mode="snapshot")

    assert upserted == [("M1", None, 2), ("M2", "high", 1)]
    assert rows_of(postgres_url, "SELECT merchant_id, tier, velocity FROM merchants") == [("M1", None, 2)]


def test_somebody_elses_table_is_not_written_over(store: OnlineStore, postgres_url: str, merchants: FeatureTable, frame: Frame) -> None:
    with psycopg.connect(postgres_url) as connection:
        connection.execute("CREATE TABLE merchants (x int)")

    with pytest.raises(UsageError, match="already has a table 'merchants' that Goldlane did not write"):
        publish(merchants, frame([("M1", 10, "low", 1)]), store)


def test_names_that_postgres_cannot_keep_are_refused_together(store: OnlineStore, merchants: FeatureTable) -> None:
    wrong = replace(merchants, name="m" * 60, features=(Feature(name="xmin", type="int", description="a value"),))

    with pytest.raises(Mistakes, match="is longer than 54 bytes; PostgreSQL has a column 'xmin' of its own"):
        publish(wrong, arrow_schema(wrong).empty_table(), store)


@pytest.mark.parametrize(
    "key,said",
    [("a\0b", "holds the character NUL"), ("".join(chr(0x4E00 + n) for n in range(9000)), "a key is longer than PostgreSQL can")],
)
@pytest.mark.parametrize("count", [1, FEW_ROWS + 1])
def test_a_key_that_postgres_cannot_keep_is_refused_and_the_store_is_as_it_was(  # noqa: PLR0913  two kinds of keys, few and many
    store: OnlineStore, postgres_url: str, merchants: FeatureTable, frame: Frame, key: str, said: str, count: int
) -> None:
    publish(merchants, frame([("M1", 10, "low", 1)]), store)
    rows = pa.concat_tables([many(merchants, count, 9), frame([(key, 10, "low", 7)])])

    with pytest.raises(UsageError, match=said):
        publish(merchants, rows, store)

    assert velocity(store) == 1
    assert rows_of(postgres_url, "SELECT relname FROM pg_class WHERE relname LIKE 'goldlane_rows%'") == []


def test_a_text_of_a_megabyte_is_a_value(store: OnlineStore, merchants: FeatureTable, frame: Frame) -> None:
    text = "aß漢" * 300_000

    publish(merchants, frame([("M1", 10, text, 1)]), store)

    assert store.lookup("merchants", {"merchant_id": "M1"}).features["tier"] == text


def test_a_batch_that_fails_on_its_way_leaves_the_store_as_it_was(
    store: OnlineStore, postgres_url: str, merchants: FeatureTable, frame: Frame
) -> None:
    publish(merchants, frame([("M1", 10, "low", 1)]), store)

    def batches() -> Iterator[pa.RecordBatch]:
        yield from many(merchants, FEW_ROWS + 1, 9).to_batches()
        raise UsageError("the source broke")

    with pytest.raises(UsageError, match="the source broke"):
        publish(merchants, pa.RecordBatchReader.from_batches(arrow_schema(merchants), batches()), store, mode="snapshot")

    assert velocity(store) == 1
    assert rows_of(postgres_url, "SELECT relname FROM pg_class WHERE relname LIKE 'goldlane_rows%'") == []


def test_a_missing_server_is_said_at_once(merchants: FeatureTable, frame: Frame) -> None:
    store = open_store("postgresql://somebody:hidden@127.0.0.1:1/nothing")
    started = time.monotonic()

    for act in (lambda: velocity(store), lambda: publish(merchants, frame([]), store), store.publications):
        with pytest.raises(StoreError, match=r"postgresql://somebody@127\.0\.0\.1:1/nothing cannot be reached.*is the server running"):
            act()

    assert time.monotonic() - started < 5


@pytest.mark.parametrize("secret", ["pass word", "p%2F'q\"", "x@y/z"])
def test_a_wrong_password_is_the_callers_mistake_and_is_never_printed(
    postgres_server: PostgresServer, merchants: FeatureTable, frame: Frame, secret: str, caplog: pytest.LogCaptureFixture
) -> None:
    store = open_store(postgres_server.url(host="127.0.0.1", password=secret))

    for act in (lambda: velocity(store), lambda: publish(merchants, frame([]), store)):
        with pytest.raises(UsageError, match="the password is wrong") as caught:
            act()
        told = "".join(traceback.format_exception(caught.value)) + caplog.text + repr(store) + repr(store.place)  # type: ignore[attr-defined]
        assert secret not in told


def test_the_right_password_is_not_printed_by_later_errors(
    postgres_server: PostgresServer, merchants: FeatureTable, frame: Frame, caplog: pytest.LogCaptureFixture
) -> None:
    store = open_store(postgres_server.url(host="127.0.0.1", password=PASSWORD) + "&options=-csearch_path%3Dno_such_schema")

    with pytest.raises(GoldlaneError) as caught:
        publish(merchants, frame([("M1", 10, "low", 1)]), store)

    assert PASSWORD not in "".join(traceback.format_exception(caught.value)) + caplog.text
    assert "there is no schema to make tables in" in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:se@cret@host/db",
        "postgresql://u:se/cret@host/db",
        "postgresql://u:secret@host:port/db?nonsense=1",
        "postgresql://u:%zzcret@h/d",
    ],
)
def test_a_url_that_cannot_be_read_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        open_store(url)

    assert "cret" not in "".join(traceback.format_exception(caught.value)).replace("secrets", "").partition("UsageError")[2]


def test_an_empty_database_says_how_to_fill_it(store: OnlineStore) -> None:
    with pytest.raises(UsageError, match=r"holds no published table.*goldlane publish fills it"):
        velocity(store)


def test_a_newer_format_is_refused(store: OnlineStore, postgres_url: str, merchants: FeatureTable, frame: Frame) -> None:
    publish(merchants, frame([("M1", 10, "low", 1)]), store)
    with psycopg.connect(postgres_url) as connection:
        connection.execute("COMMENT ON TABLE goldlane_tables IS 'goldlane format 99'")

    for act in (lambda: velocity(store), lambda: publish(merchants, frame([]), store)):
        with pytest.raises(UsageError, match="was written by a newer Goldlane"):
            act()


def test_without_psycopg_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "psycopg", None)

    with pytest.raises(MissingExtraError, match="'goldlane\\[postgres\\]'"):
        open_store("postgresql://localhost/db")


def test_a_second_publisher_waits_for_the_first(store: OnlineStore, merchants: FeatureTable, frame: Frame) -> None:
    publish(merchants, frame([("M1", 10, "low", 0)]), store)
    entered, order = threading.Event(), []

    def slow() -> Iterator[pa.RecordBatch]:
        entered.set()
        time.sleep(0.5)
        order.append("first")
        yield from frame([("M1", 11, "low", 1)]).to_batches()

    def second() -> None:
        entered.wait()
        publish(merchants, frame([("M1", 11, "low", 2)]), store)
        order.append("second")

    with ThreadPoolExecutor(2) as pool:
        waiting = pool.submit(second)
        publish(merchants, pa.RecordBatchReader.from_batches(arrow_schema(merchants), slow()), store)
        waiting.result()

    assert (order, velocity(store)) == (["first", "second"], 2)


def test_publishers_that_begin_an_empty_store_together_all_succeed(
    store: OnlineStore, postgres_url: str, merchants: FeatureTable, frame: Frame
) -> None:
    tables = [replace(merchants, name=f"m{n}") for n in range(4)]

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda table: publish(table, frame([("M1", 10, "low", 1)]), open_store(postgres_url)), tables))

    assert [publication.table.name for publication in store.publications()] == ["m0", "m1", "m2", "m3"]


def test_readers_see_the_old_rows_or_the_new_ones_while_snapshots_follow_each_other(
    postgres_url: str, merchants: FeatureTable, frame: Frame
) -> None:
    writer, reader, stop = open_store(postgres_url), open_store(postgres_url), threading.Event()
    keys = [{"merchant_id": f"M{n}"} for n in range(20)]
    rows = [frame([(f"M{n}", 10, "low", turn) for n in range(20)]) for turn in range(2)]
    publish(merchants, rows[0], writer)

    def write() -> None:
        for turn in range(1, 16):
            publish(merchants, rows[turn % 2], writer, mode="snapshot")
        stop.set()

    with ThreadPoolExecutor(1) as pool:
        written, seen = pool.submit(write), []
        while not stop.is_set():
            seen.append({answer.features["velocity"] for answer in reader.lookup_many("merchants", keys)})
        written.result()

    assert {len(values) for values in seen} == {1}
    assert {next(iter(values)) for values in seen} == {0, 1}
    reader.close()


def test_tables_that_change_their_columns_and_types_are_read_at_once(
    store: OnlineStore, postgres_url: str, merchants: FeatureTable, frame: Frame
) -> None:
    reader = open_store(postgres_url)
    publish(merchants, frame([("M1", 10, "low", 1)]), store)
    assert velocity(reader) == 1
    changed = replace(merchants, features=(Feature(name="velocity", type="double", description="a value"),))

    publish(changed, pa.table({"merchant_id": ["M1"], "as_of": [AT], "velocity": [0.5]}), store, mode="snapshot")

    assert reader.lookup("merchants", {"merchant_id": "M1"}).features == {"velocity": 0.5}
    assert reader.lookup_all({"merchants": {"merchant_id": "M1"}})["merchants"].features == {"velocity": 0.5}
    reader.close()


@pytest.fixture(scope="module")
def own_server() -> Iterator[PostgresServer]:
    """A server that a test may stop: others read from theirs."""
    with postgres_server() as server:
        yield server


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT])
def test_a_reader_reads_on_after_the_server_was_restarted(
    own_server: PostgresServer, merchants: FeatureTable, frame: Frame, how: signal.Signals
) -> None:
    store = open_store(own_server.new_schema())
    publish(merchants, frame([("M1", 10, "low", 1)]), store)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: velocity(store), range(20)))

    own_server.stop(how)
    with pytest.raises(StoreError, match="cannot be reached, or went away"):
        velocity(store)
    own_server.start()

    assert velocity(store) == 1
    store.close()


def test_threads_that_lost_their_connections_together_all_read_on(
    postgres_server: PostgresServer, store: OnlineStore, merchants: FeatureTable, frame: Frame
) -> None:
    publish(merchants, frame([("M1", 10, "low", 1)]), store)
    everybody = "FROM pg_stat_activity WHERE application_name = 'goldlane' AND pid <> pg_backend_pid()"
    at_once = threading.Barrier(8)

    def read(_: int) -> Any:
        at_once.wait()
        return [velocity(store) for _ in range(5)]

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(read, range(8)))
        for _ in range(10):
            postgres_server.sql(f"SELECT pg_terminate_backend(pid) {everybody}")
            assert list(pool.map(read, range(8))) == [[1] * 5] * 8


def test_a_restart_in_the_middle_of_a_publish_is_told_and_leaves_the_old_rows(
    own_server: PostgresServer, merchants: FeatureTable, frame: Frame
) -> None:
    store = open_store(own_server.new_schema())
    publish(merchants, frame([("M1", 10, "low", 1)]), store)

    def batches() -> Iterator[pa.RecordBatch]:
        yield from many(merchants, FEW_ROWS + 1, 9).to_batches()
        own_server.restart()
        yield from many(merchants, FEW_ROWS + 1, 9).to_batches()

    with pytest.raises(StoreError, match="cannot be reached, or went away"):
        publish(merchants, pa.RecordBatchReader.from_batches(arrow_schema(merchants), batches()), store, mode="snapshot")

    assert velocity(store) == 1
    assert publish(merchants, many(merchants, FEW_ROWS + 1, 9), store, mode="snapshot").rows_written == FEW_ROWS + 1
    store.close()


@pytest.fixture(scope="module")
def small_disk(own_server: PostgresServer) -> Iterator[str]:
    """Options that put a store into a tablespace of a few megabytes; a skip where no file system can be mounted."""
    place = own_server.folder / "small"
    place.mkdir()
    mount = [str(shutil.which("mount")), "-t", "tmpfs", "-o", "size=6m,mode=777", "none", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("a small disk needs the right to mount one")
    (place / "space").mkdir()
    shutil.chown(place / "space", "postgres", "postgres")
    own_server.sql(f"CREATE TABLESPACE small LOCATION '{place}/space'")
    yield "%20-cdefault_tablespace%3Dsmall"
    own_server.stop()
    subprocess.run([str(shutil.which("umount")), str(place)], check=True)


@pytest.mark.parametrize("mode", ["triggered", "snapshot"])
def test_a_full_disk_is_said_and_leaves_the_store_as_it_was(
    own_server: PostgresServer, small_disk: str, merchants: FeatureTable, frame: Frame, mode: Any
) -> None:
    store = open_store(own_server.new_schema() + small_disk)
    publish(merchants, frame([("M1", 10, "low", 1)]), store)

    with pytest.raises(StoreError, match="the disk is full; the store is as it was"):
        publish(merchants, many(merchants, 200_000, 9, "a-rather-long-key-of-a-merchant-{}"), store, mode=mode)

    assert velocity(store) == 1
    assert publish(merchants, frame([("M1", 11, "low", 2)]), store).rows_written == 1
    store.close()

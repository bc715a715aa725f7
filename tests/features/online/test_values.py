from __future__ import annotations

import math
import sqlite3
from datetime import date, datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from goldlane.errors import Mistakes, UsageError
from goldlane.features.arrow_batches import arrow_schema, arrow_type
from goldlane.features.declarations import Feature, FeatureTable
from goldlane.features.publishing import publish

if TYPE_CHECKING:
    from goldlane.features.online import OnlineStore

AT = datetime(2026, 1, 1, tzinfo=timezone.utc)
VALUES = [
    ("string", "a'b\n漢"),
    ("string", "NaN"),
    ("boolean", True),
    ("boolean", False),
    ("tinyint", -128),
    ("smallint", 32767),
    ("int", -(2**31)),
    ("bigint", 2**63 - 1),
    ("float", 0.5),
    ("double", 0.1),
    ("double", math.inf),
    ("double", -math.inf),
    ("decimal(18,2)", Decimal("12.30")),
    ("decimal(38,18)", Decimal("-99999999999999999999.000000000000000001")),
    ("date", date(2026, 2, 28)),
    ("timestamp", datetime(2026, 1, 31, 9, 0, 0, 123456, tzinfo=timezone.utc)),
    ("timestamp", datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=timezone.utc)),
    ("timestamp_ntz", datetime(2026, 1, 31, 9, 0, 0, 1)),  # noqa: DTZ001
    ("binary", b"\0\xff"),
]
KEYS = [pair for pair in VALUES if pair[0] not in ("float", "double")]
TEXTS = [
    ("int", "-5", -5),
    ("boolean", "true", True),
    ("date", "2026-02-28", date(2026, 2, 28)),
    ("decimal(18,2)", "12.3", Decimal("12.30")),
]


def one(kind: str, value: Any) -> tuple[FeatureTable, pa.Table]:
    table = FeatureTable(name="one", keys=("k",), event_time="t", features=(Feature(name="v", type=kind, description="a value"),))
    return table, pa.Table.from_pylist([{"k": "a", "t": AT, "v": value}], schema=arrow_schema(table))


@pytest.mark.parametrize("kind,value", VALUES)
def test_a_value_comes_back_as_it_was(store: OnlineStore, kind: str, value: Any) -> None:
    publish(*one(kind, value), store)

    found = store.lookup("one", {"k": "a"}).features["v"]

    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize("kind", sorted({kind for kind, _ in VALUES}))
def test_null_comes_back_as_none_and_missing(store: OnlineStore, kind: str) -> None:
    publish(*one(kind, None), store)

    answer = store.lookup("one", {"k": "a"})

    assert (answer.features, answer.missing) == ({"v": None}, ("v",))


@pytest.mark.parametrize("kind", ["float", "double"])
def test_nan_comes_back_as_nan_and_is_not_missing(store: OnlineStore, kind: str) -> None:
    publish(*one(kind, math.nan), store)

    answer = store.lookup("one", {"k": "a"})

    assert math.isnan(answer.features["v"])
    assert answer.missing == ()


@pytest.mark.parametrize("kind,value", KEYS)
def test_a_key_is_found_by_its_value(store: OnlineStore, kind: str, value: Any) -> None:
    table = FeatureTable(
        name="keyed", keys=("k",), key_types={"k": kind}, event_time="t", features=(Feature(name="v", type="int", description="a value"),)
    )
    publish(table, pa.Table.from_pylist([{"k": value, "t": AT, "v": 1}], schema=arrow_schema(table)), store)

    assert store.lookup("keyed", {"k": value}).features == {"v": 1}


@pytest.mark.parametrize("kind,text,value", TEXTS)
def test_a_key_is_found_by_its_text(store: OnlineStore, kind: str, text: str, value: Any) -> None:
    table = FeatureTable(
        name="keyed", keys=("k",), key_types={"k": kind}, event_time="t", features=(Feature(name="v", type="int", description="a value"),)
    )
    publish(table, pa.Table.from_pylist([{"k": value, "t": AT, "v": 1}], schema=arrow_schema(table)), store)

    assert store.lookup("keyed", {"k": text}).features == {"v": 1}


@pytest.mark.parametrize(
    "kind,value",
    [
        ("int", "five"),
        ("int", 2**63),
        ("int", True),
        ("date", "soon"),
        ("boolean", "yes"),
        ("timestamp", AT.replace(tzinfo=None)),
        ("decimal(18,2)", "1.234"),
        ("decimal(18,2)", "x"),
        ("binary", "xyz"),
    ],
)
def test_a_key_that_is_no_such_value_is_refused(store: OnlineStore, kind: str, value: Any) -> None:
    table = FeatureTable(
        name="keyed", keys=("k",), key_types={"k": kind}, event_time="t", features=(Feature(name="v", type="int", description="a value"),)
    )
    publish(table, arrow_schema(table).empty_table(), store)

    with pytest.raises(UsageError, match="keyed: key k is of type"):
        store.lookup("keyed", {"k": value})


def test_a_floating_point_key_is_refused(store: OnlineStore) -> None:
    table = FeatureTable(
        name="keyed",
        keys=("k",),
        key_types={"k": "double"},
        event_time="t",
        features=(Feature(name="v", type="int", description="a value"),),
    )

    with pytest.raises(Mistakes, match="key 'k' is of type double"):
        publish(table, arrow_schema(table).empty_table(), store)


def test_columns_are_the_keys_the_time_and_the_features_for_every_sqlite_client(store: OnlineStore, path: Path) -> None:
    table, rows = one("decimal(18,2)", Decimal("12.30"))
    publish(table, rows, store)

    connection = sqlite3.connect(path)
    found = connection.execute("SELECT * FROM one")

    assert [column[0] for column in found.description] == ["k", "t", "v"]
    assert found.fetchall() == [("a", 1_767_225_600_000_000, "12.30")]
    connection.close()


def test_a_value_is_never_rounded_to_fit(store: OnlineStore) -> None:
    table, _ = one("int", 1)
    too_big = pa.table({"k": ["a"], "t": pa.array([AT], pa.timestamp("us", "UTC")), "v": pa.array([2**40], pa.int64())})

    with pytest.raises(UsageError, match="one: column v is declared int32 and holds a value that does not fit"):
        publish(table, too_big, store)


@pytest.mark.parametrize(
    "found,declared",
    [(pa.int32(), "bigint"), (pa.float32(), "double"), (pa.large_string(), "string"), (pa.string_view(), "string"), (pa.null(), "double")],
)
def test_a_column_of_a_kindred_type_is_converted(store: OnlineStore, found: pa.DataType, declared: str) -> None:
    table, _ = one(declared, None)
    rows = pa.table({"k": ["a"], "t": pa.array([AT], pa.timestamp("ns")), "v": pa.array([None], found)})

    publish(table, rows, store)

    assert store.lookup("one", {"k": "a"}).as_of == AT


def test_columns_that_are_missing_or_of_another_kind_are_named_all_at_once(store: OnlineStore) -> None:
    table, _ = one("double", 1.0)

    with pytest.raises(Mistakes, match="there is no column 't'; v is string, declared double"):
        publish(table, pa.table({"k": ["a"], "v": ["1.0"]}), store)


@pytest.mark.parametrize("kind", sorted({kind for kind, _ in VALUES}))
def test_every_declared_type_has_an_arrow_type(kind: str) -> None:
    assert isinstance(arrow_type(kind), pa.DataType)

"""Values at the ends of their types: refused before they are kept, or told exactly; the same by every engine."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from goldlane.errors import UsageError
from goldlane.features.arrow_batches import arrow_schema
from goldlane.features.declarations import Feature, FeatureTable
from goldlane.features.online import OnlineStore
from goldlane.features.publishing import publish

AT = datetime(2026, 1, 1, tzinfo=timezone.utc)
FEATURE = Feature(name="f", type="bigint", description="a value")
DAY = 86_400_000_000


def keyed_by(kind: str) -> FeatureTable:
    return FeatureTable(name="keyed", keys=("k",), key_types={"k": kind}, event_time="t", features=(FEATURE,))


def rows(table: FeatureTable, **values: Any) -> pa.Table:
    return pa.Table.from_pylist([{"t": AT, "f": 7, **values}], schema=arrow_schema(table))


@pytest.mark.parametrize("column, kind", [("f", "timestamp"), ("f", "timestamp_ntz"), ("f", "date"), ("t", "timestamp")])
@pytest.mark.parametrize("year", [-1, 10_000])
def test_a_time_that_no_reader_could_tell_is_refused(store: OnlineStore, column: str, kind: str, year: int) -> None:
    table = replace(keyed_by("string"), features=(replace(FEATURE, type=kind if column == "f" else "bigint"),))
    days = (year - 1970) * 366
    number = pa.array([days], pa.int32()) if kind == "date" else pa.array([days * DAY], pa.int64())
    good = rows(table, k="a", f=None)
    place = good.schema.get_field_index(column)

    with pytest.raises(UsageError, match=f"keyed: column {column} holds a time outside the years 1 to 9999"):
        publish(table, good.set_column(place, good.schema.field(place), number.cast(good.schema.field(place).type)), store)


def test_the_first_and_the_last_instant_are_told(store: OnlineStore) -> None:
    table = replace(keyed_by("timestamp"), features=(replace(FEATURE, type="date"),))
    ends = [moment.replace(tzinfo=timezone.utc) for moment in (datetime.min, datetime.max)]  # noqa: DTZ901  a zone is given to both
    publish(table, pa.concat_tables(rows(table, k=end, t=end, f=end.date()) for end in ends), store)

    answers = store.lookup_many("keyed", [{"k": end} for end in ends], at=AT)

    assert [(answer.as_of, answer.features["f"]) for answer in answers] == [(end, end.date()) for end in ends]


def test_a_zero_has_no_sign(store: OnlineStore) -> None:
    table = keyed_by("decimal(20,10)")
    publish(table, rows(table, k=Decimal(0)), store)

    found = [store.lookup("keyed", {"k": zero}).features["f"] for zero in ("-0", "0.000", Decimal("-0E+3"), 0)]

    assert found == [7] * 4


def test_a_time_that_its_zone_takes_past_the_last_year_is_no_key(store: OnlineStore) -> None:
    table = keyed_by("timestamp")
    publish(table, rows(table, k=AT), store)

    with pytest.raises(UsageError, match="lies outside the years 1 to 9999 in UTC"):
        store.lookup("keyed", {"k": "9999-12-31T23:59:59-23:00"})

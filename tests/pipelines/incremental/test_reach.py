"""Windows that look around their rows: what a change touches is computed again, from what it looks at, and from no more."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from goldlane.pipelines.incremental.changes import changes_between
from goldlane.pipelines.incremental.keys import keys_of
from goldlane.pipelines.incremental.reach import Reach
from goldlane.pipelines.incremental.restricted import of_keys, restricted
from goldlane.pipelines.incremental.sources import newest
from goldlane.pipelines.incremental.spans import HIGH, LOW, spans_around, widened
from goldlane.pipelines.incremental.touched import touched_keys

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyspark.sql import SparkSession

STEPS = st.integers(0, 6)
REACHES = st.builds(Reach, STEPS, STEPS)


def looks_at(row: int, other: int, reach: Reach) -> bool:
    return row - reach.before <= other <= row + reach.after


@given(reach=REACHES, changed=st.integers(-20, 20))
def test_a_change_touches_the_rows_that_look_at_it_and_no_others(reach: Reach, changed: int) -> None:
    low, high = reach.mirrored.around(changed, changed)

    assert [row for row in range(-40, 40) if looks_at(row, changed, reach)] == list(range(low, high + 1))


@given(inner=REACHES, outer=REACHES, row=st.integers(-20, 20))
def test_a_window_over_a_window_looks_as_far_as_both(inner: Reach, outer: Reach, row: int) -> None:
    seen = {far for near in range(-60, 60) if looks_at(row, near, outer) for far in range(-60, 60) if looks_at(near, far, inner)}
    low, high = (inner + outer).around(row, row)

    assert sorted(seen) == list(range(low, high + 1))


def test_spans_of_one_key_that_meet_are_one_and_null_is_one_of_its_own(spark: SparkSession) -> None:
    last = 2**63 - 1
    values = {"a": [1, 5, 20, None], "b": [4], None: [None, 4], "end": [last - 2]}
    keys = spark.createDataFrame([(k, n) for k, of in values.items() for n in of], "k STRING, n BIGINT")

    found = spans_around(keys, "n", Reach(2, 3))

    assert {(row.k, row[LOW], row[HIGH]) for row in found.collect()} == {
        *(("a", -1, 8), ("a", 18, 23), ("a", None, None), ("b", 2, 7), (None, 2, 7), (None, None, None)),
        ("end", last - 4, last),
    }
    assert {(row[LOW], row[HIGH]) for row in widened(found.where("k IN ('b', 'end')"), Reach(1, 1)).collect()} == {(1, 8), (last - 5, last)}


SCHEMA = pa.schema([("id", pa.int64()), ("k", pa.string()), ("n", pa.int64()), ("v", pa.int64())])
ROWS = st.lists(st.tuples(st.sampled_from(["a", "b", None]), st.integers(0, 12) | st.none()), min_size=1, max_size=12)
ENDS = st.tuples(st.integers(-4, 3), st.integers(-3, 4)).map(lambda ends: tuple(sorted(ends)))
ORDERS = {"n": "n", "day": "date_from_unix_date(CAST(n AS INT))", "at": "timestamp_seconds(n * 86400)"}
WINDOWS = st.tuples(ENDS, st.sampled_from(["", "DESC"]))


def appended(place: str, rows: list[tuple[str | None, int | None]], first: int) -> None:
    from deltalake import write_deltalake

    told = [{"id": first + number, "k": k, "n": n, "v": 7 * number % 5} for number, (k, n) in enumerate(rows)]
    write_deltalake(place, pa.Table.from_pylist(told, SCHEMA), mode="append")


def query(column: str, partition: str, windows: list[tuple[tuple[int, int], str]]) -> str:
    """Windows over each other, by a column that counts days."""

    def end(steps: int) -> str:
        size = f"INTERVAL {abs(steps)} DAYS" if column == "at" else str(abs(steps))
        return f"{size} {'FOLLOWING' if steps > 0 else 'PRECEDING'}"

    text = f"SELECT id, k, {ORDERS[column]} AS x, v FROM {{t}}"
    for (low, high), direction in windows:
        frame = f"{partition} ORDER BY x {direction} RANGE BETWEEN {end(low)} AND {end(high)}"
        text = f"SELECT id, k, x, sum(v) OVER ({frame}) AS v FROM ({text})"
    return text


@pytest.mark.slow
@settings(max_examples=8, phases=(Phase.explicit, Phase.generate))
@given(
    shape=st.tuples(st.sampled_from(sorted(ORDERS)), st.sampled_from(["PARTITION BY k", "PARTITION BY k", ""])),
    windows=st.lists(WINDOWS, min_size=1, max_size=2),
    rows=st.tuples(ROWS, ROWS),
    gone=st.integers(0, 4),
)
def test_whatever_changes_the_rows_that_look_at_it_and_the_rest_are_the_whole(
    spark: SparkSession, shape: tuple[str, str], windows: list[Any], rows: tuple[list[Any], list[Any]], gone: int
) -> None:
    from deltalake import DeltaTable

    with TemporaryDirectory(prefix="goldlane-reach-") as folder:
        place, text = str(Path(folder) / "t"), query(*shape, windows)
        appended(place, rows[0], 0)
        since = newest(spark, f"file:{place}")
        appended(place, rows[1], 100)
        DeltaTable(place).delete(f"id % 5 = {gone}")
        now = newest(spark, f"file:{place}")
        old, new = (spark.sql(text.replace("{t}", f"delta.`{place}`{version}")) for version in (f" VERSION AS OF {since.version}", ""))
        keys = keys_of(new, [now.path], ())

        with touched_keys(keys, {now.path: changes_between(spark, since, now)}) as touched:
            again = restricted(keys, {now.path: now}, touched).frame.collect()
            kept = of_keys(old, touched, {name: name for name in keys.columns}, how="leftanti").collect()

        assert "x" in keys.columns
        assert sorted(map(str, [*again, *kept])) == sorted(map(str, new.collect()))


LANE = """
from pyspark.sql import Window
from pyspark.sql import functions as F

def weeks(read):
    daily = read("orders").groupBy("customer", F.to_date("at").alias("day")).agg(F.sum("amount").alias("amount"))
    week = Window.partitionBy("customer").orderBy(F.unix_date("day")).rangeBetween(-6, 0)
    return daily.select("customer", "day", F.sum("amount").over(week).alias("amount"))

ALL = {"weeks": weeks}
"""


@pytest.mark.slow
def test_a_day_reads_and_writes_the_weeks_around_it(new_lane: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    from goldlane.pipelines.incremental import stretches

    monkeypatch.setattr(stretches, "ROWS_OF_STRETCH", 4)
    lane = new_lane(LANE)
    lane.append("customers", {"customer": "a", "name": "A"})
    for day in range(40):
        lane.append("orders", *(lane.order(10 * day + number, "abcd"[number], day=day) for number in range(4)))
    lane.run()
    before = {str(path) for path in lane.stored("weeks").file_uris()}

    lane.append("orders", lane.order(1000, "a", 5, day=20), lane.order(1001, None, 5, day=20))
    lane.delta("orders").delete("id = 191")
    update = lane.run()

    told = lane.plans(update)["weeks"]
    assert lane.wrong(update) == {}
    assert (told["technique"], told["key_columns"]) == ("WINDOW_FUNCTION", ["customer", "day"])
    assert lane.counted(update) == {"weeks": 7 + 6 + 1}, "a from day 20 on, b from 19 on without that day, and the order of nobody"
    assert told["num_rows_read"] <= 4 * 15, "days 13 to 26, and one beside"
    assert len(before - {str(path) for path in lane.stored("weeks").file_uris()}) <= 10

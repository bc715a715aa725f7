"""How far the rows of a window look, read from its query: in steps of the column that its order is made of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timezone
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from goldlane.pipelines.incremental.keys import Keys, keys_of
from goldlane.pipelines.incremental.reach import HERE, Reach

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

AT = pa.array([datetime(2026, 1, 1, tzinfo=timezone.utc)], pa.timestamp("us", "UTC"))
ROWS = pa.table({"k": ["a"], "n": [1], "at": AT, "day": [date(2026, 1, 1)], "price": [1.5]})
SECOND, DAY = 1_000_000, 86_400_000_000


@pytest.fixture(scope="module")
def keys(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Keys]:
    """The keys of a query of ``t``, whose rows have changed."""
    from deltalake import write_deltalake

    place = str(tmp_path_factory.mktemp("tables") / "t")
    write_deltalake(place, ROWS)
    return lambda query: keys_of(spark.sql(query.replace("{t}", f"delta.`{place}`")), [f"file:{place}"], ())


def windowed(order: str, frame: str = "", *, partition: str = "PARTITION BY k") -> str:
    return f"SELECT k, n, at, day, sum(price) OVER ({partition} ORDER BY {order} {frame}) AS s FROM {{t}}"


@pytest.mark.parametrize(
    "order, ends, column, reach",
    [
        ("n", "3 PRECEDING AND CURRENT ROW", "n", Reach(3, 0)),
        ("n", "2 FOLLOWING AND 5 FOLLOWING", "n", Reach(0, 5)),
        ("n DESC", "3 PRECEDING AND 1 FOLLOWING", "n", Reach(1, 3)),
        ("day", "3 PRECEDING AND 2 FOLLOWING", "day", Reach(3, 2)),
        ("day", "INTERVAL 2 MONTHS PRECEDING AND CURRENT ROW", "day", Reach(62, 0)),
        ("at", "INTERVAL 30 DAYS PRECEDING AND INTERVAL 2 DAYS PRECEDING", "at", Reach(30 * DAY, 0)),
        ("at", "INTERVAL 1 YEAR PRECEDING AND CURRENT ROW", "at", Reach(372 * DAY, 0)),
        ("CAST(at AS BIGINT)", "60 PRECEDING AND CURRENT ROW", "at", Reach(62 * SECOND, 2 * SECOND)),
        ("unix_micros(at)", "60 PRECEDING AND 5 FOLLOWING", "at", Reach(60, 5)),
        ("to_date(at)", "1 PRECEDING AND CURRENT ROW", "at", Reach(3 * DAY, 2 * DAY)),
        ("unix_seconds(CAST(day AS TIMESTAMP))", "864000 PRECEDING AND CURRENT ROW", "day", Reach(13, 3)),
        ("unix_timestamp(day)", "86400 PRECEDING AND CURRENT ROW", "day", Reach(3, 2)),
        ("n DIV 24", "2 PRECEDING AND CURRENT ROW", "n", Reach(96, 48)),
    ],
)
def test_a_range_with_two_ends_reaches_so_far(keys: Callable[[str], Keys], order: str, ends: str, column: str, reach: Reach) -> None:
    found = keys(windowed(order, f"RANGE BETWEEN {ends}"))

    assert (found.columns, found.order, found.reach) == (("k", column), column, reach)


@pytest.mark.parametrize(
    "order, frame",
    [
        ("n", ""),
        ("n", "ROWS BETWEEN 3 PRECEDING AND CURRENT ROW"),
        ("n", "RANGE BETWEEN 3 PRECEDING AND UNBOUNDED FOLLOWING"),
        ("price", "RANGE BETWEEN 3 PRECEDING AND CURRENT ROW"),
        ("-n", "RANGE BETWEEN 3 PRECEDING AND CURRENT ROW"),
        ("n, day", ""),
    ],
)
def test_other_frames_are_followed_by_their_partition(keys: Callable[[str], Keys], order: str, frame: str) -> None:
    found = keys(windowed(order, frame))

    assert (found.columns, found.order, found.reach) == (("k",), None, HERE)


def test_a_rank_beside_a_bounded_frame_looks_at_its_whole_partition(keys: Callable[[str], Keys]) -> None:
    ranked = windowed("n", "RANGE BETWEEN 3 PRECEDING AND CURRENT ROW").replace(
        " AS s", " AS s, rank() OVER (PARTITION BY k ORDER BY n) AS r"
    )

    assert keys(ranked).columns == ("k",)


def test_a_window_without_partitions_is_followed_by_its_order_alone(keys: Callable[[str], Keys]) -> None:
    found = keys(windowed("n", "RANGE BETWEEN 3 PRECEDING AND CURRENT ROW", partition=""))

    assert (found.columns, found.reach) == (("n",), Reach(3, 0))


def test_a_window_over_windows_reaches_as_far_as_all_of_them(keys: Callable[[str], Keys]) -> None:
    inner = "SELECT k, n DIV 24 AS day, sum(price) AS s FROM {t} GROUP BY k, n DIV 24"
    middle = f"SELECT k, day, sum(s) OVER (PARTITION BY k ORDER BY day RANGE BETWEEN 3 PRECEDING AND CURRENT ROW) AS s FROM ({inner})"
    outer = f"SELECT k, day, max(s) OVER (PARTITION BY k ORDER BY day DESC RANGE BETWEEN 2 PRECEDING AND 1 FOLLOWING) AS m FROM ({middle})"

    found = keys(outer)

    assert (found.columns, found.order, found.reach) == (("k", "day"), "day", Reach(4, 2))


def test_two_branches_reach_as_far_as_the_further_one(keys: Callable[[str], Keys]) -> None:
    branches = (windowed("n", f"RANGE BETWEEN {before} PRECEDING AND {after} FOLLOWING") for before, after in ((1, 5), (4, 2)))

    assert keys(" UNION ALL ".join(branches)).reach == Reach(4, 5)


def test_days_may_be_longer_where_clocks_are_set(spark: SparkSession, keys: Callable[[str], Keys]) -> None:
    spark.conf.set("spark.sql.session.timeZone", "America/New_York")
    try:
        found = keys(windowed("at", "RANGE BETWEEN INTERVAL 7 DAYS PRECEDING AND CURRENT ROW"))
    finally:
        spark.conf.set("spark.sql.session.timeZone", "UTC")

    assert found.reach == Reach(8 * DAY, 0)

"""Tiles made by Spark and merged by plain Python are the window at any read time, at the hop's resolution."""

from __future__ import annotations

import json
import math
import statistics
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from goldlane.features import Feature, FeatureTable, Rolling
from goldlane.features.errors import WindowError
from goldlane.features.tiles import Tile, features_at, tile_of, tiles_at, tiles_needed
from goldlane.features.tiling import to_tiles

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyspark.sql import DataFrame, SparkSession

EVENTS = "key string, time timestamp, flag boolean, count bigint, exact decimal(18,2), amount double, word string"
START = datetime(2026, 1, 1, tzinfo=timezone.utc)
SECOND = 1_000_000
# Half an hour in, some tiles have ended and some have not.
ENDED_BY = 30


def a_feature(kind: str, **rolling: Any) -> Feature:
    named = "_".join(str(part).replace(" ", "").replace("<>", "not").replace("'", "") for part in rolling.values())
    return Feature(name=f"{named}_x", type=kind, description="A window", rolling=Rolling(**rolling))


TABLE = FeatureTable(
    name="card_activity",
    keys=("key",),
    event_time="time",
    features=(
        a_feature("bigint", function="count", window="12s", hop="4s"),
        a_feature("bigint", function="count", window="12s", hop="4s", where="flag"),
        a_feature("bigint", function="count", window="10s", hop="5s", delay="3s"),
        a_feature("bigint", function="count", window="8s", hop="4s", current_row=False),
        a_feature("bigint", function="sum", column="count", window="12s", hop="4s", default=0),
        a_feature("decimal(28,2)", function="sum", column="exact", window="8s", hop="4s"),
        a_feature("double", function="sum", column="amount", window="10s", hop="5s"),
        a_feature("double", function="mean", column="count", window="12s", hop="4s"),
        a_feature("decimal(22,6)", function="mean", column="exact", window="10s", hop="5s"),
        a_feature("double", function="mean", column="exact", window="15s", hop="5s"),
        a_feature("double", function="mean", column="amount", window="12s", hop="4s", delay="2s"),
        a_feature("double", function="stddev", column="amount", window="12s", hop="4s"),
        a_feature("double", function="stddev", column="count", window="10s", hop="5s"),
        a_feature("double", function="min", column="amount", window="12s", hop="4s"),
        a_feature("double", function="max", column="amount", window="10s", hop="5s"),
        a_feature("decimal(18,2)", function="max", column="exact", window="8s", hop="4s"),
        a_feature("string", function="max", column="word", window="8s", hop="4s", where="flag"),
        a_feature("timestamp", function="max", column="time", window="8s", hop="4s"),
        a_feature("string", function="last", column="word", window="12s", hop="4s"),
        a_feature("double", function="last", column="amount", window="10s", hop="5s"),
        a_feature("bigint", function="count_distinct", column="word", window="12s", hop="4s"),
        a_feature("bigint", function="count_distinct", column="amount", window="10s", hop="5s"),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A row; ``second`` counts from the start."""

    key: str | None = "a"
    second: int | None = 0
    flag: bool | None = True
    count: int | None = 1
    exact: Decimal | None = Decimal("1.00")
    amount: float | None = 1.0
    word: str | None = "a"

    @property
    def time(self) -> datetime | None:
        return None if self.second is None else START + timedelta(seconds=self.second)

    @property
    def row(self) -> tuple[Any, ...]:
        return (self.key, self.time, self.flag, self.count, self.exact, self.amount, self.word)


EVENT = st.builds(
    Event,
    key=st.sampled_from(["a", "b", "c", "d", None]),
    second=st.one_of(st.none(), *[st.integers(-5, 60)] * 9),
    flag=st.sampled_from([True, True, False, None]),
    count=st.sampled_from([None, 2**60, 7, -(2**59)]),
    exact=st.sampled_from([None, Decimal("0.01"), Decimal("-1234567890123456.12"), Decimal("7.25")]),
    amount=st.sampled_from([None, 0.1, 0.0, -0.0, -2.5, 1e6, *[0.3] * 9, math.nan, math.inf]),
    word=st.sampled_from([None, "a", "b", "é"]),
)


def expected(feature: Feature, events: Sequence[Event], read_at: int) -> Any:
    """The contract's rule over the events themselves."""
    rolling = feature.rolling
    assert rolling is not None
    hop, delay, window = (us // SECOND for us in (rolling.hop_us or 0, rolling.delay_us, rolling.window_us))
    last = math.floor((read_at - delay) / hop) if delay else math.ceil(read_at / hop)
    tiles = range(last - window // hop + 1, last + 1)
    inside = [e for e in events if e.second is not None and math.ceil(e.second / hop) in tiles and e.second <= read_at]
    inside = [e for e in inside if (rolling.current_row or e.second != read_at) and (rolling.where is None or e.flag is True)]
    if rolling.function == "count":
        return len(inside)
    values = [(e.second, getattr(e, str(rolling.column))) for e in inside if getattr(e, str(rolling.column)) is not None]
    values = [(second, value) for second, value in values if not isinstance(value, float) or math.isfinite(value)]
    if rolling.function == "count_distinct":
        return len({repr(value + 0.0) if isinstance(value, float) else value for _, value in values})
    if not values or (rolling.function == "stddev" and len(values) == 1):
        return rolling.default
    return aggregate(rolling.function, values, feature.type)


def aggregate(function: str, values: Sequence[tuple[Any, Any]], kind: str) -> Any:
    plain = [value for _, value in values]
    if function == "last":
        return max(values, key=lambda pair: (pair[0], rank(pair[1])))[1]
    if function in ("min", "max"):
        return (min if function == "min" else max)(plain, key=rank)
    if function == "stddev":
        return statistics.stdev(map(float, plain))
    total = sum(plain) if isinstance(plain[0], (int, Decimal)) else math.fsum(plain)
    return total if function == "sum" else mean(total, len(plain), kind)


def mean(total: Any, n: int, kind: str) -> Any:
    if not isinstance(total, Decimal):
        return total / n
    rounded = (total / n).quantize(Decimal("0.000001"), ROUND_HALF_UP)
    return float(rounded) if kind == "double" else rounded


def rank(value: Any) -> tuple[bool, Any]:
    return (isinstance(value, float) and math.isnan(value), value)


def same(found: Any, wanted: Any) -> bool:
    if isinstance(wanted, float) and math.isfinite(wanted):
        return math.isclose(found, wanted, rel_tol=1e-12, abs_tol=1e-9)
    return found == wanted or (found != found and wanted != wanted)  # noqa: PLR0124  NaN


def microseconds(second: float) -> int:
    return int(START.timestamp() + second) * SECOND


def tiled(spark: SparkSession, events: Sequence[Event], *, table: FeatureTable = TABLE, ended_by: int = ENDED_BY) -> DataFrame:
    frame = spark.createDataFrame([event.row for event in events], EVENTS)
    return to_tiles(frame, table, ended_by=START + timedelta(seconds=ended_by))


def stored(frame: DataFrame) -> Mapping[str, list[Tile]]:
    """By key, the tiles as a store gives them back."""
    tiles: dict[str, list[Tile]] = {}
    for row in frame.selectExpr("key", "hop", "tile", "unix_micros(at) AS at", "to_json(partials) AS partials").collect():
        tile = Tile(hop=row["hop"], tile=row["tile"], at=row["at"], partials=json.loads(row["partials"]))
        tiles.setdefault(row["key"], []).append(tile)
    return tiles


@settings(max_examples=4, deadline=None, phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck))
@given(events=st.lists(EVENT, min_size=100, max_size=200))
def test_merged_tiles_are_the_window_at_every_read_time(spark: SparkSession, events: list[Event]) -> None:
    tiles = stored(tiled(spark, events))

    for key in "abcd":
        mine = [event for event in events if event.key == key]
        for second in range(ENDED_BY, 90):
            found = features_at(TABLE, tiles.get(key, []), microseconds(second))
            for feature in TABLE.features:
                wanted = expected(feature, mine, second)
                assert same(found[feature.name], wanted), (feature.name, key, second, found[feature.name], wanted)


def test_an_event_on_an_edge_belongs_to_the_tile_that_ends_there() -> None:
    assert [tile_of(instant, 4) for instant in (-4, -3, 0, 1, 4, 5)] == [-1, 0, 0, 1, 1, 2]


@pytest.mark.parametrize(
    "delay, read_at, tiles",
    [("0s", 12, range(1, 4)), ("0s", 13, range(2, 5)), ("1s", 12, range(3)), ("1s", 13, range(1, 4)), ("4s", 16, range(1, 4))],
)
def test_the_tiles_of_a_window_are_the_contracts(delay: str, read_at: int, tiles: range) -> None:
    rolling = Rolling(function="count", window="12s", hop="4s", delay=delay)

    assert tiles_at(rolling, read_at * SECOND) == tiles


def test_the_tiles_a_table_needs_cover_its_longest_window_of_each_hop() -> None:
    rollings = [Rolling(function="count", window=window, hop=hop) for window, hop in (("8s", "4s"), ("40s", "4s"), ("60s", "10s"))]
    features = tuple(Feature(name=f"n{i}", type="bigint", description="Sales", rolling=rolling) for i, rolling in enumerate(rollings))

    assert tiles_needed(replace(TABLE, features=features), 100 * SECOND) == {4 * SECOND: range(16, 26), 10 * SECOND: range(5, 11)}


def test_an_idle_key_decays_without_new_tiles(spark: SparkSession) -> None:
    events = [Event(second=second) for second in (1, 5, 9)]
    tiles = stored(tiled(spark, events))["a"]
    name = TABLE.features[0].name

    assert [features_at(TABLE, tiles, microseconds(second))[name] for second in (12, 16, 20, 24)] == [3, 2, 1, 0]


def test_a_key_without_tiles_has_counts_of_nothing() -> None:
    found = features_at(TABLE, [], microseconds(0))

    assert {value for value in found.values() if value is not None} == {0}


def test_a_tile_that_has_ended_is_one_row_and_one_that_has_not_is_one_per_event_time(spark: SparkSession) -> None:
    table = replace(TABLE, features=TABLE.features[:1])
    events = [Event(second=second) for second in (1, 2, 2, 5, 6, 6)]

    rows = tiled(spark, events, table=table, ended_by=4).orderBy("at").collect()

    first = microseconds(4) // (4 * SECOND)
    assert [(row["tile"] - first, row["at"].second, row["partials"].asDict(recursive=True)) for row in rows] == [
        (0, 2, {table.features[0].name: {"n": 3}}),
        (1, 5, {table.features[0].name: {"n": 1}}),
        (1, 6, {table.features[0].name: {"n": 2}}),
    ]


def test_rows_of_one_tile_may_come_in_pieces(spark: SparkSession) -> None:
    events = [Event(second=second, amount=second / 3) for second in range(1, 29)]
    at_once = stored(tiled(spark, events))["a"]
    in_pieces = [*stored(tiled(spark, events[::2]))["a"], *stored(tiled(spark, events[1::2]))["a"]]

    whole, merged = (features_at(TABLE, tiles, microseconds(30)) for tiles in (at_once, in_pieces))

    assert all(same(merged[name], value) for name, value in whole.items())


def test_events_that_lack_what_a_window_aggregates_are_refused(spark: SparkSession) -> None:
    events = spark.createDataFrame([Event().row], EVENTS).drop("amount")

    with pytest.raises(WindowError, match="'amount' is no column of the events"):
        to_tiles(events, TABLE)

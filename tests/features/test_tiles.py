"""Tiles made by Spark and merged by plain Python, or by Spark, are the window at any read time, at the hop's resolution."""

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
from goldlane.features.tile_json import plain_partials, text_of
from goldlane.features.tile_windows import merged_tiles, with_tiled_features
from goldlane.features.tiles import INSTANT_HOP, Tile, cover_at, features_at, needs_instants, tile_of, tiles_needed
from goldlane.features.tiling import to_tiles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import DataFrame, SparkSession

EVENTS = "key string, time timestamp, flag boolean, count bigint, exact decimal(18,2), amount double, word string"
START = datetime(2026, 1, 1, tzinfo=timezone.utc)
SECOND = 1_000_000


def a_feature(kind: str, **rolling: Any) -> Feature:
    named = "_".join(str(part).replace(" ", "").replace(".", "").replace("<>", "not").replace("'", "") for part in rolling.values())
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
        a_feature("bigint", function="count", window="4s", hop="4s"),
        a_feature("bigint", function="sum", column="count", window="5s", hop="5s", delay="5s"),
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


def tiled(spark: SparkSession, events: Sequence[Event], *, table: FeatureTable = TABLE) -> DataFrame:
    frame = spark.createDataFrame([event.row for event in events], EVENTS)
    return to_tiles(frame, table.rollings, keys=table.keys, time=table.event_time)


def stored(frame: DataFrame) -> dict[str, list[Tile]]:
    """By key, the tiles as a store gives them back."""
    tiles: dict[str, list[Tile]] = {}
    found = frame.selectExpr("key", "hop", "tile", "unix_micros(at) AS at", "partials").toArrow().combine_chunks()
    texts = map(text_of, plain_partials(found.column("partials").combine_chunks()))
    for row, text in zip(found.drop(["partials"]).to_pylist(), texts, strict=True):
        tiles.setdefault(row.pop("key"), []).append(Tile(**row, partials=json.loads(text)))
    return tiles


def check_every_reader(spark: SparkSession, events: Sequence[Event]) -> None:
    tiles = tiled(spark, events).cache()
    by_key = stored(tiles)
    moments = [(key, second, START + timedelta(seconds=second)) for key in "abcd" for second in range(-8, 80)]
    labels = spark.createDataFrame([*moments, (None, 1, START), ("a", None, None)], "key string, second int, read_at timestamp")

    rows = with_tiled_features(labels, tiles, TABLE.rollings, keys="key", time="read_at").collect()

    assert len(rows) == len(moments) + 2
    for row in rows:
        key, second = row["key"], row["second"]
        if key is None or second is None:
            assert {row[feature.name] for feature in TABLE.features} == {None}
            continue
        mine = [event for event in events if event.key == key]
        online = features_at(TABLE, by_key.get(key, []), microseconds(second))
        for feature in TABLE.features:
            wanted = expected(feature, mine, second)
            assert same(online[feature.name], wanted), ("online", feature.name, key, second, online[feature.name], wanted)
            found = (
                row[feature.name].replace(tzinfo=timezone.utc) if feature.type == "timestamp" and row[feature.name] else row[feature.name]
            )
            assert same(found, wanted), ("Spark", feature.name, key, second, found, wanted)
    at_one_moment = {row["key"]: row for row in merged_tiles(tiles, TABLE.rollings, keys="key", at=START + timedelta(seconds=33)).collect()}
    assert at_one_moment.keys() == by_key.keys()
    of_labels = {row["key"]: row for row in rows if row["second"] == 33}
    assert {key: row[2:] for key, row in at_one_moment.items()} == {key: of_labels[key][3:] for key in by_key}
    tiles.unpersist()


@pytest.mark.slow
@settings(max_examples=1, deadline=None, phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck))
@given(events=st.lists(EVENT, min_size=150, max_size=200))
def test_merged_tiles_are_the_window_at_every_read_time_online_and_in_spark(spark: SparkSession, events: list[Event]) -> None:
    check_every_reader(spark, events)


@pytest.mark.slow
@settings(max_examples=4, deadline=None, phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck))
@given(events=st.lists(EVENT, min_size=50, max_size=400))
def test_merged_tiles_are_the_window_whatever_the_events(spark: SparkSession, events: list[Event]) -> None:
    check_every_reader(spark, events)


def test_an_event_on_an_edge_belongs_to_the_tile_that_ends_there() -> None:
    assert [tile_of(instant, 4) for instant in (-4, -3, 0, 1, 4, 5)] == [-1, 0, 0, 1, 1, 2]


@pytest.mark.parametrize(
    "delay, read_at, whole, last",
    [
        ("0s", 12, range(1, 3), 3),
        ("0s", 13, range(2, 4), 4),
        ("1s", 12, range(3), None),
        ("1s", 13, range(1, 4), None),
        ("4s", 16, range(1, 4), None),
    ],
)
def test_the_tiles_of_a_window_are_the_contracts(delay: str, read_at: int, whole: range, last: int | None) -> None:
    rolling = Rolling(function="count", window="12s", hop="4s", delay=delay)

    cover = cover_at(rolling, read_at * SECOND)

    assert (cover.whole, cover.last) == (whole, last)


def test_the_tiles_a_table_needs_cover_its_longest_window_of_each_hop() -> None:
    rollings = [Rolling(function="count", window=window, hop=hop) for window, hop in (("8s", "4s"), ("40s", "4s"), ("60s", "10s"))]
    features = tuple(Feature(name=f"n{i}", type="bigint", description="Sales", rolling=rolling) for i, rolling in enumerate(rollings))

    needed = tiles_needed(replace(TABLE, features=features), 100 * SECOND)

    instants = range(90 * SECOND + 1, 100 * SECOND + 1)
    assert needed == {4 * SECOND: range(16, 26), 10 * SECOND: range(5, 11), INSTANT_HOP: instants}


@pytest.mark.parametrize("newest, current_row, needed", [(3, True, False), (5, True, True), (4, True, False), (4, False, True)])
def test_instants_are_needed_only_where_the_last_tile_has_events_that_do_not_count(newest: int, current_row: bool, needed: bool) -> None:  # noqa: FBT001
    rolling = Rolling(function="count", window="16s", hop="8s", current_row=current_row)
    table = replace(TABLE, features=(Feature(name="n", type="bigint", description="Sales", rolling=rolling),))
    tile = Tile(hop=8 * SECOND, tile=1, at=newest * SECOND, partials={})

    assert needs_instants(table, [tile], 4 * SECOND) is needed


def test_an_idle_key_decays_without_new_tiles(spark: SparkSession) -> None:
    events = [Event(second=second) for second in (1, 5, 9)]
    tiles = stored(tiled(spark, events))["a"]
    name = TABLE.features[0].name

    assert [features_at(TABLE, tiles, microseconds(second))[name] for second in (12, 16, 20, 24)] == [3, 2, 1, 0]


def test_a_key_without_tiles_has_counts_of_nothing() -> None:
    found = features_at(TABLE, [], microseconds(0))

    assert {value for value in found.values() if value is not None} == {0}


def rows_of(tiles: DataFrame) -> set[tuple[Any, ...]]:
    shown = tiles.selectExpr("key", "hop", "tile", "unix_micros(at)", "to_json(partials)")
    return {tuple(row) for row in shown.collect()}


def test_there_is_one_row_per_key_hop_and_tile_and_one_per_instant(spark: SparkSession) -> None:
    table = replace(TABLE, features=TABLE.features[:1])
    events = [Event(second=second) for second in (1, 4, 4, 5, 6)]

    found = {
        (hop, tile * hop // SECOND, at // SECOND, partials) for _, hop, tile, at, partials in rows_of(tiled(spark, events, table=table))
    }

    first, name = microseconds(0) // SECOND, table.features[0].name
    counts = {(4 * SECOND, 4, 4): 3, (4 * SECOND, 8, 6): 2, (1, 1, 1): 1, (1, 4, 4): 2, (1, 5, 5): 1, (1, 6, 6): 1}
    assert found == {(hop, first + end, first + at, f'{{"{name}":{{"n":{n}}}}}') for (hop, end, at), n in counts.items()}


def test_a_late_event_and_a_retraction_change_the_tiles_they_fall_in_and_no_other(spark: SparkSession) -> None:
    events = [Event(second=second) for second in (1, 6, 11, 16)]
    before = rows_of(tiled(spark, events))

    late, retracted = (rows_of(tiled(spark, changed)) for changed in ([*events, Event(second=7)], events[:1] + events[2:]))

    def ends(rows: set[tuple[Any, ...]]) -> set[int]:
        return {hop * tile // SECOND - microseconds(0) // SECOND for _, hop, tile, *_ in rows}

    assert (ends(before ^ late), ends(before ^ retracted)) == ({7, 8, 10}, {6, 8, 10})


def test_the_spread_of_large_numbers_close_together_does_not_cancel(spark: SparkSession) -> None:
    numbers = [1e9 + step / 7 for step in range(16)]
    spread = a_feature("double", function="stddev", column="amount", window="16s", hop="2s")
    table = replace(TABLE, features=(spread,))
    tiles = tiled(spark, [Event(second=second + 1, amount=number) for second, number in enumerate(numbers)], table=table)

    (row,) = merged_tiles(tiles, table.rollings, keys="key", at=START + timedelta(seconds=16)).collect()

    online = features_at(table, stored(tiles)["a"], microseconds(16))[spread.name]
    wanted = statistics.stdev(numbers)
    assert [math.isclose(found, wanted, rel_tol=1e-7) for found in (row[spread.name], online)] == [True, True]


def test_many_different_values_are_estimated_alike_online_and_in_spark(spark: SparkSession) -> None:
    distinct = a_feature("bigint", function="count_distinct", column="word", window="16s", hop="4s")
    table = replace(TABLE, features=(distinct,))
    events = spark.range(40_000).selectExpr(
        "'a' AS key", "timestamp_micros(1767225600000000 + id % 16000000 * 400 + 1) AS time", "string(id % 20000) AS word"
    )
    tiles = to_tiles(events, table.rollings, keys="key", time="time").where(f"hop > {INSTANT_HOP}")

    (row,) = merged_tiles(tiles, table.rollings, keys="key", at=START + timedelta(seconds=16)).collect()

    online = features_at(table, stored(tiles)["a"], microseconds(16))[distinct.name]
    assert row[distinct.name] == online
    assert abs(online - 20_000) < 20_000 * 0.1


def test_merging_at_one_time_gives_every_key_that_has_tiles(spark: SparkSession) -> None:
    table = replace(TABLE, features=TABLE.features[:1])
    tiles = tiled(spark, [Event(second=1), Event(key="b", second=9)], table=table)

    rows = merged_tiles(tiles, table.rollings, keys="key", at=START + timedelta(seconds=13)).collect()

    assert {row["key"]: row[table.features[0].name] for row in rows} == {"a": 0, "b": 1}


def test_events_that_lack_what_a_window_aggregates_are_refused(spark: SparkSession) -> None:
    events = spark.createDataFrame([Event().row], EVENTS).drop("amount")

    with pytest.raises(WindowError, match="'amount' is no column of the events"):
        to_tiles(events, TABLE.rollings, keys="key", time="time")


def test_all_that_tiles_cannot_be_made_of_is_told_at_once(spark: SparkSession) -> None:
    events = spark.createDataFrame([], "tile string, time timestamp")

    with pytest.raises(WindowError) as refused:
        to_tiles(events, [Rolling(name="n", function="count", window="1h")], keys="tile", time="time")

    assert refused.value.mistakes == (
        "n has no hop, so it has no tiles",
        "key 'tile' is named like a column of tiles; rename it in the events",
    )


def test_labels_and_tiles_that_do_not_fit_the_windows_are_told_at_once(spark: SparkSession) -> None:
    labels = spark.createDataFrame([], "key string, read_at string")
    tiles = tiled(spark, [], table=replace(TABLE, features=TABLE.features[:1]))

    with pytest.raises(WindowError) as refused:
        with_tiled_features(labels, tiles.drop("at"), TABLE.rollings[1:2], keys="key", time="read_at")

    assert [mistake.partition(";")[0] for mistake in refused.value.mistakes] == [
        "time 'read_at' is a string",
        "the tiles have no column 'at'",
        "the tiles have no partials of 'count_12s_4s_flag_x'",
    ]


def test_windows_and_tiles_of_other_kinds_are_told_before_spark_works(spark: SparkSession) -> None:
    labels = spark.createDataFrame([], "key int, read_at timestamp")
    tiles = tiled(spark, [], table=replace(TABLE, features=TABLE.features[:1]))
    (count,) = TABLE.rollings[:1]
    mean = replace(count, function="mean", column="amount")

    with pytest.raises(WindowError) as refused:
        with_tiled_features(labels, tiles, [mean], keys="key", time="when")

    assert refused.value.mistakes == (
        "time 'when' is no column of the labels; known are key, read_at",
        "key 'key' is int in the labels and string in the tiles; cast one of them",
        f"the partials of '{count.name}' in the tiles are not those of a mean; make the tiles anew",
    )
    with pytest.raises(WindowError) as refused:
        merged_tiles(tiles.drop("tile"), [count], keys="key", at=datetime(2026, 1, 1))  # noqa: DTZ001  a mistake

    assert refused.value.mistakes == ("the tiles have no column 'tile'", "at 2026-01-01T00:00:00 has no time zone")


def test_the_default_of_a_tiled_window_has_its_type(spark: SparkSession) -> None:
    nothing = a_feature("decimal(28,2)", function="sum", column="exact", window="8s", hop="4s", default=0.5)
    table = replace(TABLE, features=(nothing,))
    tiles = tiled(spark, [Event()], table=table)

    later = merged_tiles(tiles, table.rollings, keys="key", at=START + timedelta(hours=1)).select(nothing.name)

    assert (later.dtypes, later.collect()) == ([(nothing.name, "decimal(28,2)")], [(Decimal("0.50"),)])

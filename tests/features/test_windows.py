"""Every row's window is what plain Python says it is: ties, edges, NULLs, delays, conditions, NaN and infinities included."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from pyspark.errors import ArithmeticException

from goldlane.errors import UsageError
from goldlane.expectations import Counts, count_broken
from goldlane.features import Rolling, window_rules, with_rolling_features
from goldlane.features.errors import WindowError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import DataFrame, SparkSession

HANDBOOK = Path(__file__).parents[2] / "../shared/data/handbook"
EVENTS = "id int, key string, time timestamp, flag boolean, small int, long bigint, exact decimal(38,2), amount double, word string"
# Half of the generated events lie before 1970, where instants are negative.
START = datetime(1970, 1, 1, tzinfo=timezone.utc)

ROLLINGS = (
    Rolling(name="count", function="count", window="5s"),
    Rolling(name="count_flagged", function="count", window="5s", where="flag"),
    Rolling(name="count_before", function="count", window="3s", current_row=False),
    Rolling(name="count_delayed", function="count", window="3s", delay="2s", current_row=False),
    Rolling(name="count_or_minus_one", function="count", window="1s", current_row=False, default=-1),
    Rolling(name="sum_small", function="sum", column="small", window="4s", current_row=False),
    Rolling(name="sum_long", function="sum", column="long", window="1s"),
    Rolling(name="sum_exact", function="sum", column="exact", window="4s", delay="1s", default=0),
    Rolling(name="sum_amount", function="sum", column="amount", window="3s"),
    Rolling(name="sum_flag", function="sum", column="flag", window="3s"),
    Rolling(name="mean_small", function="mean", column="small", window="6s", where="word <> 'b'"),
    Rolling(name="mean_long", function="mean", column="long", window="2s"),
    Rolling(name="mean_exact", function="mean", column="exact", window="3s"),
    Rolling(name="mean_amount", function="mean", column="amount", window="3s", delay="3s", default=0.0),
    Rolling(name="last_word", function="last", column="word", window="3s", current_row=False),
    Rolling(name="last_amount", function="last", column="amount", window="4s", delay="1s", where="flag"),
    Rolling(name="words", function="count_distinct", column="word", window="2s"),
    Rolling(name="words_longer", function="count_distinct", column="word", window="6s"),
    Rolling(name="words_before", function="count_distinct", column="word", window="3s", where="flag", current_row=False),
    Rolling(name="amounts_delayed", function="count_distinct", column="amount", window="3s", delay="2s"),
    Rolling(name="min_amount", function="min", column="amount", window="3s"),
    Rolling(name="max_amount", function="max", column="amount", window="3s"),
    Rolling(name="max_word", function="max", column="word", window="4s", delay="1s", where="flag"),
    Rolling(name="min_exact", function="min", column="exact", window="2s", current_row=False),
    Rolling(name="stddev_amount", function="stddev", column="amount", window="3s"),
    Rolling(name="stddev_small", function="stddev", column="small", window="4s", delay="1s"),
)


AGGREGATED = dict.fromkeys(rolling.column for rolling in ROLLINGS if rolling.column is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A row; ``second`` counts from the start, None is an event without a time."""

    id: int = 0
    key: str | None = "a"
    second: int | None = 0
    flag: bool | None = True
    small: int | None = 1
    long: int | None = 1
    exact: Decimal | None = Decimal("1.00")
    amount: float | None = 1.0
    word: str | None = "a"

    @property
    def row(self) -> tuple[Any, ...]:
        moment = None if self.second is None else START + timedelta(seconds=self.second)
        return (self.id, self.key, moment, self.flag, self.small, self.long, self.exact, self.amount, self.word)


EVENT = st.builds(
    Event,
    key=st.sampled_from(["a", "b", "c", "d", "e", "f", "g", "h", None]),
    second=st.one_of(st.none(), *[st.integers(-8, 8)] * 9),
    flag=st.sampled_from([True, True, False, None]),
    small=st.sampled_from([None, -(2**31), 0, 3, 2**31 - 1]),
    long=st.sampled_from([None, 2**61, 2**61 - 1, 5, -(2**60)]),
    exact=st.sampled_from([None, Decimal("0.01"), Decimal("-12345678901234567890.12"), Decimal("7.25")]),
    amount=st.sampled_from([None, 0.1, -0.0, 0.0, -2.5, 1e9, *[0.3] * 9, math.nan, math.inf, -math.inf]),
    word=st.sampled_from([None, "a", "b", "c", "é"]),
)


COLUMNS = {
    "count": [None],
    "sum": ["small", "exact", "amount", "flag"],
    "mean": ["small", "long", "exact", "amount", "flag"],
    "stddev": ["small", "amount"],
    **{name: ["small", "long", "exact", "amount", "word", "flag"] for name in ("min", "max", "last", "count_distinct")},
}
ROLLING = st.builds(
    lambda aggregate, window, delay, where, current_row: Rolling(
        function=aggregate[0], column=aggregate[1], window=f"{window}s", delay=f"{delay}s", where=where, current_row=current_row
    ),
    st.sampled_from([(function, name) for function, names in COLUMNS.items() for name in names]),
    st.integers(1, 12),
    st.sampled_from([0, 0, 1, 4]),
    st.sampled_from([None, None, "flag", "word <> 'b'"]),
    st.booleans(),
)


def expected(rolling: Rolling, events: Sequence[Event], row: Event) -> Any:
    """The definition, word for word; quadratic, and in no hurry."""
    if row.key is None or row.second is None or is_odd(getattr(row, str(rolling.column), None)):
        return None
    end = row.second - rolling.delay_us // 1_000_000
    begin = end - rolling.window_us // 1_000_000
    inside = [e for e in events if e.key == row.key and e.second is not None and begin < e.second <= end]
    inside = [e for e in inside if (rolling.current_row or e.second != row.second) and counts(rolling, e)]
    if rolling.function == "count":
        return len(inside) or rolling.default or 0
    values = [(e.second, getattr(e, str(rolling.column))) for e in inside]
    values = [(second, value) for second, value in values if value is not None and not is_odd(value)]
    if rolling.function == "count_distinct":
        return len({repr(value + 0.0) if isinstance(value, float) else value for _, value in values})
    if not values or (rolling.function == "stddev" and len(values) == 1):
        return rolling.default
    return AGGREGATES[rolling.function](values)


def is_odd(value: Any) -> bool:
    return isinstance(value, float) and not math.isfinite(value)


def counts(rolling: Rolling, event: Event) -> bool:
    conditions = {None: True, "flag": event.flag is True, "word <> 'b'": event.word not in (None, "b")}
    return conditions[rolling.where]


def total(values: list[tuple[int, Any]]) -> Any:
    plain = [value for _, value in values]
    return math.fsum(plain) if isinstance(plain[0], float) else sum(plain)


def mean(values: list[tuple[int, Any]]) -> Any:
    if isinstance(values[0][1], Decimal):
        return (total(values) / len(values)).quantize(Decimal("0.000001"), ROUND_HALF_UP)
    return total(values) / len(values)


def spread(values: list[tuple[int, Any]]) -> float:
    return statistics.stdev(float(value) for _, value in values)


AGGREGATES = {
    "sum": total,
    "mean": mean,
    "stddev": spread,
    "min": lambda values: min(value for _, value in values),
    "max": lambda values: max(value for _, value in values),
    "last": lambda values: max(values)[1],
}


def same(found: Any, wanted: Any, scale: float) -> bool:
    if not isinstance(wanted, float) or not isinstance(found, float):
        return bool(found == wanted)
    return math.isclose(found, wanted, rel_tol=1e-12, abs_tol=1e-12 * scale)


def frame_of(spark: SparkSession, events: Sequence[Event]) -> DataFrame:
    return spark.createDataFrame([event.row for event in events], EVENTS)


def answers(spark: SparkSession, events: Sequence[Event], *rollings: Rolling) -> list[Any]:
    """The windows' values, rows in the order of the events."""
    numbered = [replace(event, id=i) for i, event in enumerate(events)]
    found = with_rolling_features(frame_of(spark, numbered), rollings, keys="key", time="time").orderBy("id").collect()
    values = [tuple(row[str(rolling.name)] for rolling in rollings) for row in found]
    return [value[0] for value in values] if len(rollings) == 1 else values


def differences(spark: SparkSession, events: Sequence[Event], rollings: Sequence[Rolling], **call: Any) -> list[Any]:
    """Windows that are not as defined, each with its row, what was found and what was wanted; every row must be there once.

    ``call`` is the call's own keys and until, and ``seen``: the events as those make the definition see them.
    """
    seen = [replace(event, id=i) for i, event in enumerate(call.pop("seen", events))]
    frame = frame_of(spark, [replace(event, id=i) for i, event in enumerate(events)])
    rows = with_rolling_features(frame, rollings, **{"keys": ["key"], "time": "time", **call}).collect()
    wrong = ["rows were lost or doubled"] if sorted(row["id"] for row in rows) != list(range(len(events))) else []
    for row in rows:
        event = seen[row["id"]]
        scale = sum(abs(e.amount) for e in seen if e.key == event.key and e.amount is not None and math.isfinite(e.amount))
        pairs = ((rolling, row[str(rolling.name)], expected(rolling, seen, event)) for rolling in rollings)
        wrong += [(rolling, event, told, wanted) for rolling, told, wanted in pairs if not same(told, wanted, scale)]
    return wrong


@pytest.mark.slow
@settings(max_examples=2, deadline=None, phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck))
@given(events=st.lists(EVENT, min_size=300, max_size=500))
def test_every_function_is_what_plain_python_says(spark: SparkSession, events: list[Event]) -> None:
    # Four of the longest numbers in one window, once in some hundred examples, are more than a bigint holds.
    (longs,) = (rolling for rolling in ROLLINGS if rolling.name == "sum_long")
    assume(all(abs(expected(longs, events, event) or 0) < 2**63 for event in events))

    assert differences(spark, events, ROLLINGS) == []


@pytest.mark.slow
@settings(max_examples=8, deadline=None, phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck))
@given(events=st.lists(EVENT, min_size=300, max_size=500), rollings=st.lists(ROLLING, min_size=12, max_size=12))
def test_every_window_is_what_plain_python_says(spark: SparkSession, events: list[Event], rollings: list[Rolling]) -> None:
    named = [replace(rolling, name=f"w{i}") for i, rolling in enumerate(rollings)]

    assert differences(spark, events, named) == []


@pytest.mark.slow
@settings(max_examples=2, deadline=None, phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck))
@given(events=st.lists(EVENT, min_size=200, max_size=300), rollings=st.lists(ROLLING, min_size=6, max_size=6), until=st.integers(-4, 8))
def test_several_keys_and_an_end_of_time_are_what_plain_python_says(
    spark: SparkSession, events: list[Event], rollings: list[Rolling], until: int
) -> None:
    windows = [replace(rolling, name=f"w{i}", default=None if rolling.counts else 0) for i, rolling in enumerate(rollings) if adds(rolling)]
    times = [None if event.second is None or event.second > until else event.second for event in events]
    seen = [replace(event, key=entity(event), second=time) for event, time in zip(events, times, strict=True)]

    assert differences(spark, events, windows, keys=["flag", "key"], until=START + timedelta(seconds=until), seen=seen) == []


def adds(rolling: Rolling) -> bool:
    """Whether 0 may stand for the window over nothing."""
    return rolling.column not in ("word", "flag") or rolling.function in ("count", "count_distinct", "sum", "mean")


def entity(event: Event) -> str | None:
    return None if event.key is None or event.flag is None else f"{event.key} {event.flag}"


@pytest.mark.slow
@settings(max_examples=3, deadline=None, phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck))
@given(events=st.lists(EVENT, max_size=300), until=st.integers(-8, 8))
def test_faults_are_counted_as_plain_python_counts_them(spark: SparkSession, events: list[Event], until: int) -> None:
    rules = window_rules(ROLLINGS, keys=("key", "flag"), time="time", until=START + timedelta(seconds=until))

    found = count_broken(frame_of(spark, events), rules)

    broken = {
        "key_is_present": sum(event.key is None for event in events),
        "flag_is_present": sum(event.flag is None for event in events),
        "time_is_present": sum(event.second is None for event in events),
        "time_is_past": sum(event.second is not None and event.second > until for event in events),
        **{f"{name}_is_finite": sum(is_odd(getattr(event, name)) for event in events) for name in AGGREGATED},
    }
    assert found == Counts(rows=len(events), broken=broken)


def test_a_window_is_open_below_and_closed_above(spark: SparkSession) -> None:
    events = [Event(second=second) for second in (0, 6, 7, 8)]

    assert answers(spark, events, Rolling(name="n", function="count", window="7s")) == [1, 2, 2, 3]
    assert answers(spark, events, Rolling(name="n", function="count", window="7s", delay="1s")) == [0, 1, 2, 2]


def test_the_boundaries_of_others_are_windows_too(spark: SparkSession) -> None:
    events = [Event(second=second) for second in (0, 6, 7, 8)]
    as_chronon = Rolling(name="chronon", function="count", window="7s", delay="1us")
    as_feast = Rolling(name="feast", function="count", window="7s1us")

    assert answers(spark, events, as_chronon, as_feast) == [(0, 1), (1, 2), (2, 3), (2, 3)]


def test_all_rows_of_an_instant_see_each_other_or_none_of_them(spark: SparkSession) -> None:
    events = [Event(second=0), Event(second=1), Event(second=1)]
    seeing = Rolling(name="seeing", function="count", window="9s")
    blind = Rolling(name="blind", function="count", window="9s", current_row=False)

    assert answers(spark, events, seeing, blind) == [(1, 0), (3, 1), (3, 1)]


def test_rows_without_a_time_or_a_key_stay_and_count_for_nobody(spark: SparkSession) -> None:
    events = [Event(second=None), Event(key=None), Event(), Event(second=1)]
    windows = [
        replace(rolling, delay="0s", window="9s", where=None, current_row=True) for rolling in ROLLINGS if rolling.name != "sum_long"
    ]

    found = answers(spark, events, *windows)

    assert set(found[0]) == set(found[1]) == {None}
    assert found[3][0] == 2


def test_a_nan_or_an_infinity_is_null_to_others_and_leaves_its_own_row_without_features(spark: SparkSession) -> None:
    events = [Event(second=0, amount=0.1), Event(second=1, amount=math.nan), Event(second=2, amount=-math.inf), Event(second=3, amount=0.2)]
    windows = [Rolling(name=name, function=name, column="amount", window="9s") for name in ("sum", "max", "last", "count_distinct")]

    assert answers(spark, events, *windows, Rolling(name="rows", function="count", window="9s")) == [
        (0.1, 0.1, 0.1, 1, 1),
        (None, None, None, None, 2),
        (None, None, None, None, 3),
        (pytest.approx(0.3, rel=1e-15), 0.2, 0.2, 2, 4),
    ]


def test_events_after_until_count_for_nobody_and_have_no_features(spark: SparkSession) -> None:
    events = frame_of(spark, [Event(second=0), Event(second=1), Event(second=2)])
    window = Rolling(name="n", function="count", window="9s")

    found = with_rolling_features(events, [window], keys="key", time="time", until=START + timedelta(seconds=1))

    assert [row["n"] for row in found.orderBy("time").collect()] == [1, 2, None]


@pytest.mark.parametrize("kind", ["date", "timestamp_ntz"])
def test_days_and_wall_clocks_are_utc_in_any_session(spark: SparkSession, kind: str) -> None:
    # In Berlin the night to 29 March 2026 has no 02:30, and the day 23 hours.
    days = spark.sql(
        f"SELECT 'a' AS key, CAST(day AS {kind}) AS day FROM VALUES (DATE'1969-12-31'), (DATE'2026-03-29'), (DATE'2026-03-30') t(day)"
    )
    exactly, longer = (Rolling(name=name, function="count", window=window) for name, window in (("exactly", "24h"), ("longer", "86401s")))
    zone = spark.conf.get("spark.sql.session.timeZone")

    try:
        spark.conf.set("spark.sql.session.timeZone", "Europe/Berlin")
        found = with_rolling_features(days, [exactly, longer], keys="key", time="day").orderBy("day").collect()
    finally:
        spark.conf.set("spark.sql.session.timeZone", str(zone))

    assert [(row["exactly"], row["longer"]) for row in found] == [(1, 1), (1, 1), (1, 2)]


def test_the_faults_of_events_are_counted_by_rules(spark: SparkSession) -> None:
    far = 100 * 365 * 86_400
    events = [Event(), Event(second=None), Event(key=None), Event(amount=math.nan), Event(amount=-math.inf), Event(amount=None)]

    rules = window_rules(ROLLINGS, keys="key", time="time")

    assert count_broken(frame_of(spark, [*events, Event(second=far)]), rules) == Counts(
        rows=7,
        broken={
            "key_is_present": 1,
            "time_is_present": 1,
            "time_is_past": 1,
            "small_is_finite": 0,
            "long_is_finite": 0,
            "exact_is_finite": 0,
            "amount_is_finite": 2,
            "flag_is_finite": 0,
            "word_is_finite": 0,
        },
    )


def test_long_sums_of_doubles_leave_nothing_behind(spark: SparkSession) -> None:
    rows = spark.range(60_000).selectExpr("'a' AS key", "timestamp_seconds(id) AS time", "0.1D AS amount")
    window = Rolling(name="sum", function="sum", column="amount", window="3s")

    worst = (
        with_rolling_features(rows, [window], keys="key", time="time").where("unix_seconds(time) > 2").selectExpr("max(abs(sum - 0.3D))")
    )

    assert worst.first()[0] < 1e-13


def test_a_sum_beyond_its_type_fails_as_sparks_own_does(spark: SparkSession) -> None:
    window = Rolling(name="sum", function="sum", column="long", window="1s")

    assert answers(spark, [Event(long=2**62), Event(second=1, long=2**62), Event(second=2, long=2**62)], window) == [2**62] * 3
    with pytest.raises(ArithmeticException, match="CAST_OVERFLOW"):
        answers(spark, [Event(long=2**62), Event(long=2**62)], window)


def test_growing_windows_share_one_exchange_and_one_order(spark: SparkSession, capsys: pytest.CaptureFixture[str]) -> None:
    windows = [
        Rolling(name=f"{function}_{window}", function=function, column=None if function == "count" else "amount", window=window)
        for function in ("count", "sum", "mean", "last")
        for window in ("1d", "7d", "30d")
    ]

    with_rolling_features(frame_of(spark, [Event()]), windows, keys="key", time="time").explain()

    plan = capsys.readouterr().out
    # One sort by a single number, which Spark does digit by digit, and the window's own over rows that are nearly in its order.
    assert (plan.count("Exchange "), plan.count("Sort ["), plan.count("Window [")) == (1, 2, 1)


def test_distinct_counts_need_one_exchange_too(spark: SparkSession, capsys: pytest.CaptureFixture[str]) -> None:
    windows = [Rolling(name=f"words_{window}", function="count_distinct", column="word", window=window) for window in ("1d", "7d")]

    with_rolling_features(frame_of(spark, [Event()]), windows, keys="key", time="time").explain()

    assert capsys.readouterr().out.count("Exchange ") == 1


def test_no_windows_leave_the_events_as_they_are(spark: SparkSession) -> None:
    events = frame_of(spark, [Event()])

    assert with_rolling_features(events, [], keys="key", time="time") is events


def test_names_with_dots_and_spaces_are_columns_like_others(spark: SparkSession) -> None:
    events = frame_of(spark, [Event()]).withColumnsRenamed({"key": "card.id", "amount": "the amount"})
    windows = [Rolling(name=name, function=name, column="the amount", window="1d") for name in ("sum", "max", "count_distinct")]

    found = with_rolling_features(events, windows, keys=["card.id"], time="time").first()

    assert found is not None
    assert (found["sum"], found["max"], found["count_distinct"]) == (1.0, 1.0, 1)


def test_all_mistakes_of_a_call_are_named_at_once(spark: SparkSession) -> None:
    windows = [
        Rolling(name="flag", function="sum", column="word", window="1d"),
        Rolling(name="flag", function="sum", column="amout", window="1d"),
        Rolling(name="newest", function="last", column="word", window="1d", default=0),
        Rolling(function="count", window="1d", where="amount"),
    ]

    with pytest.raises(WindowError) as caught:
        with_rolling_features(frame_of(spark, [Event()]), windows, keys=["card"], time="word")

    assert isinstance(caught.value, UsageError)
    *others, condition = caught.value.mistakes
    assert others == [
        "key 'card' is no column of the events; known are id, key, time, flag, small, long, exact, amount, word",
        "time 'word' is a string; cast it to timestamp first",
        "2 windows are named 'flag'",
        "count over 1d has no name",
        "the events already have a column 'flag'",
        "flag: sum needs numbers, and 'word' is a string",
        "flag: 'amout' is no column of the events; is it 'amount'?",
        "newest: default 0 is no string, as the last of 'word' is",
    ]
    assert condition.startswith("count: where 'amount': [DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN]")


def test_names_are_compared_as_spark_does_and_a_key_must_be_comparable(spark: SparkSession) -> None:
    events = spark.sql("SELECT 1 AS CARD_ID, map('a', 1) AS tags, current_timestamp() AS time")
    windows = [Rolling(name=name, function="count", window="1d") for name in ("n", "N", "Time")]

    with pytest.raises(WindowError) as caught:
        with_rolling_features(events, windows, keys=["card_id", "tags"], time="time")

    assert caught.value.mistakes == (
        "key 'card_id' is no column of the events; is it 'CARD_ID'?",
        "key 'tags' is a map, and rows are not told apart by one",
        "2 windows are named 'n'",
        "the events already have a column 'time'",
    )


def test_until_must_say_its_zone_and_is_named_beside_other_mistakes(spark: SparkSession) -> None:
    naive = datetime(2026, 1, 1)  # noqa: DTZ001  the mistake

    with pytest.raises(WindowError) as caught:
        with_rolling_features(frame_of(spark, [Event()]), [], keys="key", time="tme", until=naive)

    assert caught.value.mistakes == ("time 'tme' is no column of the events; is it 'time'?", "until 2026-01-01T00:00:00 has no time zone")
    with pytest.raises(WindowError, match="until must be a datetime with a time zone, not '2026-01-01'"):
        with_rolling_features(frame_of(spark, [Event()]), [], keys="key", time="time", until="2026-01-01")  # type: ignore[arg-type]
    with pytest.raises(WindowError, match="until 2026-01-01T00:00:00 has no time zone"):
        window_rules([], keys="key", time="time", until=naive)


def test_what_is_no_frame_and_no_window_is_named(spark: SparkSession) -> None:
    with pytest.raises(WindowError) as caught:
        with_rolling_features([Event()], ["7d"], keys="key", time="time")  # type: ignore[arg-type, list-item]

    assert caught.value.mistakes == ("'7d' is no Rolling", "the events are a list, not a DataFrame of Spark")
    with pytest.raises(WindowError, match="the events have 2 columns 'amount'; name each once"):
        with_rolling_features(
            frame_of(spark, [Event()]).selectExpr("*", "amount"),
            [Rolling(name="sum", function="sum", column="amount", window="1d")],
            keys="key",
            time="time",
        )


def test_a_default_has_the_type_of_its_window(spark: SparkSession) -> None:
    defaults = {"count": 7, "sum": 0.0, "mean": 0, "min": Decimal("0.5"), "last": -1.25}
    windows = [
        Rolling(name=name, function=name, column=None if name == "count" else "exact", window="1s", delay="1s", default=default)
        for name, default in defaults.items()
    ]

    found = with_rolling_features(frame_of(spark, [Event()]), windows, keys="key", time="time").select(*defaults)

    assert [kind for _, kind in found.dtypes] == ["bigint", "decimal(38,2)", "decimal(38,6)", "decimal(38,2)", "decimal(38,2)"]
    assert found.collect() == [(7, 0, 0, Decimal("0.5"), Decimal("-1.25"))]


@pytest.mark.parametrize(
    "function, column, default, mistake",
    [
        ("sum", "small", 0.5, "default 0.5 is no bigint, as the sum of 'small' is"),
        ("sum", "exact", Decimal("0.001"), r"default Decimal\('0.001'\) is no decimal\(38,2\), as the sum of 'exact' is"),
        ("min", "time", 0, "default 0 is no timestamp, as the min of 'time' is"),
        ("max", "small", True, "default True is no int, as the max of 'small' is"),
        ("last", "small", 2**31, "default 2147483648 is no int, as the last of 'small' is"),
    ],
)
def test_a_default_that_the_window_cannot_give_is_refused(
    spark: SparkSession, function: str, column: str, default: Any, mistake: str
) -> None:
    window = Rolling(name="w", function=function, column=column, window="1d", default=default)

    with pytest.raises(WindowError, match=mistake):
        with_rolling_features(frame_of(spark, [Event()]), [window], keys="key", time="time")


def test_a_condition_leaves_out_rows_for_which_it_is_not_true_and_may_name_their_table(spark: SparkSession) -> None:
    events = [Event(word="a"), Event(word="b", amount=-1.0), Event(word=None, amount=-2.0)]
    frame_of(spark, events).createOrReplaceTempView("sales")
    windows = [
        Rolling(name=name, function=name, column="amount", window="1d", where="sales.word = 'a'") for name in ("count_distinct", "min")
    ]

    found = with_rolling_features(spark.table("sales"), windows, keys="key", time="time").select("count_distinct", "min")

    assert found.collect() == [(1, 1.0)] * 3


def test_a_stream_is_refused(spark: SparkSession) -> None:
    stream = spark.readStream.format("rate").load()

    with pytest.raises(WindowError, match="events are a stream"):
        with_rolling_features(stream, [Rolling(name="n", function="count", window="1d")], keys="value", time="timestamp")


def published(spark: SparkSession, name: str) -> DataFrame:
    file = HANDBOOK / name
    if not file.exists():
        pytest.skip(f"{name} of the handbook is not there: ../shared/data/handbook")
    return spark.read.parquet(str(file))


def differing(found: DataFrame, pairs: dict[str, str]) -> tuple[int, int]:
    """Rows, and how many of them have a value that is not the published one."""
    wrong = " OR ".join(f"abs({ours} - {theirs}) > 1e-9" for ours, theirs in pairs.items())
    rows, wrongs = found.selectExpr("count(*)", f"count_if(coalesce({wrong}, true))").first() or (0, -1)
    return rows, wrongs


@pytest.mark.parametrize("file", ["dev_oracle_cust.parquet", "edge_pack_cust_dev.parquet"])
def test_customers_of_the_handbook_have_the_published_features_outside_tied_seconds(spark: SparkSession, file: str) -> None:
    rows = published(spark, file)
    windows = [Rolling(name=f"n_{days}", function="count", window=f"{days}d") for days in (1, 7, 30)]
    windows += [Rolling(name=f"mean_{days}", function="mean", column="TX_AMOUNT", window=f"{days}d") for days in (1, 7, 30)]
    windows += [Rolling(name="tied", function="count", window="1s")]
    pairs = {f"n_{days}": f"CUSTOMER_ID_NB_TX_{days}DAY_WINDOW" for days in (1, 7, 30)}
    pairs |= {f"mean_{days}": f"CUSTOMER_ID_AVG_AMOUNT_{days}DAY_WINDOW" for days in (1, 7, 30)}
    pairs |= {"int(weekday(TX_DATETIME) >= 5)": "TX_DURING_WEEKEND", "int(hour(TX_DATETIME) <= 6)": "TX_DURING_NIGHT"}

    found = with_rolling_features(rows, windows, keys="CUSTOMER_ID", time="TX_DATETIME")

    alone, wrong = differing(found.where("tied = 1"), pairs)
    assert (alone > rows.count() * 0.99, wrong) == (True, 0)


@pytest.mark.parametrize("file", ["dev_oracle_term.parquet", "edge_pack_term_dev.parquet"])
def test_terminals_of_the_handbook_have_the_published_features(spark: SparkSession, file: str) -> None:
    rows = published(spark, file)
    windows = [Rolling(name=f"n_{days}", function="count", window=f"{days}d", delay="7d") for days in (1, 7, 30)]
    windows += [
        Rolling(name=f"risk_{days}", function="mean", column="TX_FRAUD", window=f"{days}d", delay="7d", default=0) for days in (1, 7, 30)
    ]
    pairs = {f"n_{days}": f"TERMINAL_ID_NB_TX_{days}DAY_WINDOW" for days in (1, 7, 30)}
    pairs |= {f"risk_{days}": f"TERMINAL_ID_RISK_{days}DAY_WINDOW" for days in (1, 7, 30)}

    found = with_rolling_features(rows, windows, keys="TERMINAL_ID", time="TX_DATETIME")

    assert differing(found, pairs) == (rows.count(), 0)

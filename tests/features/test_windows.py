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
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from goldlane.errors import UsageError
from goldlane.features import Rolling, with_rolling_features
from goldlane.features.errors import WindowError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import DataFrame, SparkSession

HANDBOOK = Path(__file__).parents[2] / "../shared/data/handbook"
EVENTS = "id int, key string, time timestamp, flag boolean, small int, long bigint, exact decimal(38,2), amount double, word string"
START = datetime(2026, 1, 1, tzinfo=timezone.utc)

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


def expected(rolling: Rolling, events: Sequence[Event], row: Event) -> Any:
    """The definition, word for word; quadratic, and in no hurry."""
    if row.key is None or row.second is None:
        return None
    end = row.second - rolling.delay_us // 1_000_000
    begin = end - rolling.window_us // 1_000_000
    inside = [e for e in events if e.key == row.key and e.second is not None and begin < e.second <= end]
    inside = [e for e in inside if (rolling.current_row or e.second != row.second) and counts(rolling, e)]
    if rolling.function == "count":
        return len(inside) or rolling.default or 0
    values = [(e.second, getattr(e, str(rolling.column))) for e in inside]
    values = [(second, value) for second, value in values if value is not None]
    if rolling.function == "count_distinct":
        return len({repr(value + 0.0) if isinstance(value, float) else value for _, value in values})
    if not values or (rolling.function == "stddev" and len(values) == 1):
        return rolling.default
    return AGGREGATES[rolling.function](values)


def counts(rolling: Rolling, event: Event) -> bool:
    conditions = {None: True, "flag": event.flag is True, "word <> 'b'": event.word not in (None, "b")}
    return conditions[rolling.where]


def total(values: list[tuple[int, Any]]) -> Any:
    plain = [value for _, value in values]
    return (
        sum(plain) if all(isinstance(value, (int, Decimal)) for value in plain) or not all(map(math.isfinite, plain)) else math.fsum(plain)
    )


def mean(values: list[tuple[int, Any]]) -> Any:
    if isinstance(values[0][1], Decimal):
        return (total(values) / len(values)).quantize(Decimal("0.000001"), ROUND_HALF_UP)
    return total(values) / len(values)


def spread(values: list[tuple[int, Any]]) -> float:
    plain = [float(value) for _, value in values]
    return statistics.stdev(plain) if all(map(math.isfinite, plain)) else math.nan


def rank(value: Any) -> tuple[bool, Any]:
    return (isinstance(value, float) and math.isnan(value), value)


AGGREGATES = {
    "sum": total,
    "mean": mean,
    "stddev": spread,
    "min": lambda values: min((value for _, value in values), key=rank),
    "max": lambda values: max((value for _, value in values), key=rank),
    "last": lambda values: max(values, key=lambda pair: (pair[0], rank(pair[1])))[1],
}


def same(found: Any, wanted: Any, scale: float) -> bool:
    if not isinstance(wanted, float) or not isinstance(found, float) or not math.isfinite(wanted):
        return found == wanted or (found != found and wanted != wanted)  # noqa: PLR0124  NaN
    return math.isclose(found, wanted, rel_tol=1e-12, abs_tol=1e-12 * scale)


def frame_of(spark: SparkSession, events: Sequence[Event]) -> DataFrame:
    return spark.createDataFrame([event.row for event in events], EVENTS)


def answers(spark: SparkSession, events: Sequence[Event], *rollings: Rolling) -> list[Any]:
    """The windows' values, rows in the order of the events."""
    numbered = [replace(event, id=i) for i, event in enumerate(events)]
    found = with_rolling_features(frame_of(spark, numbered), rollings, keys="key", time="time").orderBy("id").collect()
    values = [tuple(row[str(rolling.name)] for rolling in rollings) for row in found]
    return [value[0] for value in values] if len(rollings) == 1 else values


@settings(max_examples=2, deadline=None, phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck))
@given(events=st.lists(EVENT, min_size=300, max_size=500))
def test_every_function_is_what_plain_python_says(spark: SparkSession, events: list[Event]) -> None:
    events = [replace(event, id=i) for i, event in enumerate(events)]

    found = with_rolling_features(frame_of(spark, events), ROLLINGS, keys=["key"], time="time").collect()

    assert sorted(row["id"] for row in found) == [event.id for event in events]
    for row in found:
        event = events[row["id"]]
        scale = sum(abs(e.amount) for e in events if e.key == event.key and e.amount is not None and math.isfinite(e.amount))
        for rolling in ROLLINGS:
            wanted = expected(rolling, events, event)
            assert same(row[rolling.name], wanted, scale), (rolling, event, row[rolling.name], wanted)


def test_a_window_is_open_below_and_closed_above(spark: SparkSession) -> None:
    events = [Event(second=second) for second in (0, 6, 7, 8)]

    assert answers(spark, events, Rolling(name="n", function="count", window="7s")) == [1, 2, 2, 3]
    assert answers(spark, events, Rolling(name="n", function="count", window="7s", delay="1s")) == [0, 1, 2, 2]


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


def test_a_nan_leaves_no_trace_in_windows_that_do_not_hold_it(spark: SparkSession) -> None:
    events = [Event(second=0, amount=math.nan), Event(second=1, amount=math.inf), Event(second=2, amount=0.1), Event(second=3, amount=0.2)]
    summed = Rolling(name="sum", function="sum", column="amount", window="2s")
    spread_out = Rolling(name="stddev", function="stddev", column="amount", window="2s")

    found = answers(spark, events, summed, spread_out)

    assert math.isnan(found[0][0])
    assert math.isnan(found[1][0])
    assert found[2][0] == math.inf
    assert found[3] == pytest.approx((0.1 + 0.2, 0.05 * math.sqrt(2)), rel=1e-15)


def test_long_sums_of_doubles_leave_nothing_behind(spark: SparkSession) -> None:
    rows = spark.range(60_000).selectExpr("'a' AS key", "timestamp_seconds(id) AS time", "0.1D AS amount")
    window = Rolling(name="sum", function="sum", column="amount", window="3s")

    worst = (
        with_rolling_features(rows, [window], keys="key", time="time").where("unix_seconds(time) > 2").selectExpr("max(abs(sum - 0.3D))")
    )

    assert worst.first()[0] < 1e-13


def test_growing_windows_share_one_exchange_and_one_sort(spark: SparkSession, capsys: pytest.CaptureFixture[str]) -> None:
    windows = [
        Rolling(name=f"{function}_{window}", function=function, column=None if function == "count" else "amount", window=window)
        for function in ("count", "sum", "mean", "last")
        for window in ("1d", "7d", "30d")
    ]

    with_rolling_features(frame_of(spark, [Event()]), windows, keys="key", time="time").explain()

    plan = capsys.readouterr().out
    assert (plan.count("Exchange "), plan.count("Sort ["), plan.count("Window [")) == (1, 1, 1)


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
        Rolling(function="count", window="1d", where="amount"),
    ]

    with pytest.raises(WindowError) as caught:
        with_rolling_features(frame_of(spark, [Event()]), windows, keys=["card"], time="word")

    assert isinstance(caught.value, UsageError)
    *others, condition = caught.value.mistakes
    assert others == [
        "key 'card' is no column of the events; they have id, key, time, flag, small, long, exact, amount, word",
        "time 'word' is a string; cast it to timestamp first",
        "2 windows are named 'flag'",
        "count over 1d has no name",
        "the events already have a column 'flag'",
        "flag: sum needs numbers, and 'word' is a string",
        "flag: 'amout' is no column of the events; is it 'amount'?",
    ]
    assert condition.startswith("count: where 'amount': [DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN]")


def test_a_stream_is_refused(spark: SparkSession) -> None:
    stream = spark.readStream.format("rate").load()

    with pytest.raises(WindowError, match="events are a stream"):
        with_rolling_features(stream, [Rolling(name="n", function="count", window="1d")], keys="value", time="timestamp")


def handbook(spark: SparkSession, name: str) -> DataFrame:
    file = HANDBOOK / name
    if not file.exists():
        pytest.skip(f"{name} of the handbook is not there: ../shared/data/handbook")
    return spark.read.parquet(str(file))


def test_customers_of_the_handbook_have_the_published_features_outside_tied_seconds(spark: SparkSession) -> None:
    published = handbook(spark, "dev_oracle_cust.parquet")
    windows = [Rolling(name=f"n_{days}", function="count", window=f"{days}d") for days in (1, 7, 30)]
    windows += [Rolling(name=f"mean_{days}", function="mean", column="TX_AMOUNT", window=f"{days}d") for days in (1, 7, 30)]
    windows += [Rolling(name="tied", function="count", window="1s")]

    found = with_rolling_features(published, windows, keys="CUSTOMER_ID", time="TX_DATETIME")
    wrong = " OR ".join(
        f"n_{days} <> CUSTOMER_ID_NB_TX_{days}DAY_WINDOW OR abs(mean_{days} - CUSTOMER_ID_AVG_AMOUNT_{days}DAY_WINDOW) > 1e-9"
        for days in (1, 7, 30)
    )
    ours, differing = found.selectExpr("count(*)", f"count_if(coalesce({wrong}, true) AND tied = 1)").first() or (0, -1)

    assert (ours, differing) == (published.count(), 0)


def test_terminals_of_the_handbook_have_the_published_features(spark: SparkSession) -> None:
    published = handbook(spark, "dev_oracle_term.parquet")
    windows = [Rolling(name=f"n_{days}", function="count", window=f"{days}d", delay="7d") for days in (1, 7, 30)]
    windows += [
        Rolling(name=f"risk_{days}", function="mean", column="TX_FRAUD", window=f"{days}d", delay="7d", default=0) for days in (1, 7, 30)
    ]

    found = with_rolling_features(published, windows, keys="TERMINAL_ID", time="TX_DATETIME")
    wrong = " OR ".join(
        f"n_{days} <> TERMINAL_ID_NB_TX_{days}DAY_WINDOW OR abs(risk_{days} - TERMINAL_ID_RISK_{days}DAY_WINDOW) > 1e-9"
        for days in (1, 7, 30)
    )
    ours, differing = found.selectExpr("count(*)", f"count_if(coalesce({wrong}, true))").first() or (0, -1)

    assert (ours, differing) == (published.count(), 0)

"""Labels joined to a table of tiles see what a lookup at their time would have told."""

from __future__ import annotations

import math
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from goldlane.features import Feature, FeatureTable, Rolling, point_in_time_join, rebuild_training_set, to_tiles, training_set
from goldlane.features.errors import JoinError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pyspark.sql import DataFrame, SparkSession

START = datetime(2026, 1, 1, tzinfo=timezone.utc)
LABELS = "id int, card string, asked_at timestamp"
Event: TypeAlias = "tuple[str | None, int, int | None]"
EVENTS: list[Event] = [("a", 1, 5), ("a", 4, None), ("a", 6, 7), ("a", 6, 1), ("b", 3, 2), ("a", 30, 1), (None, 5, 1)]
CARDS = st.sampled_from(["a", "b", "c", None])
VELOCITY = FeatureTable(
    name="velocity",
    keys=("card",),
    event_time="paid_at",
    ttl=timedelta(seconds=20),
    features=(
        Feature(name="n", type="bigint", description="payments", rolling=Rolling(function="count", window="12s", hop="4s")),
        Feature(name="amount", type="bigint", description="sum", rolling=Rolling(function="sum", column="amount", window="8s", hop="4s")),
    ),
)


def second(number: int | None) -> datetime | None:
    return None if number is None else START + timedelta(seconds=number)


def velocity_tiles(spark: SparkSession, events: Sequence[Event] = EVENTS) -> DataFrame:
    rows = [(card, second(at), amount) for card, at, amount in events]
    events = spark.createDataFrame(rows, "card string, paid_at timestamp, amount bigint")
    return to_tiles(events, VELOCITY.rollings, keys="card", time="paid_at")


def answers(
    spark: SparkSession, labels: Sequence[tuple[Any, ...]], events: Sequence[Event] = EVENTS, **options: Any
) -> list[tuple[Any, ...]]:
    asked = spark.createDataFrame([(i, card, second(at)) for i, (card, at) in enumerate(labels)], LABELS)
    joined = point_in_time_join(asked, {VELOCITY: velocity_tiles(spark, events)}, label_time="asked_at", **options)
    return [tuple(row)[3:] for row in joined.orderBy("id").collect()]


def expected(card: str | None, at: int | None, events: Sequence[Event] = EVENTS, *, exclusive: bool) -> tuple[Any, ...]:
    seen = [(e, paid) for c, e, paid in events if c == card and None not in (card, at) and (e < at or (e == at and not exclusive))]  # type: ignore[operator]
    if at is None or not seen:
        return None, None, None
    newest = max(e for e, _ in seen)
    in_12, in_8 = ([paid for e, paid in seen if e > math.ceil(at / 4) * 4 - width] for width in (12, 8))
    paid = [each for each in in_8 if each is not None]
    fresh = at - newest <= 20
    return len(in_12) if fresh else None, (sum(paid) if paid and fresh else None), float(at - newest)


@pytest.mark.parametrize("boundary", ["inclusive", "exclusive"])
def test_every_label_sees_the_windows_of_its_own_instant(spark: SparkSession, boundary: str) -> None:
    labels = [(card, at) for card in ("a", "b", "never", None) for at in (None, *range(34))] + [("a", 6), ("a", 6)]

    found = answers(spark, labels, boundary=boundary, age=True)

    assert found == [expected(card, at, exclusive=boundary == "exclusive") for card, at in labels]


@pytest.mark.slow
@settings(max_examples=2, deadline=None, phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck))
@given(
    events=st.lists(st.tuples(CARDS, st.integers(0, 40), st.none() | st.integers(-3, 3)), max_size=60),
    labels=st.lists(st.tuples(CARDS, st.none() | st.integers(-2, 70)), min_size=1, max_size=200),
    boundary=st.sampled_from(["inclusive", "exclusive"]),
)
def test_any_label_sees_the_windows_of_any_events(
    spark: SparkSession, events: list[Event], labels: list[tuple[str | None, int | None]], boundary: str
) -> None:
    found = answers(spark, labels, events, boundary=boundary, age=True)

    assert found == [expected(card, at, events, exclusive=boundary == "exclusive") for card, at in labels]


@pytest.mark.slow
def test_a_training_set_reads_its_windows_from_tiles_and_is_rebuilt_from_them(spark: SparkSession, tmp_path: Path) -> None:
    folder, asked = str(tmp_path / "velocity"), [("a", 6), ("a", 33), ("b", 4), ("never", 9), (None, 5)]
    velocity_tiles(spark).write.format("delta").save(folder)
    labels = spark.createDataFrame([(card, second(at), True) for card, at in asked], "card string, asked_at timestamp, fraud boolean")

    made = training_set(labels, {VELOCITY: folder}, label="fraud", label_time="asked_at", age=True)
    spark.sql(f"DELETE FROM delta.`{folder}`")
    again = rebuild_training_set(made.record.to_json(), labels=labels, tables=[VELOCITY])

    columns = ["n", "amount", "velocity__age_s"]
    found = [sorted((tuple(row) for row in each.frame.select(columns).collect()), key=repr) for each in (made, again)]
    assert found == [sorted((expected(card, at, exclusive=False) for card, at in asked), key=repr)] * 2


def test_a_frame_that_is_no_tiles_is_told_how_to_become_one(spark: SparkSession) -> None:
    labels = spark.createDataFrame([], LABELS)
    events = spark.createDataFrame([], "card string, hop bigint, tile bigint, paid_at timestamp")

    with pytest.raises(JoinError) as refused:
        point_in_time_join(labels, {VELOCITY: events}, label_time="asked_at")

    assert [mistake.partition(";")[0] for mistake in refused.value.mistakes] == [
        "velocity: 'at' is no column of its tiles, which to_tiles makes",
        "velocity: 'partials' is no column of its tiles, which to_tiles makes",
    ]

"""Every label keeps its place, sees nothing of its future, and the same rows come again from the record."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from goldlane.features import FeatureTable, Rolling, TrainingRecord, rebuild_training_set, training_set
from goldlane.features.as_of import AsOf
from goldlane.features.declarations import Feature
from goldlane.features.definitions import differences
from goldlane.features.errors import TrainingError
from goldlane.features.pins import Pin
from goldlane.features.records import RecordedLabels, RecordedTable

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

LABELS = "merchant_id string, at timestamp, fraud boolean"
START = datetime.fromisoformat("2026-01-01T00:00:00+00:00")


def hour(number: float) -> datetime:
    return START + timedelta(hours=number)


def rows(frame: DataFrame, *columns: str) -> list[tuple[Any, ...]]:
    return sorted((tuple(row) for row in frame.select(*columns or ["*"]).collect()), key=repr)


@pytest.fixture
def labels(spark: SparkSession) -> DataFrame:
    return spark.createDataFrame([("m1", hour(2), True), ("m1", hour(2), True), ("m2", hour(2), False), (None, hour(9), None)], LABELS)


@pytest.fixture
def record(merchants: FeatureTable) -> TrainingRecord:
    question = AsOf(
        label_time="at",
        boundary="exclusive",
        known_at=None,
        ttl=timedelta(days=1, microseconds=1),
        tie_break=("serial",),
        skip_nulls=True,
        age=True,
        prefix=True,
    )
    return TrainingRecord(
        label="fraud",
        question=question,
        labels=RecordedLabels(rows=4, fingerprint="four"),
        tables=(
            RecordedTable(declaration=merchants, pin=Pin(place="/gold", table_id="1-2", version=7)),
            RecordedTable(declaration=real(merchants)),
        ),
        goldlane="0.1.0",
        spark="4.2.0",
    )


def real(merchants: FeatureTable) -> FeatureTable:
    """Another table of the same keys."""
    return replace(merchants, name="ratings", features=(Feature(name="stars", type="int", description="stars"),))


def test_every_label_is_kept_with_what_was_known_at_its_time(
    labels: DataFrame, merchants: FeatureTable, gold: Callable[..., Any], storage: Path
) -> None:
    gold([("m1", 1, "low", 10), ("m1", 2, "high", 20), ("m1", 3, "future", 30), ("m2", 3, "future", 30)])

    made = training_set(labels, [merchants], storage=storage, label="fraud", label_time="at")

    known = [("m1", True, "high", 20), ("m1", True, "high", 20), ("m2", False, None, None), (None, None, None, None)]
    assert rows(made.frame, "merchant_id", "fraud", "tier", "velocity") == sorted(known, key=repr)
    assert (made.record.rows, made.record.features, made.record.unpinned) == (4, ("tier", "velocity"), ())


def test_it_is_rebuilt_row_by_row_after_the_table_changed(
    labels: DataFrame, merchants: FeatureTable, gold: Callable[..., Any], storage: Path
) -> None:
    gold([("m1", 1, "low", 10), ("m2", 1, "low", None)])
    made = training_set(labels, [merchants], storage=storage, label="fraud", label_time="at", age=True)
    before = rows(made.frame)

    gold([("m1", 1, "corrected", 99)], mode="overwrite")
    again = rebuild_training_set(made.record.to_json(), labels=labels, tables=[merchants])

    assert rows(again.frame) == before == rows(made.frame)
    assert again.record == made.record
    newly_made = training_set(labels, [merchants], storage=storage, label="fraud", label_time="at", age=True)
    assert rows(newly_made.frame) != before


@pytest.mark.slow
def test_labels_in_a_delta_table_are_held_at_their_version_too(
    spark: SparkSession, labels: DataFrame, merchants: FeatureTable, gold: Callable[..., Any], storage: Path
) -> None:
    folder = storage / "labels"
    gold([("m1", 1, "low", 10)])
    labels.write.format("delta").save(str(folder))
    spark.sql(f"CREATE TABLE training_labels USING delta LOCATION '{folder}'")
    made = [training_set(place, [merchants], storage=storage, label="fraud", label_time="at") for place in (folder, "training_labels")]

    labels.limit(1).write.format("delta").mode("append").save(str(folder))
    again = [rebuild_training_set(each.record).frame.count() for each in made]

    assert again == [each.record.rows for each in made] == [4, 4]
    assert spark.table("training_labels").count() == 5
    spark.sql("DROP TABLE training_labels")


def test_what_cannot_be_rebuilt_is_named_all_at_once(
    spark: SparkSession, labels: DataFrame, merchants: FeatureTable, gold: Callable[..., Any], storage: Path
) -> None:
    gold([("m1", 1, "low", 10)])
    ratings = spark.createDataFrame([("m1", hour(1), 5)], "merchant_id string, as_of timestamp, stars int")
    place = storage / "tables" / "default" / "merchants"
    made = training_set(labels, {merchants: place, real(merchants): ratings}, label="fraud", label_time="at")
    shutil.rmtree(place)
    gold([("m1", 1, "low", 10)])

    with pytest.raises(TrainingError) as refused:
        rebuild_training_set(made.record, labels=labels.limit(1), tables=[replace(merchants, ttl=timedelta(days=1))])

    replaced, other, changed, frame = refused.value.mistakes
    assert made.record.unpinned == ("ratings",)
    assert "is another table than it was" in other + replaced
    assert "these are other labels: 1 rows" in other + replaced
    assert changed == "merchants.ttl_s was None and is 86400.0"
    assert frame == "ratings was given as a frame, which nothing can bring back"


def test_mistakes_are_named_all_at_once_before_a_row_is_read(labels: DataFrame, merchants: FeatureTable, storage: Path) -> None:
    never_read = labels.selectExpr("merchant_id", "at AS as_of", "CAST(raise_error('read') AS INT) AS stars")

    with pytest.raises(TrainingError) as refused:
        training_set(labels, {merchants: storage / "nowhere", real(merchants): never_read}, label="fruad", label_time="when")

    text = str(refused.value)
    assert f"merchants: there is no Delta table at {storage}/nowhere" in text
    assert "label 'fruad' is no column of the labels; is it 'fraud'?" in text
    assert "label_time 'when' is no column of the labels" in text


def test_a_label_that_a_model_could_read_off_its_inputs_is_refused(spark: SparkSession, merchants: FeatureTable) -> None:
    labels = spark.createDataFrame([("m1", hour(1), "low")], "merchant_id string, at timestamp, tier string")
    frame = spark.createDataFrame([("m1", hour(1), "low", 1)], "merchant_id string, as_of timestamp, tier string, velocity bigint")

    with pytest.raises(TrainingError, match="label 'tier' is also a feature of merchants: a model would learn it from itself"):
        training_set(labels, {merchants: frame}, label="tier", label_time="at", prefix=True)
    with pytest.raises(TrainingError, match="label 'merchant_id' is also a key of merchants"):
        training_set(labels.drop("tier"), {merchants: frame}, label="merchant_id", label_time="at")


def test_tables_without_a_place_and_no_tables_at_all_are_refused(labels: DataFrame, merchants: FeatureTable) -> None:
    with pytest.raises(TrainingError, match="merchants: nothing says where its rows are"):
        training_set(labels, [merchants], label="fraud", label_time="at")
    with pytest.raises(TrainingError, match="there is no feature table to join"):
        training_set(labels, [], label="fraud", label_time="at")


def test_a_record_comes_back_from_its_json(record: TrainingRecord) -> None:
    again = TrainingRecord.from_json(record.to_json())

    assert again == record
    assert again.digest == record.digest
    assert json.loads(record.to_json())["tables"][0]["pin"] == {"place": "/gold", "table_id": "1-2", "version": 7}
    assert record.features == ("merchants__tier", "merchants__velocity", "ratings__stars")


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"label": 1, "question": {}}'])
def test_a_text_that_is_no_record_is_refused(text: str) -> None:
    with pytest.raises(TrainingError, match="this is no record that TrainingRecord"):
        TrainingRecord.from_json(text)


def test_no_limit_of_age_comes_back_from_json(record: TrainingRecord) -> None:
    unlimited = replace(record, question=replace(record.question, ttl=timedelta.max))

    assert TrainingRecord.from_json(unlimited.to_json()) == unlimited


def test_labels_and_tables_of_other_kinds_are_refused(labels: DataFrame, merchants: FeatureTable) -> None:
    with pytest.raises(TrainingError, match="the labels are a DataFrame of Spark, or a Delta table's folder or name, not a list"):
        training_set([], [merchants], label="fraud", label_time="at")  # type: ignore[arg-type]
    with pytest.raises(TrainingError, match="the tables are a FeatureTable; list them, or map them to where their rows are"):
        training_set(labels, merchants, label="fraud", label_time="at")  # type: ignore[arg-type]


def test_words_are_no_difference_and_everything_else_is(merchants: FeatureTable) -> None:
    tier, velocity = merchants.features
    counted = replace(velocity, rolling=Rolling(function="count", window="7d"))

    reworded = replace(merchants, description="sellers", features=(replace(tier, unit="colour"), velocity))
    assert list(differences(merchants, reworded)) == []
    assert list(differences(merchants, replace(merchants, features=(velocity, tier)))) == [
        "merchants: the features stand in another order, which breaks ties"
    ]
    assert list(differences(merchants, replace(merchants, features=(tier,)))) == ["merchants.velocity is gone"]
    (changed,) = differences(
        replace(merchants, features=(counted,)),
        replace(merchants, features=(replace(counted, rolling=replace(counted.rolling, window="14d")),)),
    )
    assert changed == "merchants.velocity.rolling.window was '7d' and is '14d'"


EXAMPLE = st.tuples(st.integers(0, 6), st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=6))


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(examples=st.lists(EXAMPLE, min_size=40, max_size=40), boundary=st.sampled_from(["inclusive", "exclusive"]))
def test_a_label_sees_only_rows_that_were_knowable_before_it(
    spark: SparkSession, merchants: FeatureTable, examples: list[tuple[int, list[tuple[int, int]]]], boundary: Any
) -> None:
    """Each example is a key: its label's hour, and rows with the hour they are about and the hour they were known. Others' are poisoned."""
    in_time = (lambda row, label: max(row) <= label) if boundary == "inclusive" else (lambda row, label: max(row) < label)
    labels = [(f"m{number}", hour(label), True) for number, (label, _) in enumerate(examples)]
    known = [
        (f"m{number}", hour(event), hour(knowable), "seen" if in_time((event, knowable), label) else "leaked", 1)
        for number, (label, others) in enumerate(examples)
        for event, knowable in others
    ]
    frame = spark.createDataFrame(known, "merchant_id string, as_of timestamp, known_at timestamp, tier string, velocity bigint")

    made = training_set(spark.createDataFrame(labels, LABELS), {merchants: frame}, label="fraud", label_time="at", boundary=boundary)

    expected = [
        (f"m{number}", "seen" if any(in_time(row, label) for row in others) else None) for number, (label, others) in enumerate(examples)
    ]
    assert rows(made.frame, "merchant_id", "tier") == sorted(expected, key=repr)


MERCHANTS = ["m1", "m2", "m3"]
GOLD_ROWS = st.lists(st.tuples(st.sampled_from(MERCHANTS), st.integers(0, 9), st.sampled_from(["a", "b", None]), st.integers(0, 3)))
ASKED = st.lists(st.tuples(st.sampled_from([*MERCHANTS, None]), st.none() | st.integers(-1, 10), st.booleans()), min_size=1, max_size=30)
WRITES = st.lists(st.tuples(st.sampled_from(["append", "overwrite"]), GOLD_ROWS), min_size=1, max_size=2)


@pytest.mark.slow
@settings(max_examples=3, phases=[Phase.explicit, Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(example=st.tuples(GOLD_ROWS, ASKED, WRITES))
def test_any_training_set_is_rebuilt_as_it_was_whatever_is_written_later(
    spark: SparkSession, merchants: FeatureTable, gold: Callable[..., Any], storage: Path, example: tuple[Any, Any, Any]
) -> None:
    rows_then, asked, writes = example
    labels = spark.createDataFrame([(name, None if at is None else hour(at), fraud) for name, at, fraud in asked], LABELS)
    gold(rows_then, mode="overwrite")

    made = training_set(labels, [merchants], storage=storage, label="fraud", label_time="at")
    for mode, written in writes:
        gold(written, mode=mode)
    again = rebuild_training_set(made.record.to_json(), labels=labels, tables=[merchants])

    known = [(name, fraud, *newest_known(rows_then, name, at)) for name, at, fraud in asked]
    assert rows(again.frame, "merchant_id", "fraud", "tier", "velocity") == sorted(known, key=repr)


def newest_known(gold_rows: list[tuple[str, int, str | None, int]], name: str | None, at: int | None) -> tuple[str | None, int | None]:
    """Of the rows up to then the newest; of equal ones the greatest, NULL below every value."""
    seen = [
        (hours, tier is not None, tier or "", velocity)
        for merchant, hours, tier, velocity in gold_rows
        if merchant == name and at is not None and hours <= at
    ]
    return (max(seen)[2] or None, max(seen)[3]) if seen else (None, None)

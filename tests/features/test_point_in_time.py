"""Every label sees what plain Python says it could have known: ties, edges, NULLs, the second time, ttl and last non-null included."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from goldlane.errors import UsageError
from goldlane.features import Feature, FeatureTable, point_in_time_join
from goldlane.features.errors import JoinError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pyspark.sql import DataFrame, SparkSession

START = datetime(2026, 1, 1, tzinfo=timezone.utc)
LABELS = "id int, card string, day int, asked_at timestamp"
ROWS = "card string, day int, seen_at timestamp, {known} timestamp, rank int, number bigint, word string"


def second(number: float | None) -> datetime | None:
    return None if number is None else START + timedelta(seconds=number)


def feature(name: str, kind: str) -> Feature:
    return Feature(name=name, type=kind, description=f"a {kind}")


CARDS = FeatureTable(
    name="cards",
    keys=("card", "day"),
    key_types={"day": "int"},
    event_time="seen_at",
    features=(feature("number", "bigint"), feature("word", "string")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A feature row; times count in seconds from the start."""

    card: str | None = "a"
    day: int | None = 0
    event: int | None = 0
    known: int | None = 0
    rank: int | None = 0
    number: int | None = 1
    word: str | None = "w"

    @property
    def values(self) -> tuple[Any, ...]:
        return (self.card, self.day, second(self.event), second(self.known), self.rank, self.number, self.word)


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A question; its time counts in seconds from the start."""

    card: str | None = "a"
    day: int | None = 0
    at: int | None = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a call may say, and whether its table has a second time."""

    two_times: bool = True
    boundary: str = "inclusive"
    ttl: int | None = None
    tie_break: tuple[str, ...] = ()
    skip_nulls: bool = False

    @property
    def arguments(self) -> dict[str, Any]:
        ttl = None if self.ttl is None else timedelta(seconds=self.ttl)
        return {"boundary": self.boundary, "ttl": ttl, "tie_break": self.tie_break, "skip_nulls": self.skip_nulls}


OPTIONS = (
    Options(),
    Options(two_times=False),
    Options(two_times=False, boundary="exclusive", ttl=2, tie_break=("rank",)),
    Options(boundary="exclusive", skip_nulls=True, ttl=3),
    Options(ttl=2, tie_break=("rank",)),
    Options(two_times=False, skip_nulls=True, tie_break=("rank",)),
)
KEYS = {"card": st.sampled_from([*"abcdefgh", None]), "day": st.sampled_from([0, 0, 0, 1, None])}
SECOND = st.one_of(st.none(), *[st.integers(0, 6)] * 9)
ROW = st.builds(
    Row,
    **KEYS,
    event=SECOND,
    known=SECOND,
    rank=st.sampled_from([None, 0, 1]),
    number=st.sampled_from([None, -1, 0, 5]),
    word=st.sampled_from([None, "a", "b"]),
)
LABEL = st.builds(Label, **KEYS, at=st.one_of(st.none(), *[st.integers(-1, 8)] * 9))


def expected(options: Options, rows: Sequence[Row], label: Label) -> tuple[Any, ...]:
    """The definition, word for word: number, word, and the age of the newest visible row."""
    if label.card is None or label.day is None or label.at is None:
        return (None, None, None)
    visible = [row for row in rows if (row.card, row.day) == (label.card, label.day) and is_visible(options, row, label.at)]
    newest_first = sorted(visible, key=lambda row: order(options, row), reverse=True)
    age = float(label.at - int(newest_first[0].event or 0)) if newest_first else None
    return (taken("number", options, newest_first, label.at), taken("word", options, newest_first, label.at), age)


def is_visible(options: Options, row: Row, at: int) -> bool:
    times = [row.event, row.known] if options.two_times else [row.event]
    return all(time is not None and (time < at or (time == at and options.boundary == "inclusive")) for time in times)


def order(options: Options, row: Row) -> list[tuple[bool, Any]]:
    parts = [row.event, *([row.known] if options.two_times else []), *([row.rank] if options.tie_break else [])]
    parts += [] if options.skip_nulls else [row.number, row.word]
    return [(part is not None, part) for part in parts]


def taken(name: str, options: Options, newest_first: Sequence[Row], at: int) -> Any:
    rows = [row for row in newest_first if getattr(row, name) is not None] if options.skip_nulls else list(newest_first)
    if not rows:
        return None
    best = [row for row in rows if order(options, row) == order(options, rows[0])]
    too_old = options.ttl is not None and at - int(rows[0].event or 0) > options.ttl
    return None if too_old else max((getattr(row, name) for row in best), key=lambda value: (value is not None, value))


def labels_of(spark: SparkSession, labels: Sequence[Label]) -> DataFrame:
    return spark.createDataFrame([(i, label.card, label.day, second(label.at)) for i, label in enumerate(labels)], LABELS)


def rows_of(spark: SparkSession, rows: Sequence[Row], *, known: str = "known_at") -> DataFrame:
    return spark.createDataFrame([row.values for row in rows], ROWS.format(known=known))


def answers(spark: SparkSession, rows: Sequence[Row], labels: Sequence[Label], **options: Any) -> list[tuple[Any, ...]]:
    """The features of each label, in the order of the labels."""
    frame = rows_of(spark, rows, known=options.pop("known", "known_at"))
    joined = point_in_time_join(labels_of(spark, labels), {CARDS: frame}, label_time="asked_at", **options)
    return [tuple(row)[4:] for row in joined.orderBy("id").collect()]


def check_against_plain_python(spark: SparkSession, rows: Sequence[Row], labels: Sequence[Label]) -> None:
    for options in OPTIONS:
        known = "known_at" if options.two_times else "ingested_at"

        found = answers(spark, rows, labels, age=True, known=known, **options.arguments)

        assert found == [expected(options, rows, label) for label in labels], options


@pytest.mark.slow
@settings(max_examples=1, deadline=None, phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck))
@given(rows=st.lists(ROW, min_size=300, max_size=400), labels=st.lists(LABEL, min_size=200, max_size=300))
def test_every_label_sees_what_plain_python_says(spark: SparkSession, rows: list[Row], labels: list[Label]) -> None:
    check_against_plain_python(spark, rows, labels)


@pytest.mark.slow
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=st.lists(ROW, max_size=400), labels=st.lists(LABEL, min_size=1, max_size=300))
def test_many_labels_see_what_plain_python_says(spark: SparkSession, rows: list[Row], labels: list[Label]) -> None:
    check_against_plain_python(spark, rows, labels)


@pytest.mark.slow
@settings(max_examples=2, deadline=None, phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck))
@given(rows=st.lists(ROW, max_size=300), others=st.lists(ROW, max_size=60), labels=st.lists(LABEL, min_size=1, max_size=200))
def test_several_tables_see_what_plain_python_says_of_each(
    spark: SparkSession, rows: list[Row], others: list[Row], labels: list[Label]
) -> None:
    days = replace(CARDS, name="days", keys=("day",), key_types={"day": "int"}, ttl=timedelta(seconds=3))
    frames = {CARDS: rows_of(spark, rows), days: rows_of(spark, others, known="ingested_at")}

    joined = point_in_time_join(labels_of(spark, labels), frames, label_time="asked_at", boundary="exclusive", age=True, prefix=True)

    assert joined.columns[4:] == [f"{table}__{name}" for table in ("cards", "days") for name in ("number", "word", "age_s")]
    of_cards, of_days = Options(boundary="exclusive"), Options(boundary="exclusive", two_times=False, ttl=3)
    of_any_card = [replace(row, card="") for row in others]
    assert [tuple(row)[4:] for row in joined.orderBy("id").collect()] == [
        (*expected(of_cards, rows, label), *expected(of_days, of_any_card, replace(label, card=""))) for label in labels
    ]


def test_labels_stay_as_they_are_duplicates_included(spark: SparkSession) -> None:
    labels = spark.createDataFrame(
        [(second(1), "a", 0, {"x": [1]}, None), (second(1), "a", 0, {"x": [1]}, None), (None, None, None, None, b"")],
        "`asked at` timestamp, card string, day smallint, `the.map` map<string,array<int>>, raw binary",
    )

    joined = point_in_time_join(labels, {CARDS: rows_of(spark, [Row()])}, label_time="asked at")

    assert [(field.name, field.dataType) for field in joined.schema.fields[:5]] == [(f.name, f.dataType) for f in labels.schema]
    assert sorted(joined.collect(), key=str) == sorted(
        [(*row, 1, "w") if row["card"] else (*row, None, None) for row in labels.collect()], key=str
    )


def test_a_table_without_rows_gives_null_features(spark: SparkSession) -> None:
    assert answers(spark, [], [Label(at=1)], age=True) == [(None, None, None)]


def test_a_row_that_came_late_is_not_seen_before_it_came(spark: SparkSession) -> None:
    rows = [Row(event=1, known=5, word="late"), Row(event=0, known=0, word="on time"), Row(event=3, known=3, word="newer")]

    seen = answers(spark, rows, [Label(at=at) for at in (0, 2, 4, 6)])

    assert [word for _, word in seen] == ["on time", "on time", "newer", "newer"]


def test_a_correction_known_later_wins_once_it_is_known(spark: SparkSession) -> None:
    rows = [Row(event=1, known=1, word="first"), Row(event=1, known=4, word="corrected")]

    assert [word for _, word in answers(spark, rows, [Label(at=3), Label(at=4)])] == ["first", "corrected"]


def test_another_column_may_be_the_second_time(spark: SparkSession) -> None:
    rows = [Row(event=1, known=5)]

    assert answers(spark, rows, [Label(at=4), Label(at=5)], known="ingested_at", known_at="ingested_at") == [(None, None), (1, "w")]


def test_a_second_time_counts_in_any_spelling(spark: SparkSession) -> None:
    assert answers(spark, [Row(event=1, known=5)], [Label(at=4), Label(at=5)], known="Known_At") == [(None, None), (1, "w")]


def test_an_expired_value_is_null_and_its_age_is_told(spark: SparkSession) -> None:
    ages = answers(spark, [Row()], [Label(at=at) for at in (-1, 0, 2, 3)], ttl=timedelta(seconds=2), age=True)

    assert ages == [(None, None, None), (1, "w", 0.0), (1, "w", 2.0), (None, None, 3.0)]


def test_a_tables_own_ttl_counts_unless_another_is_asked_for(spark: SparkSession) -> None:
    short = replace(CARDS, ttl=timedelta(seconds=1))
    labels, frame = labels_of(spark, [Label(at=2)]), rows_of(spark, [Row()])

    own = point_in_time_join(labels, {short: frame}, label_time="asked_at").first()
    none = point_in_time_join(labels, {short: frame}, label_time="asked_at", ttl=timedelta.max).first()

    assert (own.word, none.word) == (None, "w")


def test_chronons_window_is_exclusive_with_a_ttl_and_feasts_inclusive(spark: SparkSession) -> None:
    rows = [Row(card=card, event=event) for card, event in zip("abcd", (0, 1, 5, 6), strict=True)]
    labels = [Label(card=card, at=6) for card in "abcd"]
    width = timedelta(seconds=5)

    chronon = answers(spark, rows, labels, known="ingested_at", boundary="exclusive", ttl=width)
    feast = answers(spark, rows, labels, known="ingested_at", ttl=width)

    assert [word for _, word in chronon] == [None, "w", "w", None]
    assert [word for _, word in feast] == [None, "w", "w", "w"]


def test_several_tables_with_other_keys_and_equal_names(spark: SparkSession) -> None:
    shops = FeatureTable(name="shops", keys=("shop",), event_time="at", features=(feature("word", "string"),))
    labels = spark.createDataFrame([("a", 0, "s", second(3))], "card string, day int, shop string, asked_at timestamp")
    frame = spark.createDataFrame([("s", second(1), "shop's")], "shop string, at timestamp, word string")

    joined = point_in_time_join(
        labels, {CARDS: rows_of(spark, [Row()]), shops: frame}, label_time="asked_at", prefix=True, age=True
    ).select("cards__word", "cards__age_s", "shops__word", "shops__age_s")

    assert joined.columns == ["cards__word", "cards__age_s", "shops__word", "shops__age_s"]
    assert joined.collect() == [("w", 3.0, "shop's", 2.0)]


@pytest.mark.parametrize("kind", ["date", "timestamp_ntz"])
def test_dates_and_times_without_a_zone_are_times_too(spark: SparkSession, kind: str) -> None:
    day = {"date": date, "timestamp_ntz": datetime}[kind]
    table = FeatureTable(name="t", keys=("key",), event_time="at", features=(feature("word", "string"),), ttl=timedelta(days=1))
    frame = spark.createDataFrame([("a", day(2026, 3, 28), "a")], f"key string, at {kind}, word string")
    labels = spark.createDataFrame([("a", day(2026, 3, 29)), ("a", day(2026, 3, 30)), ("a", None)], f"key string, asked {kind}")

    found = point_in_time_join(labels, {table: frame}, label_time="asked", age=True).orderBy("asked").collect()

    assert [tuple(row)[2:] for row in found] == [(None, None), ("a", 86400.0), (None, 172800.0)]


def test_only_declared_columns_are_read(spark: SparkSession, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows_of(spark, [Row()]).write.parquet(str(tmp_path / "rows"))
    frame = spark.read.parquet(str(tmp_path / "rows")).drop("known_at")

    point_in_time_join(labels_of(spark, [Label()]), {CARDS: frame}, label_time="asked_at").explain()

    (schema,) = (line for line in capsys.readouterr().out.splitlines() if "FileScan parquet" in line)
    assert "rank" not in schema


def test_all_mistakes_of_a_call_are_named_at_once(spark: SparkSession) -> None:
    labels = spark.createDataFrame([], "card int, word string, asked_at timestamp_ntz")
    frame = spark.createDataFrame([], "card string, day string, seen timestamp, known_at timestamp, number double, word string")
    other = FeatureTable(name="others", keys=("card",), event_time="at", features=(feature("word", "string"),))
    text = spark.createDataFrame([], "card string, at string, word string")

    with pytest.raises(JoinError) as caught:
        point_in_time_join(
            labels,
            {CARDS: frame, other: text},
            label_time="asked_at",
            boundary="both",  # type: ignore[arg-type]
            ttl=timedelta(seconds=-1),
            tie_break="offset",
        )

    assert isinstance(caught.value, UsageError)
    assert caught.value.mistakes == (
        "there is no boundary 'both'; known are inclusive, exclusive",
        "ttl must be a timedelta of 0 or more, not datetime.timedelta(days=-1, seconds=86399)",
        "cards: 'seen_at' is no column of its frame; is it 'seen'?",
        "cards: key 'card' is int in the labels and string in its frame; cast one of them",
        "cards: key 'day' is declared int and its frame has string; cast it, or declare it in key_types",
        "cards: key 'day' is no column of the labels; known are card, word, asked_at",
        "cards: known_at 'known_at' is a timestamp and label_time 'asked_at' a timestamp_ntz; cast one, saying in which zone",
        "cards: feature 'number' is declared bigint and its frame has double; cast it, or declare what it is",
        "others: key 'card' is int in the labels and string in its frame; cast one of them",
        "others: event_time 'at' is a string; cast it to timestamp first",
        "tie_break 'offset' is a column of no feature table's frame",
        "cards: 'word' is also a column 'word' of the labels; rename it, or say prefix=True",
        "others: 'word' is also a column 'word' of the labels; rename it, or say prefix=True",
    )


@pytest.mark.parametrize(
    "change, mistake",
    [
        (lambda labels: labels.drop("asked_at"), "label_time 'asked_at' is no column of the labels; known are id, card, day"),
        (lambda labels: labels.selectExpr("*", "id"), "the labels have 2 columns 'id'; name each once"),
        (
            lambda labels: labels.withColumn("asked_at", labels.asked_at.cast("string")),
            "label_time 'asked_at' is a string; cast it to timestamp first",
        ),
    ],
)
def test_labels_that_do_not_fit_are_refused(spark: SparkSession, change: Callable[[DataFrame], DataFrame], mistake: str) -> None:
    with pytest.raises(JoinError) as caught:
        point_in_time_join(change(labels_of(spark, [])), {CARDS: rows_of(spark, [])}, label_time="asked_at")

    assert mistake in caught.value.mistakes


def test_tables_are_a_mapping_of_declarations_to_frames(spark: SparkSession) -> None:
    frame = rows_of(spark, [])

    with pytest.raises(JoinError) as caught:
        point_in_time_join(labels_of(spark, []), {"cards": frame, CARDS: "cards"}, label_time="asked_at")  # type: ignore[dict-item]

    assert [mistake.split(":")[0] for mistake in caught.value.mistakes] == ["'cards'", repr(CARDS).split(":")[0]]


def test_what_is_no_frame_or_has_a_column_twice_is_named(spark: SparkSession) -> None:
    with pytest.raises(JoinError) as caught:
        point_in_time_join([], [CARDS], label_time="asked_at", ttl=5)  # type: ignore[arg-type]

    assert caught.value.mistakes == (
        "ttl must be a timedelta of 0 or more, not 5",
        "the labels are a list, not a DataFrame of Spark",
        "the tables are a list; map each FeatureTable to its frame",
    )
    twice = rows_of(spark, []).selectExpr("*", "word")
    with pytest.raises(JoinError, match="cards: its frame has 2 columns 'word'; name each once"):
        point_in_time_join(labels_of(spark, []), {CARDS: twice}, label_time="asked_at")

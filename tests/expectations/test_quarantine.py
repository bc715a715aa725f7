from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from goldlane.errors import UsageError
from goldlane.expectations import Action, Replayed, Rule, RuleError, Rules, not_null, replay_quarantine, write_split
from goldlane.expectations.delta_places import append

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

# 70 rules: more than the bits of one mask; one of them named like a column, some nullable on purpose.
MANY = Rules(
    Rule(name="a", predicate="a >= 0", action=Action.DROP),
    Rule(name="is_even", predicate="a % 2 = 0", action=Action.FAIL, or_null=True),
    Rule(name="b", predicate="b <> ''"),
    *(Rule(name=f"is_not_{number}", predicate=f"a <> {number}", action=Action.DROP, or_null=number % 2 == 0) for number in range(20, 87)),
)
STOPS = {rule.name for rule in MANY if rule.action is not Action.WARN}


def broken_in_python(a: int | None, b: str | None) -> list[str]:
    names = ["a"] if a is None or a < 0 else []
    names += ["is_even"] if a is not None and a % 2 else []
    names += ["b"] if b is None or not b else []
    return names + [f"is_not_{number}" for number in range(20, 87) if (number % 2 and a is None) or a == number]


def table(spark: SparkSession, path: Path) -> DataFrame:
    return spark.read.format("delta").load(str(path))


rows = st.lists(st.tuples(st.none() | st.integers(-5, 90), st.none() | st.sampled_from(["", "x"])), max_size=80)


@pytest.mark.slow
@settings(max_examples=2, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(given=rows)
def test_rows_in_are_rows_kept_and_rows_quarantined(
    spark: SparkSession, tmp_path_factory: pytest.TempPathFactory, given: list[Any]
) -> None:
    folder = tmp_path_factory.mktemp("split")
    frame = spark.createDataFrame(given, "a int, b string")

    counts = write_split(frame, MANY, kept=str(folder / "kept"), quarantined=str(folder / "bad"))

    reasons = [broken_in_python(*row) for row in given]
    good = [row for row, names in zip(given, reasons, strict=True) if not STOPS & set(names)]
    bad = [(*row, names) for row, names in zip(given, reasons, strict=True) if STOPS & set(names)]
    assert (counts.rows, counts.kept, counts.quarantined) == (len(given), len(good), len(bad))
    assert counts.broken == {rule.name: sum(rule.name in names for names in reasons) for rule in MANY}
    assert sorted(map(repr, map(tuple, table(spark, folder / "kept").collect()))) == sorted(map(repr, good))
    assert sorted(map(repr, map(tuple, table(spark, folder / "bad").drop("_quarantined_at").collect()))) == sorted(map(repr, bad))


def test_verdicts_that_change_with_every_look_still_put_each_row_on_one_side(spark: SparkSession, tmp_path: Path) -> None:
    frame = spark.range(1000).selectExpr("id", "rand() AS luck")
    is_lucky = Rule(name="is_lucky", predicate="luck > 0.5", action=Action.DROP)

    counts = write_split(frame, [is_lucky], kept=str(tmp_path / "kept"), quarantined=str(tmp_path / "bad"))

    kept, bad = ({row.id for row in table(spark, tmp_path / half).collect()} for half in ("kept", "bad"))
    assert (len(kept), len(bad)) == (counts.kept, counts.quarantined)
    assert kept | bad == set(range(1000))
    assert not kept & bad


def test_a_stream_is_split_once_even_if_a_batch_comes_again(spark: SparkSession, tmp_path: Path) -> None:
    kept, bad = str(tmp_path / "kept"), str(tmp_path / "bad")
    spark.createDataFrame([(1, "x"), (2, ""), (4, None), (-2, "x")], "a int, b string").write.parquet(str(tmp_path / "in"))
    counts = []

    def handle(batch: DataFrame, number: int) -> None:
        # Twice, as after a crash between the tables' commits and the checkpoint's.
        counts.extend(write_split(batch, MANY, kept=kept, quarantined=bad, transaction=("sales", number)) for _ in range(2))

    stream = spark.readStream.schema("a int, b string").parquet(str(tmp_path / "in")).writeStream.foreachBatch(handle)
    stream.option("checkpointLocation", str(tmp_path / "checkpoint")).trigger(availableNow=True).start().awaitTermination()

    assert sorted(row.a for row in table(spark, tmp_path / "kept").collect()) == [2, 4]
    assert sorted(row.a for row in table(spark, tmp_path / "bad").collect()) == [-2, 1]
    assert [(count.rows, count.kept) for count in counts] == [(4, 2), (4, 2)]


def test_a_stream_itself_and_a_frame_with_verdicts_are_refused(spark: SparkSession) -> None:
    with pytest.raises(UsageError, match="call write_split in foreachBatch"):
        write_split(spark.readStream.format("rate").load(), MANY, kept="k", quarantined="q")
    with pytest.raises(UsageError, match="_broken_rules"):
        write_split(spark.createDataFrame([], "a int, _broken_rules string"), [not_null("a")], kept="k", quarantined="q")


def test_tables_that_cannot_take_their_half_are_named_and_nothing_is_written(spark: SparkSession, tmp_path: Path) -> None:
    kept, bad, other = (str(tmp_path / name) for name in ("kept", "bad", "other"))
    write_split(spark.createDataFrame([(2, "x")], "a int, b string"), MANY, kept=kept, quarantined=bad)
    wider = spark.createDataFrame([(1, "x", 2)], "a int, b string, c int")

    with pytest.raises(UsageError, match="other' is to hold both halves"):
        write_split(wider, MANY, kept=other, quarantined=other)
    with pytest.raises(UsageError, match=r"bad' has no column c$"):
        write_split(wider, MANY, kept=other, quarantined=bad)
    with pytest.raises(UsageError, match=r"kept' has no column c;.*kept' has no column c, _broken_rules, _quarantined_at"):
        write_split(wider, MANY, kept=kept, quarantined=f"{tmp_path}/../{tmp_path.name}/kept")

    assert not (tmp_path / "other").exists()
    assert table(spark, tmp_path / "kept").count() == 1


OLD = Rules(
    Rule(name="is_small", predicate="a < 10", action=Action.DROP), Rule(name="has_b", predicate="b IS NOT NULL", action=Action.DROP)
)
NEW = Rules(Rule(name="is_smaller_than_100", predicate="a < 100", action=Action.DROP), OLD[1], Rule(name="is_odd", predicate="a % 2 = 1"))


@pytest.fixture
def places(spark: SparkSession, tmp_path: Path) -> tuple[str, str]:
    """A kept table with a = 1, and a quarantine with 50, 500 and a row without b."""
    kept, bad = str(tmp_path / "kept"), str(tmp_path / "bad")
    frame = spark.createDataFrame([(1, "x"), (50, "y"), (500, "z"), (2, None)], "a int, b string")
    write_split(frame, OLD, kept=kept, quarantined=bad)
    return kept, bad


def numbers(spark: SparkSession, place: str) -> list[int]:
    return sorted(row.a for row in table(spark, Path(place)).collect())


@pytest.mark.slow
def test_rows_that_pass_the_mended_rules_return_and_the_others_get_new_reasons(spark: SparkSession, places: tuple[str, str]) -> None:
    kept, bad = places

    replayed = replay_quarantine(bad, NEW, kept=kept)
    again = replay_quarantine(bad, NEW, kept=kept)

    assert (replayed, again) == (Replayed(returned=1, left=2), Replayed(returned=0, left=2))
    assert numbers(spark, kept) == [1, 50]
    assert {row.a: row["_broken_rules"] for row in table(spark, Path(bad)).collect()} == {
        500: ["is_smaller_than_100", "is_odd"],
        2: ["has_b", "is_odd"],
    }


def test_rows_can_be_mended_before_they_are_asked(spark: SparkSession, places: tuple[str, str]) -> None:
    kept, bad = places

    replayed = replay_quarantine(bad, OLD, kept=kept, mend={"b": "coalesce(b, 'unknown')", "a": "IF(a = 500, 5, a)"})

    assert replayed == Replayed(returned=2, left=1)
    assert sorted(tuple(row) for row in table(spark, Path(kept)).collect()) == [(1, "x"), (2, "unknown"), (5, "z")]


def test_mends_that_cannot_be_are_all_told_before_a_row_changes(spark: SparkSession, places: tuple[str, str]) -> None:
    kept, bad = places

    with pytest.raises(RuleError) as told:
        replay_quarantine(bad, OLD, kept=kept, mend={"zz": "1", "a": "absolut(a", "b": "nope + 1", "_broken_rules": "array()"})

    assert all(words in str(told.value) for words in ("'zz': ", "'a': ", "'b': ", "'_broken_rules' is replay's own"))
    assert numbers(spark, bad) == [2, 50, 500]


@pytest.mark.slow
def test_replays_that_were_killed_are_finished_by_the_next_and_no_row_returns_twice(spark: SparkSession, places: tuple[str, str]) -> None:
    kept, bad = places
    marked, appended = "returning by replay 1", "returning by replay 2"
    spark.sql(f"UPDATE delta.`{bad}` SET _broken_rules = array(IF(a = 50, '{marked}', '{appended}')) WHERE a >= 50")
    append(table(spark, Path(bad)).where("a = 500").select("a", "b"), kept, (appended, 1))
    write_split(spark.createDataFrame([(60, "new")], "a int, b string"), OLD, kept=kept, quarantined=bad)

    replayed = replay_quarantine(bad, NEW, kept=kept)

    assert replayed == Replayed(returned=3, left=1)
    assert numbers(spark, kept) == [1, 50, 60, 500]
    assert numbers(spark, bad) == [2]


def test_what_is_no_quarantine_or_does_not_fit_is_refused(spark: SparkSession, places: tuple[str, str], tmp_path: Path) -> None:
    kept, bad = places
    wider = str(tmp_path / "wider")
    spark.sql("SELECT 1 AS a, 'x' AS b, 2 AS c").write.format("delta").save(wider)

    with pytest.raises(UsageError, match="there is no quarantine"):
        replay_quarantine(str(tmp_path / "nowhere"), NEW, kept=kept)
    with pytest.raises(UsageError, match="has no column _broken_rules"):
        replay_quarantine(kept, NEW, kept=kept)
    with pytest.raises(RuleError, match="no column 'c'"):
        replay_quarantine(bad, [not_null("c")], kept=kept)
    with pytest.raises(UsageError, match=r"lacks columns of .*: c"):
        replay_quarantine(bad, NEW, kept=wider)
    assert numbers(spark, bad) == [2, 50, 500]

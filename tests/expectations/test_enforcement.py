from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pyspark.errors import PySparkException
from pyspark.sql import Observation
from pyspark.sql import functions as F

from goldlane.errors import GoldlaneError, Mistakes, UsageError
from goldlane.expectations import Action, Check, CheckCount, Quality, count_quality, enforce, quality, violation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.streaming import StreamingQuery

ROWS = [(1, 5.0, "a"), (2, -1.0, "b"), (3, None, "${c} <d>"), (4, 1.0, None)]
SCHEMA = "id int, amount double, note string"


@pytest.fixture
def frame(spark: SparkSession) -> DataFrame:
    return spark.createDataFrame(ROWS, SCHEMA)


@pytest.fixture
def checks(spark: SparkSession) -> list[Check]:  # noqa: ARG001  columns need a session
    return [
        Check("positive", Action.DROP, F.expr("amount > 0")),
        Check("has note", Action.DROP, F.col("note").isNotNull()),
        Check("early", Action.WARN, F.expr("id < 3")),
    ]


COUNTED = Quality(
    rows=4,
    dropped=3,
    failed=(
        CheckCount("positive", Action.DROP, 2, 2),
        CheckCount("has note", Action.DROP, 3, 1),
        CheckCount("early", Action.WARN, 2, 2),
    ),
)


def write(df: DataFrame, checks: Sequence[Check], path: Path) -> Quality:
    observation = Observation()
    enforce(df, checks, observation, flow="f").write.format("delta").mode("append").save(str(path))
    return quality(observation.get, checks)


def ids(spark: SparkSession, path: Path) -> list[int]:
    return sorted(row.id for row in spark.read.format("delta").load(str(path)).collect())


def test_the_write_counts_every_row_that_reached_the_checks(
    spark: SparkSession, frame: DataFrame, checks: list[Check], tmp_path: Path
) -> None:
    counted = write(frame, checks, tmp_path / "t")

    assert counted == COUNTED == count_quality(frame, checks, flow="f")
    assert ids(spark, tmp_path / "t") == [1]


def test_columns_and_types_are_exactly_the_source_ones(frame: DataFrame, checks: list[Check]) -> None:
    assert enforce(frame, checks, Observation(), flow="f").schema == frame.schema


def test_filters_above_the_checks_do_not_change_the_counts(frame: DataFrame, checks: list[Check]) -> None:
    observation = Observation()

    enforce(frame, checks, observation, flow="f").where("id > 3 AND amount > 0").select("note").collect()

    assert quality(observation.get, checks) == COUNTED


def test_an_empty_write_counts_zero(spark: SparkSession, checks: list[Check], tmp_path: Path) -> None:
    counted = write(spark.createDataFrame([], SCHEMA), checks, tmp_path / "t")

    assert (counted.rows, counted.dropped, {count.failed for count in counted.failed}) == (0, 0, {0})


def test_without_checks_the_rows_are_counted(frame: DataFrame, tmp_path: Path) -> None:
    assert write(frame, [], tmp_path / "t") == Quality(rows=4, dropped=0, failed=())


def test_a_check_that_no_row_passes_empties_the_table(spark: SparkSession, frame: DataFrame, tmp_path: Path) -> None:
    counted = write(frame, [Check("never", Action.DROP, F.lit(None).cast("boolean"))], tmp_path / "t")

    assert (counted.rows, counted.dropped, ids(spark, tmp_path / "t")) == (4, 4, [])


def test_seventy_checks_are_counted_one_by_one(frame: DataFrame, tmp_path: Path) -> None:
    checks = [Check(f"not {number}", Action.DROP if number == 3 else Action.WARN, F.col("id") != number % 35) for number in range(70)]

    counted = write(frame, checks, tmp_path / "t")

    assert counted.dropped == 1
    assert [position for position, count in enumerate(counted.failed) if count.failed] == [1, 2, 3, 4, 36, 37, 38, 39]


def test_a_broken_fail_check_stops_the_write_even_of_a_row_that_would_be_dropped(
    spark: SparkSession, frame: DataFrame, checks: list[Check], tmp_path: Path
) -> None:
    failing = [*checks, Check("known", Action.FAIL, F.expr("amount IS NOT NULL")), Check("it's", Action.FAIL, F.expr("id <> 3"))]
    write(frame, checks, tmp_path / "t")

    with pytest.raises(Exception, match="EXPECTATION_VIOLATION") as caught:
        write(frame, failing, tmp_path / "t")

    record = '{"id":3,"amount":null,"note":"${c} <d>"}'
    assert violation(caught.value) == (
        "[EXPECTATION_VIOLATION.VERBOSITY_ALL] Flow 'f' failed to meet the expectation. Violated expectations: 'known','it's'. "
        f"Input data: '{record}'. Output record: '{record}'."
    )
    assert ids(spark, tmp_path / "t") == [1]
    assert count_quality(frame, failing, flow="f").failed[3:] == (
        CheckCount("known", Action.FAIL, 3, 1),
        CheckCount("it's", Action.FAIL, 3, 1),
    )


def test_types_that_json_hardly_knows_are_shown_in_the_message(spark: SparkSession) -> None:
    odd = spark.sql("SELECT map(struct(1), 2) m, INTERVAL 1 MONTH i, parse_json('[1]') v, NULL n, binary('x') b, double('NaN') d")

    with pytest.raises(PySparkException) as caught:
        enforce(odd, [Check("never", Action.FAIL, F.lit(False))], Observation(), flow="f").collect()

    assert '"v":[1],"n":null' in (violation(caught.value) or "")


def test_other_errors_are_no_violation(frame: DataFrame) -> None:
    with pytest.raises(PySparkException) as caught:
        enforce(frame, [Check("number", Action.WARN, F.expr("CAST(note AS INT) > 0"))], Observation(), flow="f").collect()

    assert violation(caught.value) is None


def test_nine_predicates_are_evaluated_once_each(spark: SparkSession, tmp_path: Path) -> None:
    spark.createDataFrame([(1,)], "a int").write.parquet(str(tmp_path / "in"))
    actions = [Action.WARN, Action.DROP, Action.FAIL] * 3
    checks = [Check(f"r{number}", action, F.expr(f"a <> {1000 + number}")) for number, action in enumerate(actions)]
    enforced = enforce(spark.read.parquet(str(tmp_path / "in")), checks, Observation(), flow="f").select("a")

    plan: str = enforced._jdf.queryExecution().executedPlan().toString()  # noqa: SLF001  the only way to the physical plan as text

    assert [len(re.findall(rf"= {1000 + number}\b", plan)) for number in range(9)] == [1] * 9
    assert re.search(r"Filter .*CollectMetrics .*= 1000.*FileScan", plan, re.DOTALL)


def test_a_stream_counts_per_micro_batch(spark: SparkSession, frame: DataFrame, checks: list[Check], tmp_path: Path) -> None:
    frame.write.parquet(str(tmp_path / "in"))
    enforced = enforce(spark.readStream.schema(SCHEMA).parquet(str(tmp_path / "in")), checks, "quality of f", flow="f")

    progress = run_once(enforced, tmp_path / "t").recentProgress

    (metrics,) = [batch.observedMetrics["quality of f"].asDict() for batch in progress if batch.numInputRows]
    assert quality(metrics, checks) == COUNTED
    assert ids(spark, tmp_path / "t") == [1]


def test_inside_foreach_batch_the_counts_are_the_same(spark: SparkSession, frame: DataFrame, checks: list[Check], tmp_path: Path) -> None:
    frame.write.parquet(str(tmp_path / "in"))
    counted = []
    writer = spark.readStream.schema(SCHEMA).parquet(str(tmp_path / "in")).writeStream.option("checkpointLocation", str(tmp_path / "c"))

    writer.foreachBatch(lambda batch, _: counted.append(write(batch, checks, tmp_path / "t"))).trigger(
        availableNow=True
    ).start().awaitTermination()

    assert counted == [COUNTED]


def test_a_broken_fail_check_stops_a_stream_with_the_same_message(spark: SparkSession, frame: DataFrame, tmp_path: Path) -> None:
    frame.write.parquet(str(tmp_path / "in"))
    check = Check("known", Action.FAIL, F.expr("amount IS NOT NULL"))
    enforced = enforce(spark.readStream.schema(SCHEMA).parquet(str(tmp_path / "in")), [check], "q", flow="f")

    with pytest.raises(PySparkException) as caught:
        run_once(enforced, tmp_path / "t")

    assert '\'known\'. Input data: \'{"id":3,"amount":null' in (violation(caught.value) or "")


def test_a_stream_is_observed_by_name(spark: SparkSession, checks: list[Check], tmp_path: Path) -> None:
    stream = spark.readStream.schema(SCHEMA).parquet(str(tmp_path))

    with pytest.raises(UsageError, match="by a name"):
        enforce(stream, checks, Observation(), flow="f")


def test_checks_that_cannot_be_evaluated_are_all_named(frame: DataFrame) -> None:
    checks = [
        Check("no column", Action.DROP, F.expr("nope > 1")),
        Check("no verdict", Action.WARN, F.col("id") + 1),
        Check("fine", Action.WARN, F.col("id") > 1),
    ]

    with pytest.raises(Mistakes) as caught:
        enforce(frame, checks, Observation(), flow="f")

    assert [mistake.split(":")[0] for mistake in caught.value.mistakes] == ["expectation 'no column'", "expectation 'no verdict'"]


def test_two_checks_of_one_name_are_refused(frame: DataFrame, checks: list[Check]) -> None:
    with pytest.raises(Mistakes, match="'early' names more than one"):
        enforce(frame, [*checks, checks[-1]], Observation(), flow="f")


def test_an_aborted_write_has_no_quality(checks: list[Check]) -> None:
    with pytest.raises(GoldlaneError, match="count_quality"):
        quality({}, checks)


def run_once(enforced: DataFrame, path: Path) -> StreamingQuery:
    writer = enforced.writeStream.format("delta").trigger(availableNow=True).option("checkpointLocation", str(path / "_checkpoint"))
    query = writer.start(str(path))
    query.awaitTermination(60)
    return query

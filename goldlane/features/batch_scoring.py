"""A table scored by several scorers: one row per row and scorer, with the version that gave the score."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from typing import TYPE_CHECKING

from goldlane.errors import Mistakes, UsageError
from goldlane.features.column_names import unknown_column
from goldlane.features.declarations import FeatureTable
from goldlane.features.lakehouse import Lakehouse
from goldlane.features.point_in_time import point_in_time_join
from goldlane.features.scorers import FunctionScorer, ModelScorer, Scorer
from goldlane.features.scoring import PREDICTION, score

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

OWN_COLUMNS = ("day", "scorer", "model_version", "score", "run_id", "scored_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """The rows of ``table``, each known by ``keys`` and by ``time``, scored for ``day`` into ``output`` by the run ``run_id``.

    ``features`` are the tables that functions find joined to the rows as ``<table>__<feature>``, as they were known just before ``time``;
    a table whose keys the rows lack is left out.
    """

    table: str
    output: str
    keys: tuple[str, ...]
    time: str
    day: date
    run_id: str = ""
    features: tuple[FeatureTable, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """What one scorer did: ``unscored`` of its ``rows`` have no score."""

    scorer: str
    version: str
    rows: int
    unscored: int


def score_batch(batch: Batch, scorers: Sequence[Scorer], where: Lakehouse, spark: SparkSession) -> tuple[Scored, ...]:
    """Write the scores of a batch in one commit, instead of those that the same scorers gave for the same day: again is as once.

    Other scorers and other days stay. A score is a double; NULL where a scorer has none.

    Raises:
        UsageError: there is no such table, or it lacks columns; all mistakes at once, before anything is scored.
    """
    rows = where.read(spark, batch.table)
    mistakes = list(_mistakes(rows, batch))
    if mistakes:
        raise Mistakes(f"scoring {batch.table}", mistakes)
    parts = [_scored(rows, batch, scorer, where) for scorer in scorers]
    names = ", ".join(_text(scorer.name) for scorer in scorers)
    place = f"day = DATE'{batch.day.isoformat()}' AND scorer IN ({names})"
    where.write(reduce(lambda left, right: left.unionByName(right), parts), batch.output, instead_of=place)
    return _counted(where.read(spark, batch.output).where(place), scorers)


def _mistakes(rows: DataFrame, batch: Batch) -> Iterator[str]:
    yield from (unknown_column(name, rows.columns, batch.table) for name in (*batch.keys, batch.time) if name not in rows.columns)
    yield from (f"{name!r} is a column of the scores, and cannot be a key" for name in (*batch.keys, batch.time) if name in OWN_COLUMNS)
    if not batch.keys:
        yield "nothing says what its rows are known by; name the key"


def _scored(rows: DataFrame, batch: Batch, scorer: Scorer, where: Lakehouse) -> DataFrame:
    from pyspark.sql import functions as F

    found = _by_model(rows, batch, scorer, where) if isinstance(scorer, ModelScorer) else _by_function(rows, batch, scorer, where)
    return found.select(
        F.lit(batch.day).cast("date").alias("day"),
        F.lit(scorer.name).alias("scorer"),
        F.lit(scorer.version).alias("model_version"),
        *batch.keys,
        batch.time,
        F.col(PREDICTION).cast("double").alias("score"),
        F.lit(batch.run_id).alias("run_id"),
        F.current_timestamp().alias("scored_at"),
    )


def _by_model(rows: DataFrame, batch: Batch, scorer: ModelScorer, where: Lakehouse) -> DataFrame:
    """The model joins its own features, by the time that its training set calls ``label_time``."""
    from goldlane.features.feature_models import load_feature_model

    record = load_feature_model(scorer.uri)[0].record
    asked = record.question.label_time
    named = rows if asked == batch.time else rows.withColumn(asked, rows[batch.time])
    return score(scorer.uri, named, {table.declaration: where.place(_gold(table.declaration)) for table in record.tables})


def _by_function(rows: DataFrame, batch: Batch, scorer: FunctionScorer, where: Lakehouse) -> DataFrame:
    from pyspark.sql import Column

    known = {table: where.read(rows.sparkSession, _gold(table)) for table in batch.features if set(table.keys) <= set(rows.columns)}
    joined = point_in_time_join(rows, known, label_time=batch.time, boundary="exclusive", prefix=True) if known else rows
    given = scorer.function(joined)
    if not isinstance(given, Column):
        raise UsageError(
            f"{scorer.name} gave a {type(given).__name__}", hint="a scorer takes a DataFrame and gives the Column of its scores"
        )
    return joined.withColumn(PREDICTION, given)


def _gold(table: FeatureTable) -> str:
    from goldlane.features.gold import source_name

    return source_name(table).rpartition(".")[2]


def _counted(found: DataFrame, scorers: Sequence[Scorer]) -> tuple[Scored, ...]:
    from pyspark.sql import functions as F

    counts = found.groupBy("scorer", "model_version").agg(F.count(F.lit(1)), F.count_if(F.col("score").isNull()))
    told = {(name, version): (rows, unscored) for name, version, rows, unscored in counts.collect()}
    return tuple(_told(scorer, *told.get((scorer.name, scorer.version), (0, 0))) for scorer in scorers)


def _told(scorer: Scorer, rows: int, unscored: int) -> Scored:
    return Scored(scorer=scorer.name, version=scorer.version, rows=rows, unscored=unscored)


def _text(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"

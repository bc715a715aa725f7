"""Replaces rows of a Delta table key by key, in one MERGE that Delta skips when it ran before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import reduce
from operator import and_
from pathlib import Path
from typing import TYPE_CHECKING

from delta.tables import DeltaTable
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from goldlane.pipelines.definitions import Replacement

_SEQUENCE, _STORED, _GOES = "__goldlane_sequence", "__goldlane_stored", "__goldlane_goes"
_WRITER = ("spark.databricks.delta.write.txnAppId", "spark.databricks.delta.write.txnVersion")


def replace_rows(batch: DataFrame, table: Path, replacement: Replacement, *, writer: tuple[str, int]) -> int:
    """Put the newest rows of each key of ``batch`` in the place of its older ones; how many came in.

    A key's rows of a lower sequence than the table's are ignored, those of the same one are added.
    """
    session, columns = batch.sparkSession, batch.columns
    keys = [_quoted(key) for key in replacement.keys]
    newest = _newest(batch, keys, replacement)
    stored = _stored(session.read.format("delta").load(str(table)), batch, keys, replacement)
    rows = (
        newest.alias("s")
        .join(stored.alias("t"), _same(keys, "s", "t"), "left")
        .where(f"s.{_SEQUENCE} >= coalesce({_STORED}, s.{_SEQUENCE})")
    )
    goes = rows.where(f"s.{_SEQUENCE} > {_STORED}").select(*[F.col(f"s.{key}") for key in keys]).distinct().withColumn(_GOES, F.lit(True))
    comes = rows.select(*[F.col(f"s.{_quoted(name)}") for name in columns], F.lit(False).alias(_GOES))
    with _known_writer(session, writer):
        merge = (
            DeltaTable.forPath(session, str(table))
            .alias("t")
            .merge(comes.unionByName(goes, allowMissingColumns=True).alias("s"), F.col(f"s.{_GOES}") & _same(keys, "s", "t"))
        )
        values: dict[str, str | Column] = {_quoted(name): F.col(f"s.{_quoted(name)}") for name in columns}
        result = merge.whenMatchedDelete().whenNotMatchedInsert(~F.col(f"s.{_GOES}"), values=values).execute().collect()
    return int(result[0]["num_inserted_rows"]) if result else 0


def _newest(batch: DataFrame, keys: Sequence[str], replacement: Replacement) -> DataFrame:
    """The batch's rows of the greatest sequence of their key."""
    missing = F.raise_error(F.lit("a row to replace others has no sequence: sequence_by is NULL"))
    sequence = _sequence(replacement)
    checked = batch.withColumn(_SEQUENCE, F.when(sequence.isNull(), missing).otherwise(sequence))
    greatest = F.max(_SEQUENCE).over(Window.partitionBy(*keys))
    return checked.withColumn(_STORED, greatest).where(f"{_SEQUENCE} = {_STORED}").drop(_STORED)


def _stored(table: DataFrame, batch: DataFrame, keys: Sequence[str], replacement: Replacement) -> DataFrame:
    """The greatest sequence in the table, for each key of the batch."""
    touched = batch.select(*keys).distinct()
    found = table.alias("t").join(touched.alias("s"), _same(keys, "s", "t"), "left_semi")
    return found.groupBy(*keys).agg(F.max(_sequence(replacement)).alias(_STORED))


def _sequence(replacement: Replacement) -> Column:
    sequence = replacement.sequence_by
    return F.expr(sequence) if isinstance(sequence, str) else sequence


def _same(keys: Sequence[str], left: str, right: str) -> Column:
    return reduce(and_, [F.col(f"{left}.{key}").eqNullSafe(F.col(f"{right}.{key}")) for key in keys])


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


@contextmanager
def _known_writer(session: SparkSession, writer: tuple[str, int]) -> Iterator[None]:
    """Delta skips a statement of a writer whose number it has seen: a micro-batch that Spark repeats after a crash."""
    for key, value in zip(_WRITER, writer, strict=True):
        session.conf.set(key, str(value))
    try:
        yield
    finally:
        for key in _WRITER:
            session.conf.unset(key)

"""What is remembered beside a target: append-only Delta logs of facts, so that repeating a fact changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal, get_args

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from goldlane.pipelines.cdc.errors import CdcError
from goldlane.pipelines.cdc.names import ARRIVED, SEQUENCE
from goldlane.pipelines.cdc.schemas import same_type

# Rewriting a log costs as much as reading it, appending does not: this often is seldom enough to be cheap, and keeps files few.
COMPACT_EVERY = 32

Kind = Literal["sequences", "events_1", "events_2"]


class Log:
    """One log, ``state/name``; it exists once something was appended."""

    def __init__(self, spark: SparkSession, state: Path, name: str) -> None:
        self.spark, self.path = spark, state / name

    @property
    def exists(self) -> bool:
        """Whether anything was ever appended."""
        return (self.path / "_delta_log").is_dir()

    def read(self) -> DataFrame:
        """Every fact, some of them perhaps twice."""
        return self.spark.read.format("delta").load(str(self.path))

    def append(self, facts: DataFrame) -> None:
        """One commit with the facts and the time of their arrival."""
        stamped = facts.withColumn(ARRIVED, F.current_timestamp())
        stamped.write.format("delta").mode("append").option("mergeSchema", "true").save(str(self.path))

    def compact(self, still_needed: Callable[[DataFrame], DataFrame]) -> None:
        """Now and then, write the log anew with what is still needed of it, in one commit."""
        if self._version() % COMPACT_EVERY == COMPACT_EVERY - 1:
            still_needed(self.read()).write.format("delta").mode("overwrite").save(str(self.path))

    def _version(self) -> int:
        return max(int(commit.stem) for commit in (self.path / "_delta_log").glob("*.json") if commit.stem.isdigit())


class State:
    """The logs of one target: one ``Kind``, as its flow needs it, and ``truncates``."""

    def __init__(self, spark: SparkSession, path: Path, name: Kind) -> None:
        self.kept = Log(spark, path, name)
        self.truncates = Log(spark, path, "truncates")
        self._others = [Log(spark, path, other) for other in get_args(Kind) if other != name]

    def check(self, events: DataFrame, target: str) -> None:
        """Raise when what is remembered was kept for another kind of flow.

        Raises:
            CdcError: the SCD type, the handling of NULL, or the type of the sequence has changed since.
        """
        hint = f"full-refresh {target}"
        if any(log.exists for log in self._others):
            raise CdcError(
                f"{target} was filled by a flow of another SCD type, or by one that handles partial updates otherwise", hint=hint
            )
        if self.kept.exists:
            old, new = (frame.schema[SEQUENCE].dataType for frame in (self.kept.read(), events))
            if not same_type(old, new):
                raise CdcError(f"the sequence of {target} was {old.simpleString()} and is {new.simpleString()} now", hint=hint)

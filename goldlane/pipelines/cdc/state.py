"""What is remembered beside a target: append-only Delta logs of facts, so that repeating a fact changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, get_args

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from goldlane.errors import GoldlaneError
from goldlane.pipelines.cdc.errors import CdcError
from goldlane.pipelines.cdc.names import ARRIVED, SEQUENCE
from goldlane.pipelines.cdc.schemas import same_type

# Rewriting a log costs as much as reading it, appending does not: this often is seldom enough to be cheap, and keeps files few.
COMPACT_EVERY = 32

Kind = Literal["sequences", "events_1", "events_2", "events_bitemporal"]


class Log:
    """One log, ``state/name``; it exists once something was appended."""

    def __init__(self, spark: SparkSession, state: Path, name: str) -> None:
        self.spark, self.path = spark, state / name

    @property
    def exists(self) -> bool:
        """Whether anything was ever appended; a first append that was cut short left files, and no commit."""
        return any((self.path / "_delta_log").glob("*.json"))

    @property
    def is_readable(self) -> bool:
        """Whether all of it can still be read."""
        try:
            self.read().write.format("noop").mode("overwrite").save()
        except Exception:  # noqa: BLE001  whatever Spark, Delta or the file system makes of damaged files
            return False
        return True

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


@contextmanager
def remembering(spark: SparkSession, path: Path, target: str, *, is_empty: Callable[[], bool]) -> Iterator[None]:
    """Begin or go on with what is remembered at ``path``; a failure that comes from there says so.

    Raises:
        CdcError: it was lost, or cannot be read.
    """
    hint = f"full-refresh {target}"
    if not path.is_dir():
        if not is_empty():
            raise CdcError(f"{target} has rows, and what AUTO CDC remembers of them is gone: {path}", hint=hint)
        path.mkdir(parents=True)
    try:
        yield
    except GoldlaneError:
        raise
    except Exception as error:
        logs = [Log(spark, path, name) for name in (*get_args(Kind), "truncates")]
        if all(log.is_readable for log in logs if log.exists):
            raise
        raise CdcError(f"what AUTO CDC remembers of {target} cannot be read: {path}", hint=hint) from error


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

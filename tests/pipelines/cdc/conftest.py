"""A change flow at work: batches in, the target's rows out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from goldlane.pipelines.cdc import Changes, ChangeSpec, apply_batch, target_schema

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

Row = tuple[Any, ...]


@dataclass
class Flow:
    """Applies batches of rows (schema ``ddl``) to one target; ``rows`` are those of the target, sorted."""

    spark: SparkSession
    folder: Path
    ddl: str
    spec: ChangeSpec

    def apply(self, batch: Sequence[Row], ddl: str | None = None) -> Changes:
        changes = self.spark.createDataFrame(list(batch), ddl or self.ddl)
        if not (self.folder / "target").exists():
            self.create(changes)
        return apply_batch(changes, self.spec, target=self.folder / "target", state=self.folder / "state")

    def create(self, changes: DataFrame) -> None:
        schema = target_schema(changes.schema, self.spec, self.spark)
        self.spark.createDataFrame([], schema).write.format("delta").save(str(self.folder / "target"))

    def rows(self, *columns: str) -> list[Row]:
        frame = self.table().select(*columns) if columns else self.table()
        return sorted((tuple(row) for row in frame.collect()), key=repr)

    def table(self) -> DataFrame:
        return self.spark.read.format("delta").load(str(self.folder / "target"))


@pytest.fixture
def flow(spark: SparkSession, tmp_path: Path) -> Callable[..., Flow]:
    def start(ddl: str = "k int, v string, seq int, op string", folder: str = "flow", **settings: Any) -> Flow:
        usual = {"keys": ("k",), "sequence_by": "seq", "apply_as_deletes": "op = 'D'", "except_column_list": ("seq", "op")}
        return Flow(spark, tmp_path / folder, ddl, ChangeSpec(target="t", **{**usual, **settings}))

    return start

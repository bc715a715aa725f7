"""A landing folder, and a table that a cloudFiles stream fills from it, as an update of a pipeline would."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from goldlane.pipelines.autoloader import cloud_files

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, Row, SparkSession
    from pyspark.sql.types import StructType

Landing = Any


class _Landing:
    """Files below ``folder``; ``run`` loads what is new into one Delta table, over one checkpoint."""

    def __init__(self, spark: SparkSession, root: Path) -> None:
        self.spark, self.root, self.folder = spark, root, root / "landing"
        self.folder.mkdir()

    def put(self, name: str, *records: object) -> Path:
        """A file of one line per record: texts as they are, anything else as JSON."""
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("".join((one if isinstance(one, str) else json.dumps(one)) + "\n" for one in records), encoding="utf-8")
        return file

    def open(self, schema: StructType | None = None, **options: str) -> DataFrame:
        chosen = {f"cloudFiles.{key}" if key not in _PLAIN else key: value for key, value in options.items()}
        return cloud_files(
            self.spark, [str(self.folder)], {"cloudFiles.format": "json", **chosen}, schema, schema_location=self.root / "schema"
        )

    def run(self, schema: StructType | None = None, shape: Callable[[DataFrame], DataFrame] | None = None, **options: str) -> None:
        frame = self.open(schema, **options)
        shaped = frame if shape is None else shape(frame)
        writer = (
            shaped.writeStream.format("delta").option("mergeSchema", "true").option("checkpointLocation", str(self.root / "checkpoint"))
        )
        writer.trigger(availableNow=True).start(str(self.root / "table")).awaitTermination()

    def table(self, *columns: str) -> list[tuple[Any, ...]]:
        """The table's rows, in the order of their columns' texts."""
        rows: list[Row] = self.spark.read.format("delta").load(str(self.root / "table")).select(*columns or "*").collect()
        return sorted((tuple(row) for row in rows), key=str)


_PLAIN = {"header", "multiLine", "pathGlobFilter", "modifiedAfter", "sep", "mode"}


@pytest.fixture
def landing(spark: SparkSession, tmp_path: Path) -> _Landing:
    return _Landing(spark, tmp_path)

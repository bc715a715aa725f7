"""What changed in a table between two versions, whatever became of its files meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
from deltalake import DeltaTable, write_deltalake

from goldlane.pipelines.incremental.changes import changes_between
from goldlane.pipelines.incremental.sources import TableVersion

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import SparkSession


def test_files_that_a_restore_brought_back_and_that_went_again_are_gone(spark: SparkSession, tmp_path: Path) -> None:
    place = str(tmp_path / "orders")
    write_deltalake(place, pa.table({"customer": ["a"]}))
    first = DeltaTable(place)
    write_deltalake(place, pa.table({"customer": ["b"]}), mode="overwrite")
    DeltaTable(place).restore(0)
    write_deltalake(place, pa.table({"customer": ["c"]}), mode="overwrite")
    identity = str(first.metadata().id)

    found = changes_between(spark, TableVersion(place, 0, identity), TableVersion(place, 3, identity))

    assert found.rows is not None
    assert sorted(row.customer for row in found.rows.collect()) == ["a", "c"]

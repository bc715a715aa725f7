from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.bronze.landed import landed

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import SparkSession


def test_a_landed_row_is_as_it_came_and_says_where_from(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "batch-01-part-01.json").write_text('{"amount": " 1,50 "}\n{"amount": "2"}\n{"amount', encoding="utf-8")
    files = spark.read.schema("amount STRING, _corrupt_record STRING").json(str(tmp_path))

    rows = landed(files).orderBy("_row").collect()

    assert [(row.amount, row["_corrupt_record"]) for row in rows] == [(" 1,50 ", None), ("2", None), (None, '{"amount')]
    assert {row["_source_file"].rpartition("/")[2] for row in rows} == {"batch-01-part-01.json"}
    assert {row["_block_start"] for row in rows} == {0}
    assert all(row["_ingested_at"] >= row["_file_modified_at"] for row in rows)

"""CSV, parquet, text and binary files through cloud_files."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pyspark.errors import StreamingQueryException
from pyspark.sql.types import StructType

from goldlane.pipelines.autoloader import AutoLoaderUsageError, evolve

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

CSV = {"format": "csv", "header": "true"}


def _run_until_stable(landing: Any, **options: str) -> list[tuple[str, ...]]:
    """Run, evolve and retry, as an update does; the columns of each change."""
    try:
        landing.run(**options)
    except StreamingQueryException as error:
        change = evolve(error)
        if change is None:
            raise
        return [change.columns, *_run_until_stable(landing, **options)]
    return []


def test_csv_columns_are_texts_unless_types_are_inferred(landing: Any) -> None:
    landing.put("a.csv", "id,amount,day", "1,2.50,2024-01-02", '2,"3,5",2024-01-03')

    texts = landing.open(**CSV)
    landing.run(**CSV, inferColumnTypes="true", schemaLocation=str(landing.root / "typed"))

    assert texts.schema.simpleString() == "struct<id:string,amount:string,day:string,_rescued_data:string>"
    assert landing.table() == [(1, "2.50", date(2024, 1, 2), None), (2, "3,5", date(2024, 1, 3), None)]


def test_csv_texts_that_do_not_fit_and_values_beyond_the_columns_are_rescued(landing: Any) -> None:
    landing.put("a.csv", "id,amount", "1,2.5", "x,3.5", "3,4.5,more", "4")

    landing.run(**CSV, schemaHints="id INT, amount DOUBLE")

    rows = landing.table("id", "amount", "_rescued_data")
    rescued = [{key: value for key, value in json.loads(text).items() if key != "_file_path"} for *_, text in rows if text]
    assert [row[:2] for row in rows] == [(1, 2.5), (3, 4.5), (4, None), (None, 3.5)]
    assert rescued == [{"_c2": "more"}, {"id": "x"}]


def test_a_new_csv_column_is_found_by_name_among_old_and_new_files(landing: Any) -> None:
    landing.put("a.csv", "id,amount", "1,10")
    landing.run(**CSV)
    landing.put("b.csv", "id,city,amount", "2,Ulm,20")
    landing.put("c.csv", "id,amount", "3,30")
    landing.put("d.csv", "amount,id", "40,4")

    changes = _run_until_stable(landing, **CSV)

    assert ("city",) in changes
    assert landing.table("id", "amount", "city") == [("1", "10", None), ("2", "20", "Ulm"), ("3", "30", None), ("4", "40", None)]


def test_csv_without_a_header_and_with_a_given_schema(landing: Any) -> None:
    landing.put("a.csv", "1;Ulm", "2;Bonn")

    landing.run(StructType.fromDDL("id INT, city STRING"), format="csv", sep=";")

    assert landing.table() == [(1, "Ulm"), (2, "Bonn")]


def test_parquet_files_with_new_columns_extend_the_schema(landing: Any, spark: SparkSession) -> None:
    options = {"format": "parquet"}
    spark.sql("SELECT 1 AS id").write.parquet(str(landing.folder / "one"))
    landing.run(**options)
    spark.sql("SELECT 2 AS id, 'Ulm' AS city").write.parquet(str(landing.folder / "two"))

    _run_until_stable(landing, **options)

    assert landing.table("id", "city") == [(1, None), (2, "Ulm")]


def test_text_and_binary_files_have_their_own_columns(landing: Any) -> None:
    file = landing.put("day=1/a.txt", "one", "two")

    text = landing.open(format="text", schemaLocation=str(landing.root / "text"))
    landing.run(format="binaryFile", shape=lambda frame: frame.select("path", "length", "content", "day"))

    assert text.columns == ["value", "day"]
    assert landing.table() == [(f"file:{file}", 8, bytearray(b"one\ntwo\n"), "1")]


def test_avro_without_its_package_says_how_to_get_it(landing: Any) -> None:
    Path(landing.folder / "a.avro").write_bytes(b"Obj")

    with pytest.raises(AutoLoaderUsageError, match="spark-avro"):
        landing.open(format="avro")

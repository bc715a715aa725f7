"""JSON through cloud_files: types, texts, rescued fields, broken records, where a row came from."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from pyspark.errors import StreamingQueryException
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from goldlane.pipelines.autoloader import evolve

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def test_columns_are_texts_as_written_unless_types_are_inferred(landing: Any) -> None:
    landing.put("a.json", '{"id": "t1", "amount": 12.50, "big": 12345678.90, "ok": true, "none": null, "tags": ["x"]}')

    landing.run()

    assert landing.table() == [("t1", "12.50", "12345678.90", "true", None, '["x"]', None)]


def test_inferred_types_hints_and_partition_folders(landing: Any) -> None:
    landing.put("day=2024-01-02/n=7/a.json", {"id": 1, "amount": "1.10", "at": {"city": "Ulm", "zip": 1}, "list": [{"a": 1}]})

    frame = landing.open(inferColumnTypes="true", schemaHints="amount DECIMAL(10,2), at.zip STRING, extra MAP<STRING, INT>")

    assert frame.schema.simpleString() == (
        "struct<id:bigint,amount:decimal(10,2),at:struct<city:string,zip:string>,list:array<struct<a:bigint>>,"
        "extra:map<string,int>,day:date,n:int,_rescued_data:string>"
    )
    landing.run(inferColumnTypes="true", schemaHints="amount DECIMAL(10,2)", shape=lambda frame: frame.select("amount", "n"))
    assert landing.table() == [(Decimal("1.10"), 7)]


def test_what_does_not_fit_is_rescued_with_the_file(landing: Any) -> None:
    file = landing.put("a.json", {"id": 1, "at": {"zip": 1}}, {"id": "x", "ID": 3, "at": {"zip": "far"}}, '{"id":')

    landing.run(inferColumnTypes="true", schemaHints="id BIGINT, at STRUCT<zip: BIGINT>")

    rescued = [json.loads(text) for (text,) in landing.table("_rescued_data") if text]
    path = f"file:{file}"
    assert sorted(rescued, key=str) == [
        {"_corrupt_record": '{"id":', "_file_path": path},
        {"id": "x", "ID": 3, "at": {"zip": "far"}, "_file_path": path},
    ]


def test_a_corrupt_record_column_takes_the_text_whole(landing: Any) -> None:
    landing.put("a.json", {"id": 1}, "no json")

    landing.run(schemaHints="_corrupt_record STRING")

    assert landing.table() == [("1", None, None), (None, "no json", None)]


def test_blank_lines_give_no_row_and_arrays_one_per_element(landing: Any) -> None:
    landing.put("a.json", {"id": 1}, "", "  ", '[{"id": 2}, {"id": 3}]')

    landing.run()

    assert landing.table("id") == [("1",), ("2",), ("3",)]


def test_arrays_that_come_later_are_read_after_one_stop(landing: Any) -> None:
    landing.put("a.json", {"id": 1})
    landing.run()
    landing.put("b.json", '[{"id": 2}, {"id": 3}]', "[broken")

    with pytest.raises(StreamingQueryException) as stopped:
        landing.run()
    change = evolve(stopped.value)
    landing.run()

    assert change is not None
    assert change.columns == ()
    assert landing.table("id") == [("1",), ("2",), ("3",), (None,)]


def test_arrays_are_read_with_a_given_schema_too(landing: Any) -> None:
    schema = StructType.fromDDL("id INT")
    landing.put("a.json", '[{"id": 2}, {"id": 3}]')

    landing.run(schema)

    assert landing.table() == [(2,), (3,)]


def test_a_number_inside_another_field_is_not_taken_for_the_columns_own(landing: Any) -> None:
    landing.put("a.json", '{"in": {"x": 1.10}, "note": "\\"x\\": 3.30", "x": 2.20, "y": "4.0"}', '{"x": "5.50", "in": {"x": 5.5}}')

    landing.run()

    assert landing.table("x", "y") == [("2.20", "4.0"), ("5.50", None)]


def test_a_multi_line_file_is_one_array_or_object(landing: Any) -> None:
    landing.put("a.json", '[\n {"id": 1},\n {"id": 2}\n]')
    landing.put("b.json", '{\n "id": 3\n}')

    landing.run(multiLine="true")

    assert landing.table("id") == [("1",), ("2",), ("3",)]


def test_metadata_and_line_order_survive(landing: Any) -> None:
    file = landing.put("a b.json", {"id": 1}, {"id": 2}, {"id": 3})
    batches: list[list[Any]] = []

    def keep(rows: DataFrame, _: int) -> None:
        batches.append([tuple(row) for row in rows.withColumn("at", F.monotonically_increasing_id()).collect()])

    frame = landing.open().where("id <> '2'").select("id", "_metadata.file_name", "_metadata.file_size", "_metadata.file_path")
    writer = frame.writeStream.foreachBatch(keep).option("checkpointLocation", str(landing.root / "checkpoint"))
    writer.trigger(availableNow=True).start().awaitTermination()

    size, path = file.stat().st_size, f"file:{file}".replace(" ", "%20")
    assert batches == [[("1", "a%20b.json", size, path, 0), ("3", "a%20b.json", size, path, 1)]]


def test_a_given_schema_rescues_only_when_asked(landing: Any) -> None:
    schema = StructType.fromDDL("id INT")
    landing.put("a.json", {"id": 1, "more": True})

    plain = landing.open(schema)
    asked = landing.open(schema, rescuedDataColumn="_saved")

    assert plain.columns == ["id"]
    assert asked.columns == ["id", "_saved"]
    landing.run(schema, rescuedDataColumn="_saved")
    assert [(number, json.loads(saved)["more"]) for number, saved in landing.table()] == [(1, True)]


def test_a_new_key_is_seen_however_it_is_written(landing: Any) -> None:
    schema = StructType.fromDDL("id INT, at STRING")
    unusual = (
        '{"id" : 1, "x":5}',
        '{"id"\t: 1, "x":5}',
        """{'x':5, "id":1}""",
        '{"id":1, "at":null, "x":5}',
        '{"id":1,"x":5,"at":{"x":6}}',
    )
    landing.put("a.json", *unusual, '{"id":2,"at":"2026-01-01T10:00:00Z"}', '{"id":3}', "{}", '{"at":"\\"x\\":1"}')

    landing.run(schema, rescuedDataColumn="_saved")

    rows = landing.table("id", "_saved")
    assert [json.loads(saved)["x"] for _, saved in rows if saved] == [5] * len(unusual)
    assert [key for key, saved in rows if not saved] == [2, 3, None, None]


@pytest.mark.parametrize("mode,rows", [("DROPMALFORMED", [("1",)]), ("PERMISSIVE", [("1",), (None,)])])
def test_broken_records_are_dropped_only_on_request(landing: Any, mode: str, rows: list[Any]) -> None:
    landing.put("a.json", {"id": 1}, "{")

    landing.run(mode=mode)

    assert landing.table("id") == rows

"""Side effects in dataset functions: writes are refused, the rest warns once per place, or is refused in strict mode."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from goldlane.errors import UsageError

if TYPE_CHECKING:
    from goldlane.pipelines import Update

EFFECTS = """
    import dlt

    from helpers import sized

    spark.conf.set("lane.at_module_level", "is free")
    spark.range(3).count()
    spark.range(1).createOrReplaceTempView("module_level")

    @dlt.view
    def numbers():
        return spark.range(3)

    @dlt.table
    def looked_at():
        frame = dlt.read("numbers")
        frame.collect()
        frame.limit(1).toPandas()
        frame.groupBy("id").count()
        frame.groupBy("id").pivot("id", [1, 2]).count()
        frame.groupBy("id").pivot("id")
        spark.conf.set("lane.inside", "a setting")
        frame.createOrReplaceTempView("mine")
        spark.udf.register("one", lambda: 1, "int")
        spark.sql("USE default")
        spark.sql("SELECT 1").first()
        return sized(frame)

    @dlt.table
    def writes_once_there_are_rows():
        frame = dlt.read("looked_at")
        if not frame.isEmpty():
            frame.write.format("delta").save("/nowhere")
        return frame
"""


@pytest.fixture(scope="module")
def guarded(new_project: Callable[[], Any]) -> tuple[Any, Update]:
    project = new_project()
    project.write("helpers.py", "def sized(frame):\n    frame.count()\n    return frame\n")
    project.write("lane/effects.py", EFFECTS)
    return project, project.run()


def _warnings(update: Update) -> dict[str, tuple[str, str, int]]:
    rows = update.events().where("level = 'WARN' and event_type = 'planning_information'").collect()
    found = {}
    for row in rows:
        (met,) = json.loads(row.details)["planning_information"]["side_effects"]
        assert met["call"] not in found, f"{met['call']} was reported twice"
        found[met["call"]] = (row.origin.dataset_name, met["file"].rpartition("/")[2], met["line"])
    return found


def test_each_side_effect_warns_once_with_its_dataset_file_and_line(guarded: tuple[Any, Update]) -> None:
    _, update = guarded

    warned = _warnings(update)

    assert update["looked_at"].output_rows == 3
    assert {call: place for call, place in warned.items() if place[0] == "default.looked_at"} == {
        "collect()": ("default.looked_at", "effects.py", 17),
        "toPandas()": ("default.looked_at", "effects.py", 18),
        "pivot() without values": ("default.looked_at", "effects.py", 21),
        "RuntimeConfig.set()": ("default.looked_at", "effects.py", 22),
        "createOrReplaceTempView()": ("default.looked_at", "effects.py", 23),
        "UDFRegistration.register()": ("default.looked_at", "effects.py", 24),
        "sql('USE default')": ("default.looked_at", "effects.py", 25),
        "first()": ("default.looked_at", "effects.py", 26),
        "count()": ("default.looked_at", "helpers.py", 2),
    }


def test_a_write_that_only_rows_bring_about_fails_its_table_alone(guarded: tuple[Any, Update]) -> None:
    _, update = guarded

    failed = update["writes_once_there_are_rows"]

    assert failed.status == "FAILED"
    assert failed.error is not None
    assert failed.error.kind == "SideEffectError"
    assert "DataFrameWriter.save() writes" in failed.error.message
    assert failed.error.place is not None
    assert (failed.error.place.file.rpartition("/")[2], failed.error.place.line) == ("effects.py", 33)


@pytest.mark.usefixtures("guarded")
def test_spark_is_as_it_was_once_the_update_is_over() -> None:
    from pyspark.sql import SparkSession as Session
    from pyspark.sql.classic.dataframe import DataFrame
    from pyspark.sql.readwriter import DataFrameWriter

    patched = [function for function in (DataFrame.collect, DataFrameWriter.save, Session.sql) if hasattr(function, "__wrapped__")]

    assert [function for function in patched if "guards" in function.__code__.co_filename] == []


@pytest.mark.parametrize(
    "body,call",
    [
        ("spark.range(1).write.saveAsTable('t')", "DataFrameWriter.saveAsTable()"),
        ("spark.range(1).write.mode('append').insertInto('t')", "DataFrameWriter.insertInto()"),
        ("spark.range(1).write.parquet('/nowhere')", "DataFrameWriter.parquet()"),
        ("spark.range(1).writeTo('t').append()", "DataFrameWriterV2.append()"),
        ("spark.readStream.format('rate').load().writeStream.start('/nowhere')", "DataStreamWriter.start()"),
        ("spark.readStream.format('rate').load().writeStream.toTable('t')", "DataStreamWriter.toTable()"),
        ("spark.sql('CREATE TABLE t (id INT)')", "sql('CREATE TABLE t (id ...')"),
        ("sql('CREATE TABLE t (id INT)')", "sql('CREATE TABLE t (id ...')"),
        ("spark.range(1).rdd.saveAsTextFile('/nowhere')", "RDD.saveAsTextFile()"),
        ("spark.sql('DROP TABLE IF EXISTS t')", "sql('DROP TABLE IF EXISTS ...')"),
        ("spark.sql('INSERT INTO t VALUES (1)')", "sql('INSERT INTO t VALUES ...')"),
        ("spark.sql('MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN DELETE')", "sql('MERGE INTO t USING ...')"),
    ],
)
def test_a_write_in_a_dataset_function_is_a_mistake_found_while_planning(project: Any, body: str, call: str) -> None:
    project.write("lane/write.py", f"import dlt\n\n@dlt.table\ndef table():\n    {body}\n    return spark.range(1)\n")

    with pytest.raises(UsageError) as refused:
        project.run(validate_only=True)

    (problem,) = refused.value.problems  # type: ignore[attr-defined]
    assert problem.message.startswith(f"'table': {call} writes, and a dataset function only defines a query")
    assert (problem.code, problem.place.line) == ("SideEffectError", 5)


def test_a_delta_table_is_not_written_from_a_dataset_function(project: Any) -> None:
    project.feed("mine", {"id": 1})
    path = project.inputs["mine"]
    project.write(
        "lane/merge.py",
        f"""
        import dlt
        from delta.tables import DeltaTable

        @dlt.table
        def merged():
            mine = DeltaTable.forPath(spark, "{path}")
            mine.alias("a").merge(spark.range(1).alias("b"), "a.id = b.id").whenMatchedDelete().execute()
            return mine.toDF()

        @dlt.table
        def deleted():
            DeltaTable.forPath(spark, "{path}").delete()
            return spark.range(1)
        """,
    )

    with pytest.raises(UsageError) as refused:
        project.run(validate_only=True)

    assert [problem.message.split(" writes")[0] for problem in refused.value.problems] == [  # type: ignore[attr-defined]
        "'merged': DeltaMergeBuilder.execute()",
        "'deleted': DeltaTable.delete()",
    ]


def test_strict_refuses_what_otherwise_warns_and_names_all_places(project: Any) -> None:
    project.write(
        "lane/strict.py",
        """
        import dlt

        spark.range(1).count()

        @dlt.table
        def first():
            return spark.range(spark.range(3).count())

        @dlt.table
        def second():
            spark.range(1).createOrReplaceTempView("v")
            return spark.sql("SELECT * FROM v")
        """,
    )

    relaxed = project.run(validate_only=True)
    with pytest.raises(UsageError) as refused:
        project.run(validate_only=True, strict=True)

    assert relaxed.status == "COMPLETED"
    assert [problem.place.line for problem in refused.value.problems] == [8, 12]  # type: ignore[attr-defined]
    assert "'first': count() runs a query while the dataset is only being defined" in str(refused.value)

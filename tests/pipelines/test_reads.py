"""Every spelling of a read, from every kind of input, as a batch and as a stream: one pipeline, read by all tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from goldlane.pipelines import Update

SOURCES = {
    "lane/batches.py": """
        import dlt

        @dlt.table(comment="the same two rows from each kind of file")
        def batches():
            frames = [dlt.read("in_parquet"), spark.table("in_csv"), spark.read.table("raw.in_json"), spark.sql("SELECT * FROM in_delta")]
            first, *others = [frame.selectExpr("CAST(id AS INT) AS id", "name") for frame in frames]
            for other in others:
                first = first.unionByName(other)
            return first

        @dlt.view
        def names():
            return dlt.read("Batches").select("name").distinct()

        @dlt.table(name="sales.two_parts")
        def two():
            return spark.table("BATCHES").where("id = 1")

        @dlt.table(name="main.sales.three_parts")
        def three():
            return dlt.read("sales.two_parts").limit(1)
    """,
    "lane/streams.py": """
        from pyspark import pipelines as dp

        dp.create_streaming_table("streams")

        @dp.append_flow(target="streams")
        def parquet():
            return dp.read_stream("in_parquet").selectExpr("CAST(id AS INT) AS id", "name")

        @dp.append_flow(target="streams")
        def csv():
            return spark.readStream.table("in_csv").selectExpr("CAST(id AS INT) AS id", "name")

        @dp.append_flow(target="streams")
        def json():
            return spark.readStream.option("maxFilesPerTrigger", 1).table("raw.in_json").selectExpr("CAST(id AS INT) AS id", "name")

        @dp.append_flow(target="streams")
        def delta():
            return spark.sql("SELECT CAST(id AS INT) AS id, name FROM STREAM(in_delta)")
    """,
    "lane/texts.py": """
        import databricks.pipelines as dp

        @dp.materialized_view
        def texts():
            return spark.sql('''
                WITH batches AS (SELECT batches.id, batches.name FROM LIVE.batches WHERE batches.id = 1),
                     renamed AS (SELECT name AS other FROM batches)
                SELECT count(*) AS n, max(two_parts.name) AS two, max(three_parts.name) AS three, max(t.name) AS view,
                       'FROM batches' AS said
                FROM batches
                JOIN sales.two_parts ON two_parts.id = batches.id
                JOIN main.sales.three_parts ON three_parts.id = two_parts.id
                JOIN LIVE.names t ON t.name = batches.name  -- not FROM nowhere
                WHERE batches.name IN (SELECT other FROM renamed) AND EXISTS (SELECT 1 FROM in_delta WHERE in_delta.id = batches.id)
            ''')

        @dp.materialized_view
        def files():
            mapped = spark.read.parquet("/Volumes/in/parquet", "/Volumes/in/parquet").count()
            named = spark.read.csv(path="dbfs:/Volumes/in/csv", header=True).count()
            asked = spark.sql("SELECT * FROM in_delta WHERE id = :id", args={"id": 1}).count()
            put = spark.sql("SELECT * FROM {frame} WHERE id = {id}", frame=dp.read("in_delta"), id=2).count()
            return spark.createDataFrame([(mapped, named, asked, put)], "mapped INT, named INT, asked INT, put INT")
    """,
}
TWO = [{"id": 1, "name": "one"}, {"id": 2, "name": "two"}]


@pytest.fixture(scope="module")
def project(new_project: Callable[[], Any]) -> Any:
    made = new_project()
    for name, text in SOURCES.items():
        made.write(name, text)
    made.feed("in_delta", *TWO)
    parquet = made.folder / "inputs/parquet/part-0.parquet"
    parquet.parent.mkdir()
    pq.write_table(pa.Table.from_pylist(TWO), parquet)
    made.write("inputs/parquet/_notes.json", "no data")
    made.inputs |= {
        "in_parquet": str(parquet.parent),
        "in_csv": str(made.write("inputs/csv/a.csv", "id,name\n1,one\n2,two\n").parent),
        "raw.in_json": str(made.write("inputs/one.json", '{"id": 1, "name": "one"}\n{"id": 2, "name": "two"}\n')),
    }
    return made


@pytest.fixture(scope="module")
def update(project: Any) -> Update:
    return project.run(paths={"/Volumes/in": str(project.folder / "inputs")}).raise_for_status()


def test_batches_of_every_kind_of_input_hold_the_same_rows(project: Any, update: Update) -> None:
    assert update["batches"].output_rows == 8
    assert project.rows("batches") == [(1, "one")] * 4 + [(2, "two")] * 4


def test_streams_of_every_kind_of_input_hold_the_same_rows(project: Any, update: Update) -> None:
    assert update["streams"].output_rows == 8
    assert project.rows("streams") == [(1, "one")] * 4 + [(2, "two")] * 4


def test_tables_of_two_and_three_parts_lie_in_the_folders_of_their_schemas(project: Any, update: Update) -> None:
    assert update["two_parts"].path == project.storage / "tables/sales/two_parts"
    assert project.rows("sales.two_parts") == [(1, "one")] * 4
    assert project.rows("main.sales.three_parts") == [(1, "one")]


def test_sql_text_reads_tables_views_and_inputs_around_its_own_clauses(project: Any, update: Update) -> None:
    assert update["texts"].status == "COMPLETED"
    assert project.rows("texts") == [(16, "one", "one", "one", "FROM batches")]


def test_mapped_paths_and_parameters_of_sql_text_mean_what_they_mean_to_spark(project: Any, update: Update) -> None:
    assert update["files"].status == "COMPLETED"
    assert project.rows("files") == [(4, 2, 1, 1)]


def test_a_view_is_not_stored(project: Any, update: Update) -> None:
    assert update["names"].path is None
    assert not (project.storage / "tables/default/names").exists()


def test_what_arrived_is_streamed_once(project: Any, update: Update) -> None:
    assert update["streams"].output_rows == 8
    Path(project.folder / "inputs/csv/b.csv").write_text("id,name\n3,three\n", encoding="utf-8")
    project.feed("in_delta", {"id": 4, "name": "four"})

    again = project.run(refresh=["streams"], paths={"/Volumes/in": str(project.folder / "inputs")})

    assert (again["streams"].output_rows, len(again.datasets)) == (2, 1)
    assert project.rows("streams") == [(1, "one")] * 4 + [(2, "two")] * 4 + [(3, "three"), (4, "four")]

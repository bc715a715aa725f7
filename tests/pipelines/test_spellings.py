"""Whatever spelling public code reads a table, a file, a broker or a database by, one run answers it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from goldlane.pipelines.errors import InvalidPipelineError

if TYPE_CHECKING:
    from collections.abc import Callable

    from goldlane.pipelines import Update

SOURCE = """
    # Databricks notebook source
    # MAGIC %pip install something
    # COMMAND ----------
    import dlt, json
    from delta.tables import DeltaTable
    from pyspark.sql import functions as F

    dbutils.widgets.text("suffix", "x")
    spark.sql("CREATE SCHEMA IF NOT EXISTS main.bronze")
    spark.sql("USE CATALOG main")
    spark.catalog.setCurrentDatabase("bronze")
    names = json.load(open("/Volumes/main/raw/names.json"))
    known = [spark.catalog.tableExists(name) for name in ("main.bronze.orders", "main.bronze.nothing")]
    count = DeltaTable.forName(spark, "main.bronze.orders").toDF().count()

    # COMMAND ----------
    dlt.create_streaming_table("main.silver.orders", table_properties={"delta.enableChangeDataFeed": "true"})

    @dlt.append_flow(target="orders")
    def into_orders():
        return spark.readStream.option("skipChangeCommits", True).table("main.bronze.orders")

    @dlt.table
    def changes():
        feed = spark.read.option("readChangeFeed", "true").option("startingVersion", 0)
        return feed.table("main.silver.orders").select("id", "_change_type")

    @dlt.table(name=f"facts_{getArgument('suffix')}")
    def facts():
        return spark.sql("SELECT o.id, n.name FROM orders o JOIN json.`dbfs:/Volumes/main/raw/names` n ON n.id = o.id").withColumn(
            "known", F.lit(f"{names} {known} {count}")
        )

    @dlt.table
    def messages():
        reader = spark.readStream.format("kafka").option("kafka.bootstrap.servers", "nowhere:9092")
        return reader.option("subscribe", "shop.orders.v1").load().select(F.col("value").cast("string"), "topic", "offset")

    @dlt.table
    def unbound():
        return spark.readStream.format("kafka").option("subscribe", "nobody").load().select("value")

    @dlt.table
    def reads_unbound():
        return dlt.read_stream("unbound")

    @dlt.table
    def rows_of_a_database():
        return spark.read.format("jdbc").option("url", "jdbc:postgresql://nowhere/db").option("dbtable", "public.people").load()
"""


@pytest.fixture(scope="module")
def project(new_project: Callable[[], Any]) -> Any:
    made = new_project()
    made.write("lane/lane.py", SOURCE)
    made.write("raw/names.json", '["a"]')
    made.write("raw/names/1.json", '{"id": 1, "name": "one"}\n')
    made.feed("orders", {"id": 1}, {"id": 2})
    made.inputs["bronze.orders"] = made.inputs.pop("orders")
    made.write("messages.json", '{"value": "hello", "offset": 7}\n')
    made.inputs["kafka:shop.orders.v1"] = str(made.folder / "messages.json")
    made.inputs["jdbc"] = str(made.folder / "raw/names/1.json")
    return made


@pytest.fixture(scope="module")
def update(project: Any) -> Update:
    made: Update = project.run(paths={"/Volumes/main/raw": str(project.folder / "raw")}, configuration={"suffix": "today"})
    return made


def rows(update: Update, table: str) -> list[tuple[Any, ...]]:
    return sorted(tuple(row) for row in update.table(table).collect())


def test_a_flow_and_its_readers_find_a_table_that_is_written_out_elsewhere(update: Update) -> None:
    assert rows(update, "orders") == [(1,), (2,)]
    assert rows(update, "changes") == [(1, "insert"), (2, "insert")]


def test_module_level_code_finds_inputs_mapped_files_and_widgets(update: Update) -> None:
    assert rows(update, "facts_today") == [(1, "one", "['a'] [True, False] 2")]


def test_what_is_bound_in_place_of_a_broker_has_its_columns(update: Update) -> None:
    assert rows(update, "messages") == [("hello", None, 7)]


def test_what_is_bound_in_place_of_a_database_is_read_as_it_is(update: Update) -> None:
    assert rows(update, "rows_of_a_database") == [(1, "one")]


def test_a_broker_that_is_not_there_fails_its_flow_and_no_other(update: Update) -> None:
    failed = {dataset.name: dataset for dataset in update.datasets if dataset.error}

    assert {name: dataset.status.value for name, dataset in failed.items()} == {"unbound": "FAILED", "reads_unbound": "SKIPPED"}
    assert failed["unbound"].error is not None
    assert "kafka 'nobody' cannot be reached from this machine" in failed["unbound"].error.message


MISTAKES = {
    "a.py": "import dlt\nimport no_such_module\n@dlt.table\ndef base(): return spark.range(1)\n",
    "b.py": "import dlt\n@dlt.table\ndef follows(): return dlt.read('base')\n"
    "@dlt.table\ndef sql(): return spark.sql('SELECT * FROM main.x.missing JOIN base')\n"
    "@dlt.table\ndef database(): return spark.read.format('snowflake').option('dbtable', 'people').load()\n"
    "@dlt.table\ndef conf(): return spark.range(int(spark.conf.get('my.rows')))\n",
}


def test_only_the_first_cause_is_told(project: Any) -> None:
    for name, text in MISTAKES.items():
        project.write(f"mistakes/{name}", text)

    with pytest.raises(InvalidPipelineError) as raised:
        project.run(sources=project.folder / "mistakes")

    told = [problem.message for problem in raised.value.problems]
    assert len(told) == 4, told
    assert "No module named 'no_such_module'" in told[0]
    assert "'sql': there is no table 'main.x.missing'" in told[1]
    assert "'database': snowflake 'people' cannot be reached from this machine" in told[2]
    assert "--conf my.rows=VALUE" in told[3]

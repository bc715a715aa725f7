"""A job whose tasks share one Spark: a pipeline, SQL, a notebook and a Python file, run once in the session of the tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from deltalake import DeltaTable

from goldlane.bundles.running import Outcome, Request, run_job

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.slow

BUNDLE = """resources:
  pipelines:
    lane:
      catalog: main
      schema: shop
      libraries: [{glob: {include: pipelines/**}}]
      configuration: {shop.rows: "5"}
  jobs:
    job:
      parameters: [{name: catalog, default: main}, {name: least, default: "2"}]
      tasks:
        - task_key: update
          pipeline_task: {pipeline_id: "${resources.pipelines.lane.id}", full_refresh: true}
        - task_key: select
          depends_on: [{task_key: update}]
          sql_task: {warehouse_id: x, file: {path: ./select.sql}, parameters: {schema: shop}}
        - task_key: look
          depends_on: [{task_key: select}]
          notebook_task: {notebook_path: ./look, base_parameters: {first: "{{tasks.select.output.first_row.id}}", place: "%(place)s"}}
        - task_key: script
          depends_on: [{task_key: look}]
          spark_python_task: {python_file: ./script.py}
        - task_key: hang
          depends_on: [{task_key: look}, {task_key: script}]
          timeout_seconds: 8
          spark_python_task: {python_file: ./hang.py}
"""
FILES = {
    "pipelines/lane.py": (
        "import dlt\nfrom pyspark.sql import functions as F\n\n"
        "@dlt.table\ndef orders():\n    return spark.range(int(spark.conf.get('shop.rows')))\n\n"
        "@dlt.table\ndef counted():\n    return dlt.read('orders').agg(F.count('*').alias('rows'))\n"
    ),
    "select.sql": (
        # Comments and quoted text hold no parameters.
        "-- orders from :least on; not :this\n"
        "CREATE OR REPLACE TABLE IDENTIFIER(:catalog || '.' || :schema || '.large') AS\n"
        "SELECT id FROM IDENTIFIER(:catalog || '.' || :schema || '.orders') WHERE id >= CAST(:least AS INT);\n"
        "USE CATALOG main;\nUSE SCHEMA shop;\n"
        "SELECT id, id * 2 AS doubled FROM large ORDER BY id\n"
    ),
    "look.py": (
        "# Databricks notebook source\n"
        "from pyspark.sql import functions as F\nfrom pyspark.sql import SparkSession\n\n"
        "# COMMAND ----------\n\n"
        "doubled = F.udf(lambda value: value * 2, 'bigint')\n"
        "rows = spark.table('main.shop.large').select(doubled('id').alias('id'))\n"
        "rows.createOrReplaceTempView('mine')\n"
        "dbutils.jobs.taskValues.set('total', spark.sql('SELECT sum(id) FROM mine').first()[0])\n"
        "dbutils.jobs.taskValues.set('first', dbutils.widgets.get('first'))\n"
        "rows.write.mode('overwrite').saveAsTable('main.shop.doubled')\n"
        "spark.sql('INSERT INTO main.shop.doubled VALUES (100)')\n"
        "rows.writeTo('main.shop.by_v2').using('delta').createOrReplace()\n"
        "rows.limit(1).writeTo('main.shop.by_v2').append()\n"
        "rows.limit(1).write.insertInto('main.shop.by_v2')\n"
        "rows.writeTo('main.shop.made').create()\n"
        "rows.write.insertInto('main.shop.made', overwrite=True)\n"
        "orders = spark.readStream.table('main.shop.orders').writeStream.trigger(availableNow=True)\n"
        "orders.option('checkpointLocation', dbutils.widgets.get('place')).toTable('main.shop.streamed').awaitTermination()\n"
        "rows.write.parquet('/Volumes/out/rows')\n"
        "rows.write.format('delta').save('dbfs:/Volumes/out/copy')\n"
        "from delta.tables import DeltaTable\n"
        "dbutils.jobs.taskValues.set('copied', DeltaTable.forPath(spark, '/Volumes/out/copy').toDF().count())\n"
        "spark.sql('ALTER TABLE main.shop.made ADD COLUMN note STRING')\n"
        "spark.sql('OPTIMIZE main.shop.by_v2 ZORDER BY (id)')\n"
        "spark.sql('VACUUM main.shop.by_v2')\n"
        "spark.sql('RESTORE TABLE main.shop.made TO VERSION AS OF 0')\n"
        "operations = [row.operation for row in spark.sql('DESCRIBE HISTORY main.shop.made').collect()]\n"
        "dbutils.jobs.taskValues.set('operations', operations)\n"
        "dbutils.jobs.taskValues.set('files', spark.sql('DESCRIBE DETAIL main.shop.by_v2').first().numFiles)\n"
        "assert SparkSession.builder.getOrCreate() is spark\n"
        "spark.stop()\n"
    ),
    "script.py": (
        "import threading\nfrom pyspark.sql import SparkSession\nfrom databricks.sdk.runtime import dbutils\n\n"
        "spark = SparkSession.builder.appName('script').getOrCreate()\n"
        "found = []\n"
        "thread = threading.Thread(target=lambda: found.append(spark.table('main.shop.orders').count()))\n"
        "thread.start(); thread.join()\n"
        "dbutils.jobs.taskValues.set('rows', found[0])\n"
        "dbutils.jobs.taskValues.set('views', [table.name for table in spark.catalog.listTables() if table.name == 'mine'])\n"
    ),
    "hang.py": (
        "from pyspark.sql import SparkSession\nspark = SparkSession.builder.getOrCreate()\n"
        "print('begun', flush=True)\n"
        "spark.range(10**15).selectExpr('max(id % 7)').collect()\n"
    ),
}


@dataclass(frozen=True, kw_only=True)
class Ran:
    outcome: Outcome
    storage: Path

    def values(self, task: str) -> dict[str, Any]:
        end = self.outcome.tasks[task]
        assert end.result == "SUCCESS", end.fault
        return dict(end.values)

    def ids(self, table: str) -> list[int]:
        found = DeltaTable(str(self.storage / "tables" / "main.shop" / table)).to_pyarrow_table()
        return sorted(found.column("id").to_pylist())


@pytest.fixture(scope="module")
def ran(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory, write_bundle: Callable[[Path, str, Mapping[str, str]], Path]) -> Ran:
    folder = tmp_path_factory.mktemp("spark tasks")
    root, storage = write_bundle(folder / "bundle", BUNDLE % {"place": folder / "checkpoint"}, FILES), folder / "storage"
    return Ran(
        outcome=run_job(Request(root=root, job="job", storage=storage, spark=spark, paths={"/Volumes/out": str(folder / "out")})),
        storage=storage,
    )


def test_a_pipeline_task_writes_tables_under_its_catalog_and_schema(ran: Ran) -> None:
    assert ran.outcome.tasks["update"].fault is None
    assert ran.ids("orders") == [0, 1, 2, 3, 4]


def test_a_sql_task_makes_tables_by_names_from_its_parameters(ran: Ran) -> None:
    assert ran.outcome.tasks["select"].fault is None
    assert ran.ids("large") == [2, 3, 4]


def test_the_rows_of_a_sql_tasks_last_statement_are_its_output(ran: Ran) -> None:
    assert ran.outcome.tasks["select"].output["rows"] == [{"id": 2, "doubled": 4}, {"id": 3, "doubled": 6}, {"id": 4, "doubled": 8}]
    assert ran.values("look")["first"] == "2"


def test_a_notebook_reads_and_writes_tables_of_the_storage_by_name(ran: Ran) -> None:
    assert ran.values("look")["total"] == 18
    assert ran.ids("doubled") == [4, 6, 8, 100]


def test_every_writer_that_takes_a_name_writes_the_storages_table(ran: Ran) -> None:
    assert ran.outcome.tasks["look"].fault is None
    assert ran.ids("by_v2") == [4, 4, 4, 6, 8]
    assert ran.ids("made") == [4, 6, 8]
    assert ran.ids("streamed") == [0, 1, 2, 3, 4]


def test_a_path_of_the_platform_is_written_where_it_is_mapped(ran: Ran) -> None:
    assert ran.values("look")["copied"] == 3
    assert {place.name for place in (ran.storage.parent / "out").iterdir()} == {"rows", "copy"}
    assert not Path("/Volumes/out").exists()


def test_statements_that_tend_a_table_find_it_by_its_name(ran: Ran) -> None:
    assert ran.values("look")["files"] == 1
    assert ran.values("look")["operations"][:2] == ["RESTORE", "ADD COLUMNS"]


def test_a_python_file_gets_the_shared_session_also_in_threads(ran: Ran) -> None:
    assert ran.values("script")["rows"] == 5


def test_views_of_one_task_are_not_seen_by_another(ran: Ran) -> None:
    assert ran.values("script")["views"] == []


def test_a_task_that_hangs_in_spark_is_killed_and_its_jobs_with_it(ran: Ran, spark: SparkSession) -> None:
    end = ran.outcome.tasks["hang"]

    assert end.result == "TIMEDOUT"
    assert "its timeout of 8 s" in str(end.fault)
    assert list(spark.sparkContext.statusTracker().getActiveJobsIds()) == []


def test_the_session_of_the_tests_goes_on(ran: Ran, spark: SparkSession) -> None:
    assert ran.outcome.result == "FAILED"
    assert spark.range(3).count() == 3

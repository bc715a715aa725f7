"""Sinks: rows that leave the pipeline for Delta, for a data source of the user's, or for a handler of micro-batches."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from goldlane.pipelines import Update

pytestmark = pytest.mark.slow  # updates of many flows, one after the other

LANE = """
import dlt
from pyspark.sql import functions as F
from pyspark.sql.datasource import DataSource, DataSourceStreamWriter, WriterCommitMessage

OUT = {out!r}

class Lines(DataSource):
    @classmethod
    def name(cls):
        return "lines"

    def streamWriter(self, schema, overwrite):
        return LinesWriter(self.options["folder"])

class LinesWriter(DataSourceStreamWriter):
    def __init__(self, folder):
        self.folder = folder

    def write(self, rows):
        import os
        import uuid
        found = [str(row.id) for row in rows]
        if found:
            with open(os.path.join(self.folder, uuid.uuid4().hex + ".part"), "w") as file:
                file.write("\\n".join(found))
        return WriterCommitMessage()

    def commit(self, messages, batchId):
        with open(os.path.join(self.folder, f"commit-{{batchId}}"), "w") as file:
            file.write(str(len(messages)))

    def abort(self, messages, batchId):
        pass

import os
spark.dataSource.register(Lines)
dlt.create_sink("to_lines", "lines", {{"folder": OUT}})
dlt.create_sink("to_path", "delta", {{"path": "/Volumes/out/orders"}})
dlt.create_sink(name="to_name", format="delta", options={{"tableName": "shop.archive.orders"}})
dlt.create_sink("to_kafka", "kafka", {{"kafka.bootstrap.servers": "nowhere:9092", "topic": "orders", "kafka.password": "hunter2"}})
dlt.create_sink("unfed", "delta", {{"path": OUT + "/unfed"}})

@dlt.table
def names():
    return spark.read.table("raw.names")

@dlt.append_flow(name="lines", target="to_lines", comment="for the printer")
def lines():
    return spark.readStream.table("raw.orders").where("id > 1")

@dlt.append_flow(target="to_path")
def by_path():
    return spark.readStream.table("raw.orders")

@dlt.append_flow(target="to_name")
def by_name():
    return spark.readStream.table("raw.orders").select("id")

@dlt.append_flow(target="to_name", once=True)
def backfill():
    return spark.createDataFrame([(0,)], "id long")

@dlt.append_flow(target="to_kafka")
def to_topic():
    return spark.readStream.table("raw.orders").selectExpr("cast(id as string) AS value")

@dlt.foreach_batch_sink(name="handled")
def handle(df, batch_id):
    df.createOrReplaceTempView("arrived")
    named = df.sparkSession.sql("SELECT a.id, n.name FROM arrived a JOIN names n USING (id)")
    assert df.sparkSession.table("arrived").count() == df.count() == df.sparkSession.read.table("arrived").count()
    named.write.format("delta").mode("append").save(OUT + "/handled")

@dlt.append_flow(target="handled", depends_on="names")
def feed():
    return spark.readStream.table("raw.orders")

@dlt.foreach_batch_sink
def by_names(df, batch_id):
    from delta.tables import DeltaTable
    df.write.format("delta").mode("append").option("mergeSchema", True).saveAsTable("shop.gold.copies")
    df.createOrReplaceTempView("fresh")
    df.sparkSession.sql("CREATE TABLE IF NOT EXISTS gold.merged (id BIGINT, shop STRING) USING delta")
    df.sparkSession.sql(
        "MERGE INTO gold.merged USING fresh f ON merged.id = f.id WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *"
    )
    DeltaTable.forName(df.sparkSession, "gold.merged").delete("id = 4")

@dlt.append_flow(target="by_names")
def feed_names():
    return spark.readStream.table("raw.orders")

@dlt.foreach_batch_sink
def breaking(df, batch_id):
    raise ValueError(f"no room for batch {{batch_id}}")

@dlt.append_flow(target="breaking")
def feed_breaking():
    return spark.readStream.table("raw.orders")

@dlt.foreach_batch_sink
def totals(df, batch_id):
    df.write.format("delta").mode("append").save(OUT + "/totals")

@dlt.update_flow(target="totals", name="changed")
def changed():
    return spark.readStream.table("raw.orders").groupBy("shop").agg(F.count("*").alias("orders"))
"""


class _Lane:
    """Two updates of one pipeline of sinks, and a full refresh of some of them."""

    def __init__(self, project: Any) -> None:
        self.project, self.out = project, project.folder / "out"
        self.out.mkdir()
        project.write("lane/sinks.py", LANE.format(out=str(self.out)))
        options = {"paths": {"/Volumes/out": str(self.out)}}
        project.feed("raw.names", {"id": 1, "name": "one"}, {"id": 2, "name": "two"}, {"id": 3, "name": "three"})
        project.feed("raw.orders", {"id": 1, "shop": "a"}, {"id": 2, "shop": "a"}, {"id": 4, "shop": "b"})
        self.first: Update = project.run(**options)
        project.feed("raw.orders", {"id": 3, "shop": "a"})
        self.second: Update = project.run(**options)
        self.lines_before_refresh = self.lines()
        self.third: Update = project.run(full_refresh=["to_lines", "to_path"], **options)

    def lines(self) -> list[int]:
        return sorted(int(line) for file in self.out.glob("*.part") for line in file.read_text().split())

    def delta(self, path: Any, *columns: str) -> list[tuple[Any, ...]]:
        from deltalake import DeltaTable

        return sorted(tuple(row.values()) for row in DeltaTable(str(path)).to_pyarrow_table().select(list(columns)).to_pylist())


@pytest.fixture(scope="module")
def lane(new_project: Callable[[], Any]) -> _Lane:
    return _Lane(new_project())


def details(update: Update, event_type: str, dataset: str) -> list[dict[str, Any]]:
    rows = update.events().where(f"event_type = '{event_type}' AND origin.dataset_name = '{dataset}'").collect()
    return [json.loads(row.details)[event_type] for row in rows]


def test_a_python_data_source_registered_by_the_file_gets_each_row_once(lane: _Lane) -> None:
    assert lane.lines_before_refresh == [2, 3, 4]
    assert (lane.out / "commit-0").exists()


def test_a_delta_sink_by_path_writes_to_the_mapped_folder(lane: _Lane) -> None:
    assert lane.first["to_path"].path == lane.out / "orders"
    assert lane.first["to_path"].output_rows == 3


def test_a_delta_sink_by_name_writes_to_the_table_of_that_name_in_the_storage_and_its_once_flow_once(lane: _Lane) -> None:
    table = lane.project.storage / "tables" / "shop.archive" / "orders"

    assert lane.delta(table, "id") == [(0,), (1,), (2,), (3,), (4,)]
    assert [row.id for row in lane.second.table("to_name").collect()] != []


def test_sinks_are_results_of_their_own_kind_with_the_rows_they_got(lane: _Lane) -> None:
    found = {dataset.name: (dataset.kind.value, dataset.status.value, dataset.output_rows) for dataset in lane.second.datasets}

    assert found["to_lines"] == ("sink", "COMPLETED", 1)
    assert found["handled"] == ("sink", "COMPLETED", 1)
    assert found["unfed"] == ("sink", "COMPLETED", 0)


def test_a_handler_reads_the_pipelines_tables_and_its_own_views_and_its_rows_are_counted_once(lane: _Lane) -> None:
    assert lane.delta(lane.out / "handled", "id", "name") == [(1, "one"), (2, "two"), (3, "three")]
    assert lane.first["handled"].output_rows == 3


def test_a_handler_writes_tables_of_the_storage_by_their_names(lane: _Lane) -> None:
    tables = lane.project.storage / "tables"

    assert lane.delta(tables / "shop.gold" / "copies", "id") == [(1,), (2,), (3,), (4,)]
    assert lane.delta(tables / "gold" / "merged", "id", "shop") == [(1, "a"), (2, "a"), (3, "a")]
    assert lane.first["by_names"].output_rows == 3


def test_a_handler_that_raises_fails_its_sink_alone_and_is_named_with_file_and_line(lane: _Lane) -> None:
    error = lane.first["breaking"].error

    assert error is not None
    assert error.message == "ValueError: no room for batch 0"
    assert error.place is not None
    assert error.place.file.endswith("lane/sinks.py")
    assert LANE.splitlines()[error.place.line - 1].strip().startswith("raise ValueError")


def test_an_update_flow_sends_the_rows_that_changed(lane: _Lane) -> None:
    assert lane.delta(lane.out / "totals", "shop", "orders") == [("a", 2), ("a", 3), ("b", 1)]


def test_a_format_that_is_not_installed_is_one_error_that_says_what_to_add(lane: _Lane) -> None:
    error = lane.first["to_kafka"].error

    assert error is not None
    assert "kafka" in error.message
    assert "spark-sql-kafka" in error.message


def test_a_full_refresh_of_a_sink_sends_everything_again_and_deletes_nothing(lane: _Lane) -> None:
    assert lane.lines() == [2, 2, 3, 3, 4, 4]
    assert len(lane.delta(lane.out / "orders", "id")) == 8


def test_the_log_defines_a_sink_without_its_secrets_and_keeps_the_comment_of_a_flow(lane: _Lane) -> None:
    (sink,) = details(lane.first, "sink_definition", "default.to_kafka")
    (flow,) = details(lane.first, "flow_definition", "default.to_lines")

    assert (sink["format"], sink["topic"]) == ("kafka", "orders")
    assert "hunter2" not in json.dumps(sink)
    assert flow["comment"] == "for the printer"


MISTAKES = """
import dlt
from pyspark import pipelines as dp

dlt.create_sink("outside", "delta", {"tableName": "inside"})
dlt.create_streaming_table("events")

@dlt.table
def inside():
    return spark.range(1)

@dlt.expect("known", "id IS NOT NULL")
@dlt.append_flow(target="outside")
def batch():
    return spark.range(1)

@dlt.update_flow(target="events")
def updates():
    return spark.readStream.format("rate").load()

@dlt.view
def reader():
    return dlt.read("outside")

@dlt.append_flow(target="events", depends_on=["updates", "nobody"])
def waits():
    return spark.readStream.format("rate").load()

@dp.table(name="replaced", replace_using=["nothing"], sequence_by="value")
def replaced():
    return spark.readStream.format("rate").load()
"""


def test_every_misuse_of_a_sink_is_reported_before_anything_runs(project: Any) -> None:
    from goldlane.pipelines.errors import InvalidPipelineError

    project.write("lane/mistakes.py", MISTAKES)

    with pytest.raises(InvalidPipelineError) as caught:
        project.run()

    text = str(caught.value)
    assert "'outside' is a sink, and sinks take no expectations" in text
    assert "flow 'batch' appends a batch to a sink" in text
    assert "sink 'outside' writes to inside, which this pipeline defines" in text
    assert "flow 'updates' is an update flow, which only a sink can take" in text
    assert "flow 'waits' depends on nobody, and there is no such flow" in text
    assert "flow 'replaced' replaces by nothing, which its query does not give" in text

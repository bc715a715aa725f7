"""SQL files that really run, beside Python in one pipeline."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest

from goldlane.pipelines.errors import InvalidPipelineError

if TYPE_CHECKING:
    from goldlane.pipelines import Update

LANE = """\
-- Databricks notebook source
SET least = 0;

-- COMMAND ----------

CREATE OR REFRESH STREAMING TABLE orders (
  CONSTRAINT `has id` EXPECT (id IS NOT NULL) ON VIOLATION DROP ROW,
  CONSTRAINT positive EXPECT (amount > ${least})
)
COMMENT 'as they came'
TBLPROPERTIES ('quality' = 'bronze', delta.enableChangeDataFeed = true)
AS SELECT * FROM STREAM(raw.orders);

CREATE FLOW more AS INSERT INTO ONCE orders BY NAME SELECT 9L AS id, 90L AS amount;

-- COMMAND ----------

CREATE TEMPORARY VIEW big (`order`, total COMMENT 'in cents')
AS SELECT id, amount * 100 FROM LIVE.orders WHERE amount >= ${big.from}

-- COMMAND ----------

CREATE MATERIALIZED VIEW totals (n BIGINT NOT NULL, total BIGINT COMMENT 'all of them', PRIMARY KEY (n))
AS SELECT count(*) AS n, sum(total) AS total FROM big JOIN names ON big.`order` = names.id

-- COMMAND ----------

CREATE STREAMING TABLE customers
FLOW AUTO CDC
FROM (SELECT * EXCEPT (amount), id AS customer
      FROM STREAM orders WHERE amount > 0)
KEYS (customer) SEQUENCE BY id STORED AS SCD TYPE 1;

CREATE STREAMING TABLE dearest
FLOW REPLACE USING (kind) SEQUENCE BY amount BY NAME
SELECT 'order' AS kind, s.* FROM STREAM(raw.orders) WITH (STARTINGVERSION = 1, SKIPCHANGECOMMITS) s;

CREATE MATERIALIZED VIEW feed AS SELECT _change_type, count(*) AS n FROM table_changes('orders', 0) GROUP BY ALL;
"""
NAMES = """
    import dlt

    @dlt.table
    def first_orders():
        return spark.read.option("versionAsOf", 0).table("raw.orders")

    @dlt.table
    def names():
        return spark.sql("SELECT DISTINCT id FROM orders")
"""


@pytest.fixture(scope="module")
def lane(new_project: Callable[[], Any]) -> tuple[Any, Update]:
    project = new_project()
    (project.folder / "lane").mkdir()
    (project.folder / "lane" / "lane.sql").write_text(LANE, encoding="utf-8")
    project.write("lane/names.py", NAMES)
    project.feed("raw.orders", {"id": 1, "amount": 10})
    project.feed("raw.orders", {"id": 2, "amount": -5}, {"id": None, "amount": 7})
    update = project.run(configuration={"big.from": "10"})
    assert [(found.name, found.error) for found in update.datasets if found.error] == []
    return project, update


def test_python_and_sql_files_are_one_pipeline(lane: tuple[Any, Update]) -> None:
    project, update = lane

    kinds = {dataset.name: dataset.kind for dataset in update.datasets}
    assert kinds == {
        "orders": "streaming_table",
        "big": "view",
        "totals": "materialized_view",
        "customers": "streaming_table",
        "dearest": "streaming_table",
        "feed": "materialized_view",
        "first_orders": "materialized_view",
        "names": "materialized_view",
    }
    assert project.rows("orders", "id", "amount") == [(1, 10), (2, -5), (9, 90)]
    assert project.rows("totals", "n", "total") == [(2, 10_000)]


def test_rules_of_sql_are_counted_and_drop_rows(lane: tuple[Any, Update]) -> None:
    _, update = lane

    rules = [(rule.name, rule.action.value, rule.passed, rule.failed) for rule in update["orders"].expectations]
    assert rules == [("has id", "drop", 3, 1), ("positive", "warn", 3, 1)]
    assert (update["orders"].output_rows, update["orders"].dropped_rows) == (3, 1)


def test_columns_comments_and_properties_are_the_tables(lane: tuple[Any, Update]) -> None:
    from deltalake import DeltaTable

    project, update = lane

    table = DeltaTable(str(project.storage / "tables" / "default" / "orders"))
    assert (table.metadata().description, table.metadata().configuration["quality"]) == ("as they came", "bronze")
    columns = {column.name: column for column in update.table("totals").schema}
    assert columns["total"].metadata == {"comment": "all of them"}
    assert not columns["n"].nullable


def test_changes_come_from_a_query_in_sql(lane: tuple[Any, Update]) -> None:
    project, _ = lane

    assert project.rows("customers", "customer") == [(1,), (9,)]


def test_a_flow_in_sql_replaces_by_key_and_reads_with_the_options_of_its_stream(lane: tuple[Any, Update]) -> None:
    project, _ = lane

    assert project.rows("dearest", "kind", "amount") == [("order", 7)]


def test_a_change_feed_is_read_by_its_function_and_an_input_as_of_its_version(lane: tuple[Any, Update]) -> None:
    project, _ = lane

    assert project.rows("feed") == [("insert", 3)]
    assert project.rows("first_orders", "id") == [(1,)]


def test_windows_are_grouped_by_and_a_stream_gets_its_watermark(lane: tuple[Any, Update]) -> None:
    project, _ = lane
    project.feed("raw.visits", {"at": datetime(2026, 1, 1, tzinfo=timezone.utc)})
    hourly = project.write(
        "windows/lane.sql",
        """\
        CREATE STREAMING TABLE hourly AS
        SELECT window.start AS hour, count(*) AS n
        FROM STREAM(raw.visits) WATERMARK at DELAY OF INTERVAL 3 MINUTES
        GROUP BY window(at, '1 hour');
        """,
    )
    heard: list[Any] = []

    update = project.run(sources=hourly, validate_only=True, listeners=[heard.append])

    (plan,) = [event.details["explain_text"] for event in heard if event.event_type == "flow_definition"]
    assert (update["hourly"].kind, "EventTimeWatermark" in plan, "3 minutes" in plan) == ("streaming_table", True, True)


def test_a_mistake_in_a_query_is_told_with_its_line(lane: tuple[Any, Update]) -> None:
    project, _ = lane
    broken = project.write(
        "broken/lane.sql",
        """\
        CREATE MATERIALIZED VIEW a AS
        SELECT
          nothing
        FROM raw.orders;

        CREATE STREAMING TABLE b
        AS SELECT * FROM raw.orders;

        CREATE LIVE TABLE c AS SELECT 1 AS x,
        ) AS y;
        """,
    )

    with pytest.raises(InvalidPipelineError) as refused:
        project.run(sources=broken)

    problems = [(problem.place.line, problem.message) for problem in refused.value.problems if problem.place]
    assert [line for line, _ in problems] == [3, 6, 10]
    assert "nothing" in problems[0][1]
    assert "appends a batch to a streaming table" in problems[1][1]

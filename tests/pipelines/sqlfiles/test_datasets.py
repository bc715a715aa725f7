"""What ``CREATE ... TABLE`` and ``CREATE ... VIEW`` declare."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from goldlane.pipelines.definitions import Dataset, QueryFlow
from goldlane.pipelines.names import Namespace
from goldlane.pipelines.registry import Registry
from goldlane.pipelines.sqlfiles import is_sql, load_sql

Declared = Callable[..., Registry]


def only(registry: Registry) -> tuple[Dataset, Any]:
    assert registry.problems == []
    (dataset,) = registry.datasets.values()
    return dataset, registry.flows[0] if registry.flows else None


@pytest.mark.parametrize(
    "head, kind",
    [
        ("CREATE OR REFRESH STREAMING TABLE", "streaming_table"),
        ("CREATE STREAMING TABLE IF NOT EXISTS", "streaming_table"),
        ("create or replace streaming live table", "streaming_table"),
        ("CREATE INCREMENTAL LIVE TABLE", "streaming_table"),
        ("CREATE OR REFRESH LIVE TABLE", "materialized_view"),
        ("CREATE TEMPORARY LIVE TABLE", "materialized_view"),
        ("CREATE OR REFRESH MATERIALIZED VIEW", "materialized_view"),
        ("CREATE PRIVATE MATERIALIZED VIEW", "materialized_view"),
        ("CREATE LIVE VIEW", "view"),
        ("CREATE TEMPORARY STREAMING LIVE VIEW", "view"),
        ("CREATE OR REPLACE TEMP VIEW", "view"),
        ("CREATE VIEW", "view"),
    ],
)
def test_every_spelling_of_a_dataset_says_its_kind(declared: Declared, head: str, kind: str) -> None:
    dataset, flow = only(declared(f"{head} orders AS SELECT 1 AS id;"))

    assert (dataset.written, dataset.kind, flow.name, flow.target) == ("orders", kind, "orders", dataset.name)


@pytest.mark.parametrize("query", ["SELECT 1 AS id", "WITH a AS (SELECT 1) SELECT * FROM a", "(SELECT 1 AS id)", "VALUES (1)"])
def test_the_as_before_a_query_may_be_left_out(declared: Declared, query: str) -> None:
    _, flow = only(declared(f"CREATE MATERIALIZED VIEW t (CONSTRAINT c EXPECT (id > 0)) WITH ROW FILTER f ON (id) COMMENT 'x' {query}"))

    assert flow.function.text == query


def test_private_tables_are_temporary(declared: Declared) -> None:
    registry = declared("CREATE PRIVATE STREAMING TABLE a; CREATE TEMPORARY LIVE TABLE b AS SELECT 1; CREATE STREAMING TABLE c")

    assert [dataset.temporary for dataset in registry.datasets.values()] == [True, True, False]


@pytest.mark.parametrize("policy", ["auto", "incremental", "incremental strict", "full"])
def test_a_refresh_policy_may_stand_among_the_clauses(declared: Declared, policy: str) -> None:
    dataset, _ = only(declared(f"CREATE MATERIALIZED VIEW totals REFRESH POLICY {policy.upper()} COMMENT 'sums' AS SELECT 1 AS id"))

    assert (dataset.refresh_policy, dataset.comment, dataset.ignored) == (policy, "sums", ())


def test_clauses_mean_what_the_keywords_of_python_mean(declared: Declared) -> None:
    dataset, _ = only(
        declared("""
        CREATE OR REFRESH STREAMING TABLE sales.orders
        USING DELTA
        PARTITIONED BY (day, `the region`)
        CLUSTER BY (id)
        LOCATION '/mnt/orders'
        COMMENT "it's " 'theirs'
        TBLPROPERTIES (pipelines.reset.allowed = false, 'quality' = "bronze", delta.logRetentionDuration='10 days', "n" = 3)
        SCHEDULE EVERY 2 HOURS
        WITH ROW FILTER only_mine ON (region)
        AS SELECT * FROM STREAM(raw)
        """)
    )

    assert dataset.name.key == "sales.orders"
    assert dataset.ignored == ("path", "schedule", "row_filter")
    assert (dataset.partition_cols, dataset.cluster_by, dataset.comment) == (("day", "the region"), ("id",), "it's theirs")
    assert dataset.table_properties == {
        "pipelines.reset.allowed": "false",
        "quality": "bronze",
        "delta.logRetentionDuration": "10 days",
        "n": "3",
    }


def test_clusters_that_the_platform_chooses_are_none(declared: Declared) -> None:
    assert only(declared("CREATE STREAMING TABLE a CLUSTER BY AUTO"))[0].cluster_by == ()


def test_columns_become_the_schema_and_constraints_its_rules_and_keys(declared: Declared) -> None:
    dataset, _ = only(
        declared("""
        CREATE STREAMING TABLE orders (
          id BIGINT NOT NULL COMMENT 'who, (what)' PRIMARY KEY RELY,
          tags MAP<STRING, ARRAY<STRUCT<a: INT, b: DECIMAL(10, 2)>>>,
          amount DECIMAL(10, 2) CONSTRAINT `is positive` EXPECT (amount > 0 AND f(amount, 2) < 3) ON VIOLATION DROP ROW,
          CONSTRAINT known EXPECT (id IN (1, 2)),
          CONSTRAINT must EXPECT (name RLIKE '^[a-z)]+$') ON VIOLATION FAIL UPDATE,
          CONSTRAINT pk PRIMARY KEY (id, amount) NOT ENFORCED,
          shop INT CONSTRAINT fk REFERENCES shops (id)
        )
        """)
    )

    assert dataset.schema == (
        "`id` BIGINT NOT NULL COMMENT 'who, (what)', `tags` MAP<STRING, ARRAY<STRUCT<a: INT, b: DECIMAL(10, 2)>>>, "
        "`amount` DECIMAL(10, 2), `shop` INT, PRIMARY KEY (`id`), PRIMARY KEY (id, amount) NOT ENFORCED"
    )
    assert [(rule.name, rule.predicate, rule.action.value) for rule in dataset.expectations] == [
        ("is positive", "amount > 0 AND f(amount, 2) < 3", "drop"),
        ("known", "id IN (1, 2)", "warn"),
        ("must", "name RLIKE '^[a-z)]+$'", "fail"),
    ]


def test_a_comparison_in_a_rule_is_no_bracket(declared: Declared) -> None:
    registry = declared(
        "CREATE STREAMING TABLE t (CONSTRAINT a EXPECT (x > 0) ON VIOLATION DROP ROW, CONSTRAINT b EXPECT (x < 9))"
        " AS SELECT * FROM STREAM s"
    )

    assert [(rule.name, rule.predicate) for rule in registry.datasets["default.t"].expectations] == [("a", "x > 0"), ("b", "x < 9")]


def test_a_table_with_rules_alone_has_no_schema(declared: Declared) -> None:
    dataset, _ = only(declared("CREATE LIVE TABLE a (CONSTRAINT c EXPECT(id > 0)) AS SELECT 1 AS id"))

    assert (dataset.schema, len(dataset.expectations)) == (None, 1)


def test_columns_without_types_rename_those_of_the_query(declared: Declared) -> None:
    _, flow = only(declared("CREATE VIEW v (a COMMENT 'first', `b c`) AS SELECT 1, 2"))

    assert [(label.name, label.comment) for label in flow.function.labels] == [("a", "first"), ("b c", None)]


def test_the_query_is_left_as_it_was_written_and_knows_its_line(declared: Declared) -> None:
    registry = declared("""\
        -- a comment; with a semicolon
        CREATE LIVE TABLE a
        AS
          SELECT ';' AS x,  -- why
                 1
          FROM t /* ; */ ;
        """)

    flow = registry.flows[0]
    assert isinstance(flow, QueryFlow)
    query: Any = flow.function
    assert query.text == "SELECT ';' AS x,  -- why\n         1\n  FROM t"
    assert (query.place.line, registry.datasets["default.a"].place.line) == (4, 2)


def test_spark_counts_lines_as_the_file_does(declared: Declared) -> None:
    flow = declared("\n\nCREATE VIEW a AS\nSELECT 1").flows[0]

    assert flow.function() == "\n\n\nSELECT 1"


def test_live_is_the_pipelines_own_schema(declared: Declared) -> None:
    dataset, _ = only(declared("CREATE STREAMING TABLE LIVE.orders", Namespace("main", "sales")))

    assert (dataset.written, str(dataset.name)) == ("orders", "main.sales.orders")


def test_a_notebooks_cells_end_statements_and_its_magic_is_comment(declared: Declared) -> None:
    registry = declared("""\
        -- Databricks notebook source
        -- MAGIC %md
        -- MAGIC # It's a title; with an open quotation

        -- COMMAND ----------

        -- DBTITLE 1,First
        CREATE STREAMING TABLE a

        -- COMMAND ----------

        CREATE STREAMING TABLE b
        """)

    assert registry.problems == []
    assert [(dataset.written, dataset.place.line) for dataset in registry.datasets.values() if dataset.place] == [("a", 8), ("b", 12)]


def test_a_streaming_table_may_hold_its_flow(declared: Declared) -> None:
    registry = declared("""
        CREATE STREAMING TABLE a FLOW INSERT ONCE BY NAME SELECT 1 AS id;
        CREATE STREAMING TABLE `b` COMMENT 'c' FLOW AUTO CDC FROM STREAM(a) KEYS (id) SEQUENCE BY id;
        """)

    assert registry.problems == []
    assert [(flow.name, flow.target.key, flow.once) for flow in registry.flows] == [("a", "default.a", True), ("b", "default.b", False)]


def test_a_jupyter_notebook_in_sql_is_a_source_too(tmp_path: Path) -> None:
    cells = [
        ("markdown", "# Title"),
        ("code", "%python\nprint('it')"),
        ("code", "CREATE STREAMING TABLE a"),
        ("code", "CREATE STREAMING TABLE b"),
    ]
    notebook = {
        "cells": [{"cell_type": kind, "source": text.splitlines(keepends=True)} for kind, text in cells],
        "metadata": {"application/vnd.databricks.v1+notebook": {"language": "sql"}},
    }
    file, registry = tmp_path / "lane.ipynb", Registry(Namespace())
    file.write_text(json.dumps(notebook), encoding="utf-8")

    load_sql(file, registry, session=None)

    assert is_sql(file)
    assert list(registry.datasets) == ["default.a", "default.b"]

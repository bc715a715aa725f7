"""What a dataset reads and what it is, told from its function without running it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from goldlane.pipelines.graph import pipeline_graph

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Checked = Callable[..., Any]
MV, ST = "materialized_view", "streaming_table"


BODIES: list[tuple[str, str | None, list[str] | None]] = [
    ('return dlt.read("orders")', MV, ["orders"]),
    ('return dlt.read_stream("orders")', ST, ["orders"]),
    ('return spark.table("main.raw.orders")', MV, ["main.raw.orders"]),
    ('return spark.read.table("raw.orders").where("id > 1")', MV, ["raw.orders"]),
    ('return spark.readStream.option("skipChangeCommits", "true").table("raw.orders")', ST, ["raw.orders"]),
    ('return spark.read.format("delta").table("raw.orders")', MV, ["raw.orders"]),
    ('return (spark.readStream.format("delta")\n        .table("raw.orders"))', ST, ["raw.orders"]),
    ('return sql("SELECT * FROM raw.orders")', MV, ["raw.orders"]),
    ('return spark.sql("WITH a AS (SELECT * FROM LIVE.own) SELECT * FROM a JOIN b USING (id)")', MV, ["own", "b"]),
    ('return spark.sql("SELECT * FROM STREAM(LIVE.own)")', ST, ["own"]),
    ('return spark.sql("SELECT * FROM STREAM read_files(\'/mnt/x\')")', ST, []),
    ('return spark.sql("SELECT * FROM STREAM table_changes(\'own\', 1)")', ST, ["own"]),
    ('return spark.sql("SELECT /*+ BROADCAST(b) */ a.* FROM STREAM(raw.orders) WITH (skipChangeCommits) a, b")', ST, ["raw.orders", "b"]),
    ('return spark.sql(f"SELECT * FROM {SCHEMA}.orders")', MV, ["silver.orders"]),
    ('return spark.sql("SELECT b.* FROM {it} AS a JOIN b ON a.id = b.id", it=dlt.read("own"))', MV, ["own", "b"]),
    ('return spark.readStream.format("cloudFiles").option("cloudFiles.format", "json").load("/mnt/x")', ST, []),
    ('return spark.read.csv("/mnt/x", header=True)', MV, []),
    ('return spark.table("delta.`/mnt/files`")', MV, []),
    ("return spark.range(3)", MV, []),
    ('return dlt.read_stream("orders").join(dlt.read("own"), "id", "left")', ST, ["orders", "own"]),
    ('return dlt.read("own").join(dlt.read_stream("orders"), "id")', ST, ["own", "orders"]),
    ('return spark.table("{}.{}".format(SCHEMA, "orders".lower()))', MV, ["silver.orders"]),
    ('return spark.table("%s.orders" % SCHEMA)', MV, ["silver.orders"]),
    ('return spark.table(NAMES["first"])', MV, ["raw.first"]),
    ("return reduce(DataFrame.unionByName, [dlt.read_stream(name) for name in NAMES.values()])", ST, ["raw.first", "raw.second"]),
    ("frame = None\n    for n in NAMES.values():\n        frame = united(frame, n)\n    return frame", MV, ["raw.first", "raw.second"]),
    ('a = []\n    for n in ("b", "raw.first"):\n        a.append(spark.table(n))\n    return a[0].union(a[1:][0])', MV, ["b", "raw.first"]),
    ('a = {n: spark.table(n) for n in ("own", "b")}\n    return list(a.values())[1]', MV, ["own", "b"]),
    ('frame = dlt.read("own")\n    frame.createOrReplaceTempView("mine")\n    return spark.sql("SELECT * FROM mine")', MV, ["own"]),
    ('def inner(name="orders"):\n        return dlt.read_stream(name)\n    return inner()', ST, ["orders"]),
    ('return dlt.read("own").transform(lambda df, other: df.join(dlt.read(other), "id"), "orders")', MV, ["own", "orders"]),
    ('if spark.conf.get("m", "on") == "on":\n        return dlt.read_stream("orders")\n    return dlt.read("own")', ST, ["orders"]),
    ('try:\n        return dlt.read("own")\n    except Exception:\n        raise', MV, ["own"]),
    ('with open("x") as file:\n        return dlt.read("own")', MV, ["own"]),
    ('match SCHEMA:\n        case "silver":\n            return dlt.read("own")\n    return dlt.read("orders")', MV, ["own"]),
    ('if unknown():\n        return dlt.read_stream("orders")\n    return dlt.read("own")', None, ["orders", "own"]),
    ('return spark.table(dbutils.widgets.get("table"))', None, None),
    ('return spark.table(spark.table("names").first()[0])', None, None),
    ("return not_followed.load(spark)", None, None),
    ('return SparkSession.builder.appName("x").getOrCreate().table("orders")', MV, ["orders"]),
    ('return SparkSession.getActiveSession().readStream.table("orders")', ST, ["orders"]),
    ('return DeltaTable.forName(spark, "raw.orders").toDF()', MV, ["raw.orders"]),
    ('return dlt.read("batch_view")', MV, ["batch_view"]),
    ('return dlt.read("streaming_view").groupBy("id").count()', ST, ["streaming_view"]),
    ('return dlt.read("views_of_views")', ST, ["views_of_views"]),
]  # fmt: skip

HEAD = """
import dlt
import json as not_followed
from functools import reduce
from delta.tables import DeltaTable
from pyspark.sql import DataFrame, SparkSession

SCHEMA = "silver"
NAMES = {"first": "raw.first", "second": "raw.second"}

def united(frame, name):
    one = spark.table(name)
    return one if frame is None else frame.union(one)

"""
ORDERS = "@dlt.table\ndef orders():\n    return spark.range(1)\n"
OTHERS = """
@dlt.table
def own():
    return spark.range(1)

@dlt.view
def batch_view():
    return spark.range(1)

@dlt.view
def streaming_view():
    return spark.readStream.table("ext")

@dlt.view
def views_of_views():
    return dlt.read("streaming_view")

@dlt.table
def orders():
    return spark.range(1)
"""


@pytest.mark.parametrize("body,kind,inputs", BODIES)
def test_kind_and_inputs_are_those_of_the_function(checked: Checked, body: str, kind: str | None, inputs: list[str] | None) -> None:
    report = checked(f"{HEAD}\n@dlt.table\ndef found():\n    {body}\n{OTHERS}")

    found = report.to_json()["datasets"][0]
    assert (report.registered, found["kind"], found["inputs"]) == (True, kind, inputs)


def test_planning_which_runs_the_functions_finds_the_same(checked: Checked, spark: SparkSession, tmp_path: Path) -> None:
    """What a check tells of a function without running it is what running it shows."""
    needs_files = ("files", "cloudFiles", "csv", "open(", "forName", "streaming_view", "views_of_views")
    told = [body for body, kind, _ in BODIES if kind and not any(word in body for word in needs_files)]
    functions = [f"@dlt.table\ndef found_{number}():\n    {body}\n" for number, body in enumerate(told)]
    report = checked("\n".join([HEAD, *functions, OTHERS.partition("@dlt.view\ndef streaming_view")[0], ORDERS]))
    (tmp_path / "outside").mkdir()
    spark.range(2).write.format("delta").save(str(tmp_path / "outside" / "table"))
    outside = ["main.raw.orders", "raw.orders", "b", "silver.orders", "raw.first", "raw.second"]

    graph = pipeline_graph(
        [tmp_path / "lane.py"], configuration={}, inputs=dict.fromkeys(outside, str(tmp_path / "outside" / "table")), paths={}
    )

    kinds = {node["name"]: node["kind"] for node in graph["nodes"] if node["kind"] != "external"}
    reads = {name: {source for source, target in graph["edges"] if target == name} for name in kinds}
    assert {one.name: one.kind for one in report.datasets} == kinds
    assert {one.name: set(one.inputs) for one in report.datasets} == reads


def test_one_function_makes_many_datasets_in_loops_and_factories(checked: Checked) -> None:
    report = checked("""
        import dlt

        def declare(name, source, *, prefix="bronze"):
            @dlt.table(name=f"{prefix}_{name}")
            def table():
                return spark.readStream.table(source)

        for name in ("a", "b"):
            declare(name, f"raw.{name}")

        for name in ("c", "d"):
            @dlt.table(name=name)
            def late(name=name):
                return dlt.read(f"bronze_{name}")

        dlt.table(name="e")(lambda: spark.table("raw.e"))
    """)

    assert [(one["name"], one["kind"], one["inputs"]) for one in report.to_json()["datasets"]] == [
        ("bronze_a", ST, ["raw.a"]),
        ("bronze_b", ST, ["raw.b"]),
        ("c", MV, ["bronze_c"]),
        ("d", MV, ["bronze_d"]),
        ("e", MV, ["raw.e"]),
    ]


def test_helpers_classes_and_decorators_of_other_modules_are_followed(checked: Checked) -> None:
    report = checked(
        """
        import dlt
        from helpers import Reader, logged, read_silver

        READER = Reader(spark, "raw")

        @dlt.table
        @logged
        def wrapped():
            return READER.read("orders")

        @dlt.table
        def imported_late():
            from helpers import late
            return late(spark)

        @dlt.table
        def helped():
            return read_silver("orders").join(Reader(session=spark, schema="dim").latest, "id")
        """,
        **{
            "helpers.py": """
            import functools
            import dlt
            from dataclasses import dataclass

            def logged(function):
                @functools.wraps(function)
                def logging(*args, **kwargs):
                    return function(*args, **kwargs)
                return logging

            def read_silver(name):
                return dlt.read_stream(f"silver_{name}")

            def late(session):
                return session.table("late")

            class Reader:
                def __init__(self, session, schema):
                    self.session = session
                    self.schema = schema

                def read(self, name):
                    return self.session.readStream.table(self._named(name))

                @property
                def latest(self):
                    return self.session.table(self._named("latest"))

                def _named(self, name):
                    return f"{self.schema}.{name}"
            """
        },
    )

    assert {one["name"]: (one["kind"], one["inputs"]) for one in report.to_json()["datasets"]} == {
        "wrapped": (ST, ["raw.orders"]),
        "imported_late": (MV, ["late"]),
        "helped": (ST, ["silver_orders", "dim.latest"]),
    }


def test_flows_give_their_inputs_to_the_table_they_feed(checked: Checked) -> None:
    report = checked("""
        import dlt

        dlt.create_streaming_table("all_regions")
        for region in ("eu", "us"):
            @dlt.append_flow(target="all_regions", name=region)
            def flow(region=region):
                return spark.readStream.table(f"raw.{region}")

        dlt.create_streaming_table("current")
        dlt.apply_changes(target="current", source="LIVE.all_regions", keys=["id"], sequence_by="at")

        def next_day(last):
            days = spark.read.table("current").collect()
            return (spark.read.table("raw.days"), len(days)) if last is None else None

        dlt.create_streaming_table("days")
        dlt.apply_changes_from_snapshot(target="days", source=next_day, keys=["id"])
    """)

    assert {one["name"]: (one["kind"], one["inputs"]) for one in report.to_json()["datasets"]} == {
        "all_regions": (ST, ["raw.eu", "raw.us"]),
        "current": (ST, ["all_regions"]),
        "days": (ST, ["current", "raw.days"]),
    }


def test_sql_files_are_read_beside_python(checked: Checked) -> None:
    report = checked(
        "import dlt\n@dlt.table\ndef gold():\n    return dlt.read('silver')\n",
        **{
            "lane.sql": """
            CREATE OR REFRESH STREAMING TABLE bronze AS SELECT * FROM STREAM read_files('/mnt/x');
            CREATE OR REFRESH STREAMING TABLE silver AS SELECT * FROM STREAM(bronze);
            CREATE OR REFRESH MATERIALIZED VIEW joined AS SELECT * FROM silver JOIN ${catalog}.ref.dim USING (id);
            """
        },
    )

    assert report.registered
    assert [(one["name"], one["kind"], one["inputs"], one["line"]) for one in report.to_json()["datasets"]] == [
        ("gold", MV, ["silver"], 2),
        ("bronze", ST, [], 2),
        ("silver", ST, ["bronze"], 3),
        ("joined", MV, ["silver", "catalog.ref.dim"], 4),
    ]


def test_a_circle_is_an_error_that_names_it(checked: Checked) -> None:
    report = checked("""
        import dlt

        @dlt.table
        def a():
            return dlt.read("b")

        @dlt.table
        def b():
            return dlt.read("a")
    """)

    (problem,) = [problem for problem in report.problems if problem.severity == "error"]
    assert (problem.code, report.registered, report.runs_on["goldlane"].ok) == ("cycle", True, False)
    assert problem.message in {"datasets read each other in a circle: a -> b -> a", "datasets read each other in a circle: b -> a -> b"}

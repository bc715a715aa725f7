"""Why a line would not run somewhere: one code, its line, and the platforms."""

from __future__ import annotations

import ast
import textwrap

import pytest

from goldlane.pipelines.api import NAMES
from goldlane.pipelines.portability import PLATFORMS, Platform, reasons_in
from goldlane.pipelines.portability.platforms import DATABRICKS

OPEN, ALL = {Platform.OPEN_SOURCE}, set(PLATFORMS)


def reasons(text: str) -> list[tuple[str, int, set[Platform]]]:
    found = reasons_in(ast.parse(textwrap.dedent(text)), "lane.py")
    return [(one.code, one.place.line, set(one.platforms)) for one in found if one.code != "not_served"]


@pytest.mark.parametrize(
    "line,code,platforms",
    [
        ("@dp.expect('a', 'b')\n@dp.table\ndef f(): pass", "expectations", OPEN),
        ("@dp.expect_all_or_fail({})\n@dp.table\ndef f(): pass", "expectations", OPEN),
        ("dp.read('a')", "read_functions", OPEN),
        ("dp.readStream('a')", "read_functions", OPEN),
        ("@dp.view\ndef f(): pass", "view", OPEN),
        ("dp.apply_changes(target='a')", "apply_changes", OPEN),
        ("dp.apply_changes_from_snapshot(target='a')", "auto_cdc_from_snapshot", OPEN),
        ("dp.create_auto_cdc_from_snapshot_flow(target='a')", "auto_cdc_from_snapshot", OPEN),
        ("dp.create_auto_cdc_flow(target='a', stored_as_scd_type=2)", "scd_type_2", OPEN),
        ("dp.create_auto_cdc_flow(target='a', stored_as_scd_type='2')", "scd_type_2", OPEN),
        ("dp.create_auto_cdc_flow(target='a', ignore_null_updates=True)", "auto_cdc_options", OPEN),
        ("dp.create_streaming_table('a', expect_all={})", "keywords", OPEN),
        ("dp.append_flow(target='a', once=True)", "keywords", OPEN),
        ("dp.table(name='a', row_filter='x')", "keywords", OPEN),
        ("dp.table(name='a', schema='id INT, CONSTRAINT pk PRIMARY KEY (id)')", "schema_constraints", OPEN),
        ("dp.create_table(name='a')", "legacy_names", OPEN),
        ("@dp.foreach_batch_sink(name='a')\ndef f(df, batch): pass", "foreach_batch_sink", OPEN),
        ("@dp.on_event_hook\ndef f(event): pass", "event_hooks", OPEN),
        ("spark.readStream.format('cloudFiles').load('x')", "auto_loader", OPEN),
        ("spark.sql('SELECT * FROM LIVE.a')", "live_schema", OPEN),
        ("spark.sql('SELECT * FROM STREAM read_files(\"x\")')", "read_files", OPEN),
        ("dbutils.widgets.get('a')", "dbutils", OPEN),
        ("display(frame)", "notebook_globals", OPEN),
        ("from databricks.sdk.runtime import dbutils; dbutils.fs.ls('x')", "dbutils", OPEN),
        ("spark.sparkContext.setLogLevel('INFO')", "spark_context", OPEN),
        ("frame.createOrReplaceTempView('a')", "session_changes", OPEN),
        ("spark.conf.set('a', 'b')", "session_changes", OPEN),
        ("spark.udf.register('a', f)", "session_changes", OPEN),
        ("spark.sql(\"SELECT ai_query('m', x) FROM t\")", "databricks_functions", {Platform.OPEN_SOURCE, Platform.GOLDLANE}),
        ("spark.readStream.format('kafka').load()", "connector", {Platform.GOLDLANE}),
        ("import goldlane\ngoldlane.run('x')", "goldlane_only", {Platform.DATABRICKS, Platform.OPEN_SOURCE}),
        ("from goldlane.pipelines import Update", "goldlane_only", {Platform.DATABRICKS, Platform.OPEN_SOURCE}),
        ("dp.table(nmae='a')", "unknown_keyword", ALL),
        ("dp.create_auto_cdc_flow(target='a', apply_as_delete_when='x')", "unknown_keyword", ALL),
        ("dp.tabel(name='a')", "unknown_name", ALL),
    ],
)
def test_a_line_has_its_reason(line: str, code: str, platforms: set[Platform]) -> None:
    assert reasons(f"from pyspark import pipelines as dp\n{line}\n") == [(code, 2, platforms)]


@pytest.mark.parametrize(
    "line",
    [
        "@dp.table\ndef f(): pass",
        "@dp.materialized_view(name='a', comment='b')\ndef f(): pass",
        "@dp.temporary_view\ndef f(): pass",
        "dp.create_sink('a', 'delta', {})",
        "dp.create_auto_cdc_flow(target='a', source='b', keys=['id'], sequence_by='at', stored_as_scd_type=1, except_column_list=['x'])",
        "dp.create_auto_cdc_flow(target='a', ignore_null_updates=False, where=None)",
        "dp.table(name='a', format='parquet')",
        "spark.readStream.table('a').select('live.x')",
        "from goldlane.expectations import Rule",
        '"""A text that explains cloudFiles and LIVE.x."""',
        "display = print\ndisplay('mine')",
        "from IPython.display import display\ndisplay('mine')",
        "def f(sc): return sc",
    ],
)
def test_what_runs_everywhere_has_none(line: str) -> None:
    assert reasons(f"from pyspark import pipelines as dp\n{line}\n") == []


@pytest.mark.parametrize("name", sorted(DATABRICKS))
def test_what_goldlane_does_not_serve_is_said(name: str) -> None:
    found = reasons_in(ast.parse(f"import dlt\ndlt.{name}()\n"), "lane.py")

    assert [one.platforms for one in found if one.code == "not_served"] == ([] if name in NAMES else [{Platform.GOLDLANE}])


@pytest.mark.parametrize(
    "head,call",
    [
        ("import dlt", "dlt.read('a')"),
        ("import dlt as lake", "lake.read('a')"),
        ("import databricks.pipelines as dp", "dp.read('a')"),
        ("import databricks.pipelines", "databricks.pipelines.read('a')"),
        ("from databricks import pipelines as dp", "dp.read('a')"),
        ("from dlt import read", "read('a')"),
        ("from dlt import read as wanted", "wanted('a')"),
    ],
)
def test_every_spelling_of_the_module_is_one(head: str, call: str) -> None:
    assert reasons(f"{head}\n{call}\n") == [("module_name", 1, OPEN), ("read_functions", 2, OPEN)]


def test_the_line_is_that_of_the_part_within_a_statement() -> None:
    text = '''\
        from pyspark import pipelines as dp

        @dp.table(
            name="a",
        )
        def f():
            return (
                spark.readStream
                .format("cloudFiles")
                .option("cloudFiles.format", "json")
                .load("/mnt/x")
                .join(spark.sql("""
                    SELECT *
                    FROM LIVE.b
                """), "id")
            )
        '''

    assert reasons(text) == [("auto_loader", 9, OPEN), ("live_schema", 14, OPEN)]

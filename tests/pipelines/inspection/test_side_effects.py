"""Side effects in dataset functions, told from their text: the same calls, places and words as the guards of a run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from goldlane.pipelines.effects import RECEIVERS, Effect

Checked = Callable[..., Any]
CODES = {effect.value for effect in Effect}


def effects(report: Any) -> list[tuple[str, str, int]]:
    """Severity, code and line."""
    return [(problem.severity, problem.code, problem.place.line) for problem in report.problems if problem.code in CODES]


@pytest.mark.parametrize(
    "line,code",
    [
        ("frame.write.mode('append').saveAsTable('t')", "write_in_dataset"),
        ("frame.write.format('delta').save('/mnt/x')", "write_in_dataset"),
        ("frame.write.insertInto('t')", "write_in_dataset"),
        ("frame.write.parquet('/mnt/x')", "write_in_dataset"),
        ("frame.writeTo('t').append()", "write_in_dataset"),
        ("spark.readStream.table('t').writeStream.format('delta').start('/mnt/x')", "write_in_dataset"),
        ("spark.readStream.table('t').writeStream.toTable('x')", "write_in_dataset"),
        ("spark.sql('INSERT INTO t SELECT 1')", "write_in_dataset"),
        ("spark.sql(f'DROP TABLE IF EXISTS {NAME}')", "write_in_dataset"),
        ("DeltaTable.forName(spark, 't').alias('a').merge(frame, 'x').whenMatchedDelete().execute()", "write_in_dataset"),
        ("DeltaTable.forPath(spark, '/mnt/x').delete('id = 1')", "write_in_dataset"),
        ("frame.where('id > 1').select('id').collect()", "action_in_dataset"),
        ("frame.count()", "action_in_dataset"),
        ("frame.rdd.map(lambda row: row[0]).collect()", "action_in_dataset"),
        ("frame.rdd.map(lambda row: row).toDF()", None),
        ("sql('INSERT INTO t SELECT 1')", "write_in_dataset"),
        ("frame.toPandas()", "action_in_dataset"),
        ("frame.limit(1).first()", "action_in_dataset"),
        ("frame.groupBy('id').pivot('kind').sum()", "action_in_dataset"),
        ("spark.conf.set('a', 'b')", "setting_in_dataset"),
        ("spark.sql('SET a = b')", "setting_in_dataset"),
        ("spark.sql('USE CATALOG main')", "catalog_switch_in_dataset"),
        ("spark.catalog.setCurrentDatabase('x')", "catalog_switch_in_dataset"),
        ("frame.createOrReplaceTempView('v')", "temp_view_in_dataset"),
        ("spark.udf.register('one', lambda: 1)", "udf_registration_in_dataset"),
        ("helpers.sized(frame)", "action_in_dataset"),
        ("frame.groupBy('id').count()", None),
        ("frame.groupBy('id').pivot('kind', ['a']).sum()", None),
        ("frame.agg({'id': 'count'})", None),
        ("[1, 2].count(1)", None),
        ("unknown_thing.collect()", None),
        ("{'a': 1}.update(b=2)", None),
        ("spark.sql('SELECT 1')", None),
    ],
)
def test_a_side_effect_is_found_where_it_stands(checked: Checked, line: str, code: str | None) -> None:
    report = checked(
        f"""
import dlt, helpers, json as unknown_thing
from delta.tables import DeltaTable
NAME = 'x'

@dlt.table
def table():
    frame = spark.table("raw.orders")
    {line}
    return frame
""",
        **{"helpers.py": "def sized(frame):\n    frame.count()\n    return frame\n"},
    )

    severity = "error" if code == "write_in_dataset" else "warning"
    assert effects(report) == ([] if code is None else [(severity, code, 2 if "helpers" in line else 9)])
    assert (report.registered, report.runs_on["goldlane"].ok) == (True, code != "write_in_dataset")


def test_module_level_and_handlers_of_sinks_are_free(checked: Checked) -> None:
    report = checked("""
        import dlt

        spark.conf.set("a", "b")
        rows = spark.table("config").collect()
        spark.table("config").write.saveAsTable("audit")

        @dlt.table
        def table():
            return spark.range(1)
    """)

    assert effects(report) == []


def test_every_guarded_method_is_one_of_sparks() -> None:
    """A name that Spark or Delta gave up would guard nothing."""
    import importlib

    missing = [
        f"{receiver.name}.{method}"
        for receiver in RECEIVERS
        for method in receiver.methods
        if not hasattr(getattr(importlib.import_module(receiver.module), receiver.name), method)
    ]

    assert missing == []

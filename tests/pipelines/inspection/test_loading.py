"""What files do at module level, in a check: no JVM where none is needed, stand-ins where only the platform knows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Checked = Callable[..., Any]


def codes(report: Any) -> list[tuple[str, str, int]]:
    """Severity, code and line of every problem that is no matter of portability."""
    return [
        (problem.severity, problem.code, problem.place.line)
        for problem in report.problems
        if problem.code not in {"module_name", "batch_table", "dbutils", "notebook_globals", "read_functions"}
    ]


def names(report: Any) -> list[str]:
    return [dataset.name for dataset in report.datasets]


def test_what_nobody_here_can_know_is_stood_in_for_and_noted(checked: Checked) -> None:
    report = checked("""
        import dlt
        from pyspark.sql import SparkSession

        spark = SparkSession.builder.appName("lane").config("lane.built", "yes").getOrCreate()
        catalog = spark.conf.get("lane.catalog")
        workers = int(spark.conf.get("lane.workers"))
        assert spark.conf.get("lane.schema", "silver") == "silver"
        assert spark.conf.get("lane.built") == "yes"
        spark.conf.set("lane.flag", True)
        assert spark.conf.get("lane.flag") == "true"
        for row in spark.table("lane.config").collect():
            raise AssertionError("check has no rows")
        limit = spark.sql("SELECT max(id) FROM lane.limits").first()[0]
        paths = spark.read.option("header", True).csv("/mnt/paths.csv")
        stream = spark.readStream.format("cloudFiles").load("/mnt/landing")
        spark.sql("USE CATALOG main")
        spark.sql("CREATE SCHEMA IF NOT EXISTS lane")
        spark.catalog.setCurrentCatalog("main")
        token = dbutils.secrets.get("scope", "token")
        for file in dbutils.fs.ls("/mnt/landing"):
            raise AssertionError("nothing is there")
        display(paths)
        for table in spark.sql("SHOW TABLES IN main.lane").collect():
            raise AssertionError("nothing is there")

        @dlt.table(name=f"{catalog}.{limit}.orders")
        def orders():
            return stream.join(paths, "id")
    """)

    assert report.registered
    assert [(one.name, one.kind, one.inputs) for one in report.datasets] == [("lane_catalog.unknown.orders", "streaming_table", ())]
    assert [(code, line) for severity, code, line in codes(report) if severity == "warning"] == [
        ("unknown_setting", 6),
        ("unknown_setting", 7),
        ("session_changes", 10),
        ("read_at_module_level", 12),
        ("read_at_module_level", 14),
        ("read_at_module_level", 15),
        ("read_at_module_level", 16),
        ("auto_loader", 16),
        ("statement_not_run", 17),
        ("statement_not_run", 18),
        ("session_changes", 19),
        ("unknown_value", 20),
        ("unknown_value", 21),
        ("statement_not_run", 24),
    ]


def test_what_the_caller_gives_is_what_the_file_finds(checked: Checked) -> None:
    report = checked(
        """
        import dlt

        @dlt.table(name=spark.conf.get("lane.table"))
        def named():
            return spark.table(f"{spark.conf.get('lane.catalog')}.raw.orders")
        """,
        conf={"lane.table": "gold", "lane.catalog": "main"},
    )

    assert [(one.name, one.inputs) for one in report.datasets] == [("gold", ("main.raw.orders",))]
    assert codes(report) == []


def test_a_file_runs_once_and_goes_on_when_it_needs_spark(checked: Checked, spark: SparkSession, tmp_path: Path) -> None:
    report = checked(f"""
        import dlt
        from pyspark.sql import SparkSession, functions as F

        with open("{tmp_path}/runs.txt", "a") as runs:
            runs.write("once\\n")
        spark.conf.set("lane.early", "kept")
        largest = spark.range(5).agg(F.max("id")).first()[0]
        assert SparkSession.getActiveSession() is spark
        assert SparkSession.builder.getOrCreate() is spark
        assert spark.conf.get("lane.early") == "kept"
        assert spark.sql("SELECT 1 AS one").first().one == 1
        spark.conf.set("spark.sql.shuffle.partitions", 3)
        assert spark.sql("SET spark.sql.shuffle.partitions") is not None
        spark.stop()
        assert spark.range(2).count() == 2

        @dlt.table(name=f"up_to_{{largest}}")
        @dlt.expect("positive", F.col("id") > 0)
        def limited():
            return spark.table("raw.orders")
    """)

    assert (report.registered, names(report)) == (True, ["up_to_4"]), report.problems
    assert (tmp_path / "runs.txt").read_text() == "once\n"
    assert type(spark).__module__ == "pyspark.sql.session"
    assert type(spark).getActiveSession() is spark


@pytest.mark.parametrize(
    "text,code,line",
    [
        ("import dlt\ndef broken(:\n", "syntax_error", 2),
        ("import dlt\nimport no_such_module\n", "import_error", 2),
        ("import dlt\n\n1 / 0\n", "load_error", 3),
        ("import dlt\n@dlt.table(nmae='x')\ndef x():\n    return spark.range(1)\n", "DefinitionError", 2),
        ("import dlt\n@dlt.tabel\ndef x():\n    return spark.range(1)\n", "load_error", 2),
        (
            "import dlt\n@dlt.table\ndef x():\n    return spark.range(1)\n@dlt.table(name='x')\ndef y():\n    return 1\n",
            "duplicate_name",
            5,
        ),
    ],
)
def test_a_file_that_does_not_load_is_not_registered(checked: Checked, text: str, code: str, line: int) -> None:
    report = checked(text)

    (error,) = [problem for problem in report.problems if problem.severity == "error"]
    assert (report.registered, error.code, error.place.line) == (False, code, line)
    assert report.runs_on["goldlane"].ok is False
    assert code in report.runs_on["goldlane"].why


def test_a_missing_module_says_nothing_about_other_platforms(checked: Checked) -> None:
    report = checked("import company_library\n")

    assert {platform: (verdict.ok, verdict.why) for platform, verdict in report.runs_on.items()} == {
        "databricks": (None, ("import_error",)),
        "oss_spark_4_2": (None, ("import_error",)),
        "goldlane": (False, ("import_error",)),
    }


def test_an_accepted_flow_into_nothing_is_registered_and_wrong(checked: Checked) -> None:
    report = checked("""
        import dlt

        @dlt.append_flow(target="elsewhere")
        def flow():
            return spark.readStream.table("raw.orders")
    """)

    assert report.registered
    assert codes(report) == [("error", "flow_into_nothing", 4)]


def test_nothing_on_this_machine_is_changed(checked: Checked, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")

    report = checked(f"""
        dbutils.fs.rm("{tmp_path}/mine.txt")
        dbutils.fs.put("{tmp_path}/new.txt", "text")
        spark.sql("CREATE TABLE t (id INT)")
    """)

    assert report.registered
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lane.py", "mine.txt", "pyproject.toml"]

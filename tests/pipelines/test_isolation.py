"""A pipeline leaves nothing behind but its tables: session, settings, modules and path are the caller's again; tables have an owner."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

import goldlane
from goldlane.pipelines.errors import InvalidPipelineError, PipelineError
from goldlane.pipelines.storage import Storage

if TYPE_CHECKING:
    from goldlane.pipelines import Update

SOURCE = """
    import dlt
    from pyspark.sql import SparkSession, functions as F
    from pyspark.sql.types import StringType
    from helpers.words import WORD, shout

    spark.conf.set("spark.sql.session.timeZone", "Asia/Tokyo")
    spark.conf.set("my.own.setting", "set")
    spark.range(1).createOrReplaceTempView("left_behind")
    spark.udf.register("left_behind_udf", lambda text: text, StringType())
    assert SparkSession.builder.getOrCreate() is spark
    assert SparkSession.active() is spark

    def local(text):
        return text + "?"

    @dlt.table
    def said():
        assert SparkSession.builder.appName("mine").getOrCreate() is spark
        assert SparkSession.getActiveSession() is spark
        settings = [spark.conf.get("spark.sql.session.timeZone"), spark.conf.get("my.own.setting"), spark.conf.get("asked.for")]
        from helpers.late import LATE
        frame = spark.range(1).select(F.lit(WORD + LATE).alias("word"), F.array(*map(F.lit, settings)).alias("settings"))
        return frame.withColumn("udf", F.udf(local, "string")("word")).withColumn("shout", F.udf(shout, "string")("word"))
"""


def write(project: Any, word: str) -> None:
    project.write("lane/lane.py", SOURCE)
    project.write("helpers/words.py", f"WORD = '{word}'\n\ndef shout(text):\n    return text + '!' * len(WORD)\n")
    project.write("helpers/late.py", "LATE = ' late'\n")


@pytest.fixture(scope="module")
def project(new_project: Callable[[], Any]) -> Any:
    made = new_project()
    write(made, "one")
    return made


def state(spark: Any) -> dict[str, Any]:
    """What a run must leave as it was."""
    from pyspark.sql import SparkSession

    jvm = spark._jvm.org.apache.spark.sql.classic.SparkSession  # noqa: SLF001  the JVM's own answers
    return {
        "modules": {name for name in sys.modules if name.split(".")[0] in {"dlt", "databricks", "helpers", "__goldlane_source__"}},
        "dp": getattr(sys.modules["pyspark"], "pipelines", None),
        "path": list(sys.path),
        "sessions": (id(SparkSession.builder.getOrCreate()), id(SparkSession.active()), id(SparkSession.getActiveSession())),
        "active": jvm.active().hashCode(),
        "zone": spark.conf.get("spark.sql.session.timeZone"),
        "own": spark.conf.get("my.own.setting", "unset"),
        "views": [table.name for table in spark.catalog.listTables()],
        "udf": spark.catalog.functionExists("left_behind_udf"),
    }


@pytest.fixture(scope="module")
def ran(project: Any, spark: Any) -> tuple[dict[str, Any], dict[str, Any], Update]:
    before = state(spark)
    update = project.run(configuration={"asked.for": "it"}).raise_for_status()
    return before, state(spark), update


def test_inside_a_pipeline_every_way_to_a_session_is_the_injected_one(project: Any, ran: tuple[Any, Any, Update]) -> None:
    assert ran[2].status == "COMPLETED"
    assert project.rows("said", "settings") == [(["Asia/Tokyo", "set", "it"],)]


def test_python_functions_of_sources_and_helpers_run_in_workers(project: Any, ran: tuple[Any, Any, Update]) -> None:
    assert ran[2].status == "COMPLETED"
    assert project.rows("said", "word", "udf", "shout") == [("one late", "one late?", "one late!!!")]


def test_afterwards_all_is_as_it_was(ran: tuple[dict[str, Any], dict[str, Any], Update]) -> None:
    before, after, _ = ran

    assert after == before


def test_after_a_mistake_all_is_as_it_was(project: Any, spark: Any) -> None:
    before = state(spark)
    source = project.write("broken/lane.py", "import dlt, helpers.words\nspark.conf.set('my.own.setting', 'x')\nraise KeyError(1)\n")

    with pytest.raises(InvalidPipelineError):
        project.run(sources=source)

    assert state(spark) == before


def test_an_edited_helper_counts_in_the_next_update(project: Any, ran: tuple[Any, Any, Update]) -> None:
    assert ran[2].status == "COMPLETED"
    write(project, "another")

    project.run(configuration={"asked.for": "it"}).raise_for_status()

    assert project.rows("said", "word", "shout") == [("another late", "another late!!!!!!!")]


def test_a_table_belongs_to_the_pipeline_that_wrote_it_first_and_others_may_read_it(project: Any, ran: tuple[Any, Any, Update]) -> None:
    assert ran[2].status == "COMPLETED"
    with pytest.raises(PipelineError, match=r"said belongs to pipeline 'project\d+'; .*this is pipeline 'other'|said belongs to pipeline"):
        project.run(name="other", configuration={"asked.for": "it"})
    source = project.write("other/lane.py", "import dlt\n@dlt.table\ndef heard(): return dlt.read('said').select('word')\n")

    update = project.run(sources=source, name="other").raise_for_status()

    assert update["heard"].output_rows == 1
    assert len(project.rows("heard")) == 1


def test_a_second_update_of_a_pipeline_is_refused_at_once(project: Any) -> None:
    script = (
        "import sys; from pathlib import Path; from goldlane.pipelines.storage import Storage; "
        "lock = Storage(Path(sys.argv[1])).update_of(sys.argv[2]); lock.__enter__(); print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", script, str(project.storage), project.folder.name]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"

        with pytest.raises(PipelineError, match="is already being updated"):
            project.run()

        other.kill()


def test_a_second_update_in_another_thread_is_refused_while_the_first_one_runs(project: Any) -> None:
    refused: list[BaseException] = []

    def second() -> None:
        try:
            project.run()
        except PipelineError as error:
            refused.append(error)

    with Storage(project.storage).update_of(project.folder.name):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(60)

    assert ["is already being updated" in str(error) for error in refused] == [True]


def test_validating_writes_no_table_and_makes_no_storage(project: Any) -> None:
    source = project.write("valid/lane.py", "import dlt\n@dlt.table\ndef never(): return spark.range(1)\n")
    fresh = project.folder / "fresh"

    update = goldlane.run(source, storage=fresh, spark=project.spark, name="valid", validate_only=True)

    assert (update.status, update["never"].kind, update["never"].output_rows) == ("COMPLETED", "materialized_view", 0)
    assert update["never"].path == fresh / "tables/default/never"
    assert update.events().count() > 0
    assert not fresh.exists()


def test_a_selection_whose_input_no_update_wrote_yet_says_so(project: Any) -> None:
    source = project.write(
        "part/lane.py", "import dlt\n@dlt.table\ndef a(): return spark.range(1)\n@dlt.table\ndef b(): return dlt.read('a')\n"
    )

    update = project.run(sources=source, name="part", refresh=["b"])

    assert update["b"].status == "FAILED"
    assert update["b"].error is not None
    assert "'a'" in update["b"].error.message
    assert "no update wrote" in update["b"].error.message

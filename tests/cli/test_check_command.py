"""``goldlane check``, typed: one document, one exit code, and no Java where none is needed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Goldlane = Callable[..., Any]
LANE = """
import dlt

@dlt.view
def landed():
    return spark.readStream.format("cloudFiles").option("cloudFiles.format", "json").load("/mnt/landing")

@dlt.table(name="silver")
@dlt.expect_or_drop("has_id", "id IS NOT NULL")
def orders():
    return dlt.read_stream("landed").join(spark.table("ref.countries"), "country")
"""


def written(name: str, text: str) -> Path:
    Path(name).write_text(text, encoding="utf-8")
    return Path(name).resolve()


def test_the_document_has_the_contracts_shape(goldlane: Goldlane) -> None:
    file = str(written("lane.py", LANE))

    ran = goldlane("check", "lane.py", "--json")

    assert ran.code == 0
    assert {**ran.document, "problems": []} == {
        "registered": True,
        "datasets": [
            {"name": "landed", "kind": "view", "file": file, "line": 4, "inputs": []},
            {"name": "silver", "kind": "streaming_table", "file": file, "line": 8, "inputs": ["landed", "ref.countries"]},
        ],
        "problems": [],
        "runs_on": {
            "databricks": {"ok": True, "why": []},
            "oss_spark_4_2": {"ok": False, "why": ["module_name", "view", "auto_loader", "expectations", "read_functions"]},
            "goldlane": {"ok": True, "why": []},
        },
    }
    assert ran.document["problems"][2] == {
        "severity": "warning",
        "file": file,
        "line": 6,
        "code": "auto_loader",
        "message": "Auto Loader: not on open-source Spark 4.2",
    }


def test_a_person_reads_a_table_then_a_line_per_problem(goldlane: Goldlane) -> None:
    written("lane.py", LANE)

    ran = goldlane("check", "lane.py")

    assert ran.code == 0
    assert "silver   streaming table  landed, ref.countries  lane.py:8" in ran.out
    assert "lane.py:6: warning: Auto Loader: not on open-source Spark 4.2 [auto_loader]" in ran.out
    assert "runs on Databricks: yes\nruns on open-source Spark 4.2: no: module_name, view" in ran.out


def test_the_page_about_portability_shows_what_is_printed(goldlane: Goldlane) -> None:
    page = (Path(__file__).parents[2] / "docs" / "portability.md").read_text(encoding="utf-8")
    shown = page.split("```console\n$ goldlane check lane.py\n")[1].split("```")[0]
    written("lane.py", LANE)

    ran = goldlane("check", "lane.py")

    assert [line.rstrip() for line in ran.out.splitlines()] == shown.splitlines()


@pytest.mark.parametrize(
    "text,code,registered",
    [
        ("import dlt\n", 0, True),
        ("def broken(:\n", 2, False),
        ("raise SystemExit(0)\n", 2, False),
        ("import dlt\n@dlt.table(nmae='x')\ndef x():\n    return 1\n", 2, False),
        ("import dlt\n@dlt.append_flow(target='nothing')\ndef x():\n    return dlt.read_stream('a')\n", 1, True),
        ("import dlt\n@dlt.table\ndef x():\n    spark.range(1).write.save('/mnt/x')\n    return spark.range(1)\n", 1, True),
    ],
)
def test_the_exit_code_says_whether_it_loads_and_whether_it_would_run(goldlane: Goldlane, text: str, code: int, registered: bool) -> None:  # noqa: FBT001  pytest fills it
    written("lane.py", text)

    ran = goldlane("check", "lane.py", "--json")

    assert (ran.code, ran.document["registered"]) == (code, registered)
    assert bool([problem for problem in ran.document["problems"] if problem["severity"] == "error"]) == bool(code)


def test_a_file_that_is_not_there_is_the_callers_mistake(goldlane: Goldlane) -> None:
    ran = goldlane("check", "nowhere.py", "--json")

    assert (ran.code, ran.document["error"]["message"]) == (2, "nowhere.py does not exist")


def test_what_a_file_prints_is_no_part_of_the_document(goldlane: Goldlane) -> None:
    written("lane.py", "print('hello from the lane')\n")

    ran = goldlane("check", "lane.py", "--json")

    assert (ran.code, ran.document["registered"], ran.err) == (0, True, "hello from the lane\n")


def test_settings_and_paths_are_given_as_for_run(goldlane: Goldlane) -> None:
    Path("landing").mkdir()
    written("landing/a.json", "{}")
    written(
        "lane.py",
        """
import dlt

for file in dbutils.fs.ls("/mnt/landing"):
    dlt.create_streaming_table(f"{spark.conf.get('prefix')}{file.size}")
""",
    )

    ran = goldlane("check", "lane.py", "--conf", "prefix=sized_", "--map", "/mnt/landing=landing", "--json")

    assert (ran.code, [dataset["name"] for dataset in ran.document["datasets"]]) == (0, ["sized_2"])


def test_no_java_is_needed(tmp_path: Path) -> None:
    (tmp_path / "lane.py").write_text("from pyspark.sql import functions as F, types as T\n" + LANE)
    command = [sys.executable, "-m", "goldlane.cli", "check", "lane.py", "--json"]
    environment = {**os.environ, "JAVA_HOME": "/nowhere"}

    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["registered"] is True


def test_java_that_is_missing_where_it_is_needed_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "lane.py").write_text("from pyspark.sql import functions as F\n\nF.col('id')\n")
    command = [sys.executable, "-m", "goldlane.cli", "check", "lane.py", "--json"]
    environment = {**os.environ, "JAVA_HOME": "/nowhere"}

    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    document = json.loads(done.stdout)
    assert (done.returncode, document["registered"]) == (2, False)
    assert "Spark needs Java 17 or 21" in document["problems"][0]["message"]
    assert document["problems"][0]["line"] == 3

"""Tasks that hang, crash or are stopped: each ends in its own process, and says how."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast
from unittest.mock import MagicMock

import pytest

from goldlane.bundles.running import Outcome, Request, run_job
from goldlane.bundles.running.events import JobEvent
from goldlane.bundles.running.records import Records
from goldlane.bundles.running.sharedspark import SharedSpark

HANG = (
    "import pathlib, signal, subprocess, sys, time\n"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
    "here = pathlib.Path(__file__).with_name('pids')\n"
    "here.write_text((here.read_text() if here.exists() else '') + str(child.pid) + ' ')\n"
    "time.sleep(600)\n"
)
WORK = """
tasks:
  - task_key: crash
    spark_python_task: {python_file: ./crash.py}
  - task_key: exits
    spark_python_task: {python_file: ./exits.py}
  - task_key: broken
    notebook_task: {notebook_path: ./broken.py}
  - task_key: missing
    notebook_task: {notebook_path: ./missing.py}
  - task_key: unclosed
    sql_task: {warehouse_id: none, file: {path: ./unclosed.sql}}
  - task_key: well
    spark_python_task: {python_file: ./well.py}
"""
FILES = {
    "crash.py": "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n",
    "exits.py": "import sys\nprint('so many rows')\nprint('no more', file=sys.stderr)\nsys.exit(3)\n",
    "broken.py": "# Databricks notebook source\nx = 1\n\n# COMMAND ----------\n\nx = = 2\n",
    "missing.py": "# Databricks notebook source\ndbutils.widgets.get('day')\n",
    "unclosed.sql": "SELECT 1;\n-- COMMAND ----------\nSELECT 'a\n-- COMMAND ----------\nSELECT `b\n",
    "well.py": "import sys\nsys.exit(0)\n",
}


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text(encoding="utf-8")


def begun(root: Path, storage: Path) -> subprocess.Popen[str]:
    """A job run whose task hangs already."""
    command = [sys.executable, "-m", "goldlane.cli", "job", "job", "--storage", str(storage), "--json"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[3])}
    process = subprocess.Popen(command, cwd=root, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for _ in range(600):
        if (root / "pids").exists() or process.poll() is not None:
            break
        time.sleep(0.1)
    return process


@pytest.fixture(scope="module")
def ends(
    tmp_path_factory: pytest.TempPathFactory, write_bundle: Callable[[Path, str, Mapping[str, str]], Path]
) -> Mapping[str, tuple[str, str]]:
    folder = tmp_path_factory.mktemp("ends")
    root = write_bundle(folder / "bundle", WORK, FILES)
    tasks = run_job(Request(root=root, job="job", storage=folder / "storage")).tasks
    return {task: (end.result.value, str(end.fault).replace(f"{root}/", "")) for task, end in tasks.items()}


def test_a_crash_is_told_by_its_signal(ends: Mapping[str, tuple[str, str]]) -> None:
    assert ends["crash"][0] == "FAILED"
    assert "its process ended by signal 11 (SIGSEGV)" in ends["crash"][1]


def test_an_exit_is_told_by_its_code_and_what_was_said_last(ends: Mapping[str, tuple[str, str]]) -> None:
    assert ends["exits"] == ("FAILED", "it exited with code 3: so many rows / no more")


def test_a_notebook_that_is_no_python_is_told_by_line_and_cell(ends: Mapping[str, tuple[str, str]]) -> None:
    assert ends["broken"] == ("FAILED", "broken.py:6 (cell 2): not valid Python: invalid syntax")


def test_sql_that_cannot_be_read_is_told_by_its_lines(ends: Mapping[str, tuple[str, str]]) -> None:
    assert ends["unclosed"][0] == "FAILED"
    assert ends["unclosed"][1].startswith("unclosed.sql:3: not SQL: Missing '")
    assert "; line 5: not SQL: Missing `" in ends["unclosed"][1]


def test_a_parameter_that_nobody_gave_is_told_where_it_is_read(ends: Mapping[str, tuple[str, str]]) -> None:
    assert ends["missing"][0] == "FAILED"
    assert ends["missing"][1].startswith("missing.py:2 (cell 1): the widget 'day' has no value")


def test_an_exit_that_says_all_is_well_is_a_success(ends: Mapping[str, tuple[str, str]]) -> None:
    assert ends["well"][0] == "SUCCESS"


@pytest.mark.slow
def test_a_task_that_hangs_is_killed_with_all_that_it_started_and_tried_again_when_it_may(
    job: Callable[..., Outcome], tmp_path: Path
) -> None:
    text = """
tasks:
  - task_key: hang
    timeout_seconds: 2
    max_retries: 1
    min_retry_interval_millis: 1
    retry_on_timeout: true
    spark_python_task: {python_file: ./hang.py}
  - task_key: after
    depends_on: [{task_key: hang}]
    spark_python_task: {python_file: ./hang.py}
"""

    outcome = job(text, {"hang.py": HANG})

    pids = [int(pid) for pid in (tmp_path / "bundle" / "pids").read_text(encoding="utf-8").split()]
    assert [end.result.value for end in outcome.tasks.values()] == ["TIMEDOUT", "UPSTREAM_FAILED"]
    assert [row["result_state"] for row in Records(tmp_path / "storage").rows() if row["task"] == "hang"] == ["TIMEDOUT"] * 2
    assert [is_alive(pid) for pid in pids] == [False] * len(pids)


def test_a_job_that_takes_too_long_is_stopped(job: Callable[..., Outcome]) -> None:
    text = "timeout_seconds: 1\ntasks: [{task_key: hang, spark_python_task: {python_file: ./hang.py}}]"

    outcome = job(text, {"hang.py": "import time\ntime.sleep(600)\n"})

    assert (outcome.result, outcome.tasks["hang"].result) == ("TIMEDOUT", "CANCELED")


class GoneSpark:
    """A Spark whose JVM has ended."""

    def __getattr__(self, name: str) -> object:
        raise ConnectionRefusedError(f"nobody answers for {name}")


def test_a_task_is_told_that_there_is_no_spark_and_does_not_wait_for_it(job: Callable[..., Outcome]) -> None:
    text = "tasks: [{task_key: reads, timeout_seconds: 30, notebook_task: {notebook_path: ./reads.py}}]"

    end = job(text, {"reads.py": "# Databricks notebook source\nspark.range(1)\n"}, spark=GoneSpark()).tasks["reads"]

    assert (end.result, str(end.fault)) == ("FAILED", "there is no Spark: ConnectionRefusedError: nobody answers for _jvm")


def test_a_task_whose_spark_has_gone_meanwhile_leaves_nothing_to_cancel() -> None:
    jvm = MagicMock()
    door = jvm.org.apache.spark.api.python.Py4JServer.return_value
    door.getListeningPort.return_value = 1
    spark = SharedSpark(cast("Any", type("Going", (GoneSpark,), {"_jvm": jvm})()))

    spark.open("task")
    spark.close("task")
    spark.close("task")

    assert not door.shutdown.called


@pytest.mark.slow
def test_a_job_that_is_stopped_between_two_attempts_records_the_task_as_canceled(job: Callable[..., Outcome], tmp_path: Path) -> None:
    task = "{task_key: fails, max_retries: 5, min_retry_interval_millis: 600000, spark_python_task: {python_file: ./fails.py}}"

    outcome = job(f"timeout_seconds: 4\ntasks: [{task}]", {"fails.py": "raise ValueError('no')\n"})

    rows = [(row["attempt"], row["result_state"], row["is_last"]) for row in Records(tmp_path / "storage").rows()]
    assert outcome.tasks["fails"].result == "CANCELED"
    assert rows == [(1, "FAILED", False), (1, "CANCELED", True)]


def test_a_run_that_nobody_can_record_kills_its_tasks_instead_of_waiting_for_them(job: Callable[..., Outcome]) -> None:
    text = """
tasks:
  - {task_key: hang, spark_python_task: {python_file: ./hang.py}}
  - {task_key: is_well, condition_task: {op: EQUAL_TO, left: a, right: a}}
"""

    def listen(event: JobEvent) -> None:
        if event.happening == "TERMINATED" and event.task == "is_well":
            raise BrokenPipeError("nobody listens")

    with pytest.raises(BrokenPipeError, match="nobody listens"):
        job(text, {"hang.py": "import time\ntime.sleep(600)\n"}, listener=listen)


def test_a_loop_that_takes_too_long_is_stopped_at_its_own_timeout(job: Callable[..., Outcome]) -> None:
    text = """
tasks:
  - task_key: each
    timeout_seconds: 1
    for_each_task: {inputs: "[1, 2]", task: {task_key: one, spark_python_task: {python_file: ./hang.py}}}
"""

    end = job(text, {"hang.py": "import time\ntime.sleep(600)\n"}).tasks["each"]

    assert (end.result, end.output["succeeded"]) == ("TIMEDOUT", 0)
    assert str(end.fault) == "its inputs took longer than its timeout of 1 s"


@pytest.mark.slow
def test_control_c_kills_what_runs_and_records_it(tmp_path: Path, write_bundle: Callable[[Path, str, Mapping[str, str]], Path]) -> None:
    text = """
tasks:
  - {task_key: hang, spark_python_task: {python_file: ./hang.py}}
  - {task_key: after, depends_on: [{task_key: hang}], spark_python_task: {python_file: ./hang.py}}
"""
    root = write_bundle(tmp_path / "bundle", text, {"hang.py": HANG})
    process = begun(root, tmp_path / "storage")

    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)

    rows = {row["task"]: row["result_state"] for row in Records(tmp_path / "storage").rows()}
    assert (process.returncode, json.loads(out)["error"]["class"]) == (130, "KeyboardInterrupt")
    assert rows == {"hang": "CANCELED", "after": "UPSTREAM_CANCELED"}
    assert not is_alive(int((root / "pids").read_text(encoding="utf-8").split()[0]))


@pytest.mark.slow
def test_tasks_do_not_outlive_a_job_run_that_was_killed(
    tmp_path: Path, write_bundle: Callable[[Path, str, Mapping[str, str]], Path]
) -> None:
    root = write_bundle(tmp_path / "bundle", "tasks: [{task_key: hang, spark_python_task: {python_file: ./hang.py}}]", {"hang.py": HANG})
    process = begun(root, tmp_path / "storage")
    child = int((root / "pids").read_text(encoding="utf-8").split()[0])

    process.kill()
    process.wait()

    for _ in range(100):
        if not is_alive(child):
            break
        time.sleep(0.1)
    assert not is_alive(child)


@pytest.mark.slow
def test_a_job_run_that_was_killed_in_its_first_task_is_recorded_and_repaired(
    tmp_path: Path, write_bundle: Callable[[Path, str, Mapping[str, str]], Path]
) -> None:
    root = write_bundle(tmp_path / "bundle", "tasks: [{task_key: hang, spark_python_task: {python_file: ./hang.py}}]", {"hang.py": HANG})
    process = begun(root, tmp_path / "storage")
    process.kill()
    process.wait()
    (root / "hang.py").write_text("", encoding="utf-8")

    repaired = run_job(Request(root=root, job="job", storage=tmp_path / "storage", repair="last"))

    assert Records(tmp_path / "storage").runs("job") == [repaired.run_id]
    assert {task: end.result.value for task, end in repaired.tasks.items()} == {"hang": "SUCCESS"}

"""Ctrl-C and SIGTERM during an update: what was written is whole, and the log says who was stopped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

GOLDLANE = str(Path(sys.executable).with_name("goldlane"))
SLOW_STREAM = """
import time
import dlt

@dlt.table
def quick():
    return spark.range(3)

@dlt.table
def endless():
    rows = dlt.read("quick")
    if rows.head(1):
        open({started!r}, "w").close()
        time.sleep(20)
    return rows
"""


@pytest.mark.slow
def test_an_interrupted_update_is_canceled_in_the_log_and_what_was_written_stays(tmp_path: Path) -> None:
    started, storage = tmp_path / "started", tmp_path / "storage"
    (tmp_path / "endless.py").write_text(SLOW_STREAM.format(started=str(started)))
    command = [GOLDLANE, "run", "endless.py", "--storage", str(storage), "--json"]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    _wait_for(started)
    os.kill(process.pid, signal.SIGINT)
    out, _ = process.communicate(timeout=120)

    log = json.loads(subprocess.run([GOLDLANE, "events", "--storage", str(storage), "--json"], capture_output=True, check=True).stdout)
    assert (process.returncode, len(out.splitlines())) == (130, 1)
    assert "Flow 'quick' is COMPLETED." in {event["message"] for event in log}
    assert "Flow 'endless' is STOPPED." in {event["message"] for event in log}
    assert json.loads(log[-1]["details"]) == {"update_progress": {"state": "CANCELED", "cancellation_cause": "USER_ACTION"}}


CONTINUOUS = """
import dlt
from pyspark.sql import functions as F

@dlt.table
def orders():
    return spark.readStream.format("cloudFiles").option("cloudFiles.format", "json").schema("id INT").load({landing!r})

@dlt.table
def total():
    return dlt.read("orders").agg(F.count("*").alias("orders"))
"""


@pytest.mark.slow
def test_a_continuous_update_takes_what_arrives_until_sigterm_and_exits_0(tmp_path: Path) -> None:
    landing, storage = tmp_path / "landing", tmp_path / "storage"
    landing.mkdir()
    (landing / "1.json").write_text('{"id": 1}')
    (tmp_path / "lane.py").write_text(CONTINUOUS.format(landing=str(landing)))
    command = [
        GOLDLANE,
        "run",
        "lane.py",
        "--storage",
        str(storage),
        "--continuous",
        "--conf",
        "pipelines.trigger.interval=500 ms",
        "--json",
    ]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    _wait_for(storage / "tables/default/total/_delta_log/00000000000000000001.json")
    (landing / "2.json").write_text('{"id": 2}')
    _wait_for(storage / "tables/default/total/_delta_log/00000000000000000002.json")
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=120)

    update = json.loads(out)
    log = json.loads(subprocess.run([GOLDLANE, "events", "--storage", str(storage), "--json"], capture_output=True, check=True).stdout)
    assert (process.returncode, update["status"]) == (0, "CANCELED")
    assert [(dataset["name"], dataset["status"]) for dataset in update["datasets"]] == [("orders", "COMPLETED"), ("total", "COMPLETED")]
    assert update["datasets"][0]["output_rows"] == 2
    states = [json.loads(event["details"])["update_progress"]["state"] for event in log if event["event_type"] == "update_progress"]
    assert states[-2:] == ["STOPPING", "CANCELED"]


@pytest.mark.slow
def test_sigterm_ends_a_triggered_update_as_ctrl_c_does(tmp_path: Path) -> None:
    started, storage = tmp_path / "started", tmp_path / "storage"
    (tmp_path / "endless.py").write_text(SLOW_STREAM.format(started=str(started)))
    command = [GOLDLANE, "run", "endless.py", "--storage", str(storage), "--json"]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    _wait_for(started)
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=120)

    log = json.loads(subprocess.run([GOLDLANE, "events", "--storage", str(storage), "--json"], capture_output=True, check=True).stdout)
    assert (process.returncode, json.loads(out)["error"]["message"]) == (130, "stopped")
    assert json.loads(log[-1]["details"]) == {"update_progress": {"state": "CANCELED", "cancellation_cause": "USER_ACTION"}}


def _wait_for(file: Path) -> None:
    for _ in range(1200):
        if file.exists():
            return
        time.sleep(0.1)
    raise AssertionError(f"{file.name} did not appear")

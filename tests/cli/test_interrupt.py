"""Ctrl-C during an update: what was written is whole, and the log says who was stopped."""

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
    assert json.loads(log[-1]["details"]) == {"update_progress": {"state": "CANCELED"}}


def _wait_for(file: Path) -> None:
    for _ in range(1200):
        if file.exists():
            return
        time.sleep(0.1)
    raise AssertionError(f"{file.name} did not appear")

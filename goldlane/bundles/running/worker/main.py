"""The process of one task: reads what to run, runs it, and says how it ended."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from goldlane.bundles.running.messages import Line
from goldlane.bundles.running.worker.faults import fault_of
from goldlane.bundles.running.worker.task import Task

_LOOK_EVERY_S = 1.0


def main(door: int) -> None:
    """Run the task that the other end of ``door`` says."""
    os.set_inheritable(door, False)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    line = Line(socket.socket(fileno=door))
    task = Task(line, line.read())
    try:
        output = _work(task.document["kind"])(task)
    except BaseException as error:  # noqa: BLE001  the process's edge: a task may raise anything, and exit too
        fault = fault_of(error, task.root)
        line.send({"kind": "end", "fault": None if fault is None else asdict(fault)})
    else:
        line.send({"kind": "end", "output": output})
    sys.stdout.flush()


def _end_with(parent: int) -> None:
    """Kill this task and all that it started when the job run is gone: nobody else would."""
    while os.getppid() == parent:
        time.sleep(_LOOK_EVERY_S)
    os.killpg(0, signal.SIGKILL)


def _work(kind: str) -> Callable[[Task], Mapping[str, Any]]:
    if kind == "notebook_task":
        from goldlane.bundles.running.worker.notebooks import run_notebook

        return run_notebook
    if kind == "spark_python_task":
        from goldlane.bundles.running.worker.scripts import run_script

        return run_script
    if kind == "python_wheel_task":
        from goldlane.bundles.running.worker.wheels import run_wheel

        return run_wheel
    if kind == "sql_task":
        from goldlane.bundles.running.worker.queries import run_queries

        return run_queries
    from goldlane.bundles.running.worker.updates import run_update

    return run_update

"""A task in a process of its own: what it raises, exits with, changes or hangs in stays there, and killing it kills all of it."""

from __future__ import annotations

import contextlib
import os
import signal
import site
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from goldlane.bundles.running.messages import Line
from goldlane.bundles.running.results import End, Fault, Result, failed
from goldlane.bundles.running.sharedspark import SharedSpark
from goldlane.errors import GoldlaneError, first_line
from goldlane.stopping import Stop

# The folder it starts in must hide no module of Python's own.
_START = "import sys; sys.path[:1] = {path!r}; from goldlane.bundles.running.worker.main import main; main({door})"
_ROOT = str(Path(__file__).resolve().parents[3])
# A checkout comes first, as it did here; an installed package is found anyway.
_PATH = [] if _ROOT in (*site.getsitepackages(), site.getusersitepackages()) else [_ROOT]
_LOOK_EVERY_S = 0.02
# A pipeline ends its micro-batches when it is asked to; whoever does not listen is killed.
_GRACE_S = {"pipeline_task": 10.0}
_SHORT_GRACE_S = 1.0
_LAST_LINES, _LONGEST = 2, 500


@dataclass(slots=True, kw_only=True)
class TaskProcess:
    """One attempt. ``document`` says what to run; ``told`` hears what it says of its progress; ``log`` gets all it prints."""

    document: Mapping[str, Any]
    tag: str
    log: Path
    spark: SharedSpark
    environment: Mapping[str, str] = field(default_factory=dict)
    told: Callable[[str], None] = lambda _: None
    values: dict[str, Any] = field(default_factory=dict)
    said: dict[str, Any] | None = None

    def run(self, timeout: float | None, stop: Stop) -> End:
        """Run it to its end, or until it is killed."""
        ours, theirs = socket.socketpair()
        with self.log.open("ab") as printed, ours:
            process = self._started(theirs, printed)
            theirs.close()
            listener = threading.Thread(target=self._listen, args=(Line(ours),), daemon=True)
            listener.start()
            killed = self._watch(process, timeout, stop)
            listener.join(_SHORT_GRACE_S)
            self.spark.close(self.tag)
        return self._end(process.returncode, killed, timeout)

    def _started(self, door: socket.socket, printed: Any) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-c", _START.format(path=_PATH, door=door.fileno())]
        environment = {**os.environ, **self.environment, "PYTHONUNBUFFERED": "1", "TZ": "UTC"}
        return subprocess.Popen(  # noqa: S603  our own interpreter
            command,
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=subprocess.STDOUT,
            pass_fds=(door.fileno(),),
            start_new_session=True,
            env=environment,
            cwd=self.log.parent,
        )

    def _listen(self, line: Line) -> None:
        line.send(self.document)
        for message in line:
            kind = message["kind"]
            if kind == "spark":
                line.send(self._door())
            elif kind == "value":
                self.values[message["key"]] = message["value"]
            elif kind == "progress":
                self.told(message["text"])
            else:
                self.said = message

    def _door(self) -> dict[str, Any]:
        try:
            return self.spark.open(self.tag)
        except GoldlaneError as error:
            return {"error": str(error)}
        except Exception as error:  # noqa: BLE001  the thread's edge: whatever it is, the task waits for an answer
            return {"error": f"there is no Spark: {type(error).__name__}: {first_line(error)}"}

    def _watch(self, process: subprocess.Popen[bytes], timeout: float | None, stop: Stop) -> Result | None:
        """Wait for the process; answers why it was killed, if it was."""
        deadline = None if timeout is None else time.monotonic() + timeout
        killed: Result | None = None
        while process.poll() is None:
            late = deadline is not None and time.monotonic() > deadline
            if stop.asked or late:
                killed = Result.TIMEDOUT if late else Result.CANCELED
                break
            time.sleep(_LOOK_EVERY_S)
        _kill(process, 0 if killed is None else _GRACE_S.get(str(self.document["kind"]), _SHORT_GRACE_S))
        return killed

    def _end(self, code: int, killed: Result | None, timeout: float | None) -> End:
        if killed is Result.TIMEDOUT:
            message = f"it ran longer than its timeout of {timeout:g} s, and was killed; what it printed is in {self.log}"
            return End(result=killed, fault=Fault(kind="Timeout", message=message), values=self.values)
        if killed is Result.CANCELED:
            return End(result=killed, fault=Fault(kind="Canceled", message="the run was stopped"), values=self.values)
        if self.said is None:
            ended = f"by signal {-code} ({signal.Signals(-code).name})" if code < 0 else f"with exit code {code}"
            lost = failed("ProcessEnded", f"its process ended {ended} and said no more; what it printed is in {self.log}")
            return End(result=lost.result, fault=lost.fault, values=self.values)
        fault = self.said.get("fault")
        output = self.said.get("output") or {}
        if fault is None:
            return End(result=Result.SUCCESS, values=self.values, output=output)
        if fault["kind"] == "SystemExit":
            # Programs say why they exit on stderr.
            fault["message"] += _last_words(self.log)
        return End(result=Result.FAILED, fault=Fault(**fault), values=self.values, output=output)


def _last_words(log: Path) -> str:
    """The last lines that a task printed, as far as they are few."""
    lines = [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    return f": {' / '.join(lines[-_LAST_LINES:])}"[:_LONGEST] if lines else ""


def _kill(process: subprocess.Popen[bytes], grace: float) -> None:
    """End the process and all it started; one that still runs is asked first, and waited for as long as ``grace`` seconds."""
    if grace:
        _signal(process, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(grace)
    _signal(process, signal.SIGKILL)
    process.wait()


def _signal(process: subprocess.Popen[bytes], number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)

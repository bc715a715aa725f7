"""What a job run knows of itself: the values behind ``{{...}}``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from goldlane.bundles.problems import nearest
from goldlane.bundles.running.results import End
from goldlane.errors import UsageError

_SATURDAY = 6
_QUOTES = "`[]'\""


class ReferenceFault(UsageError):  # noqa: N818  it is what is wrong with a reference
    """A reference of a known kind that leads nowhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """A run of a job, and the task of it that is asked for. ``ends`` are the tasks that have ended; ``input`` is a loop's item."""

    job: str
    job_id: int
    name: str
    run_id: int
    started: datetime
    parameters: Mapping[str, str]
    trigger: str = "onetime"
    repairs: int = 0
    host: str = ""
    ends: Mapping[str, End] = field(default_factory=dict)
    notebooks: Mapping[str, str] = field(default_factory=dict)
    task: str = ""
    task_run_id: int = 0
    attempt: int = 1
    has_input: bool = False
    input: Any = None

    def value(self, reference: str) -> str | None:
        """What ``{{reference}}`` stands for; None for a text that is no reference, and stays as it is.

        Raises:
            ReferenceFault: it begins as one, and there is no such value.
        """
        kind, _, rest = reference.partition(".")
        if kind == "job" and rest:
            return self._of_job(rest)
        if kind == "task" and rest:
            return self._of_task(rest)
        if kind == "tasks" and rest:
            return self._of_other(rest)
        if kind == "workspace" and rest:
            return _known({"id": "0", "url": self.host}, rest, "workspace")
        if kind == "input":
            return self._of_input(rest)
        return self._older(reference)

    def _of_job(self, rest: str) -> str:
        kind, _, name = rest.partition(".")
        if kind == "parameters":
            return _known(self.parameters, _bare(name), "job.parameters")
        if kind == "start_time" or rest.startswith("trigger.time."):
            return _time(self.started, name.removeprefix("time.") or "iso_datetime")
        known = {"id": str(self.job_id), "name": self.name, "run_id": str(self.run_id), "repair_count": str(self.repairs)}
        return _known({**known, "trigger.type": self.trigger}, rest, "job")

    def _of_task(self, rest: str) -> str:
        known = {"name": self.task, "run_id": str(self.task_run_id), "execution_count": str(self.attempt)}
        return _known({**known, "notebook_path": self.notebooks.get(self.task, "")}, rest, "task")

    def _of_other(self, rest: str) -> str:
        name, what = _first(rest)
        if name not in self.ends:
            raise ReferenceFault(f"the task {name!r} has not run before this one{nearest(name, self.ends)}")
        end = self.ends[name]
        if what.startswith("values."):
            return _known({key: as_text(value) for key, value in end.values.items()}, _bare(what[7:]), f"tasks.{name}.values")
        if what.startswith("output."):
            return _output(end, what[7:], name)
        known = {"run_id": str(end.run_id), "result_state": _state(end), "execution_count": str(end.attempts)}
        code = end.fault.kind if end.fault is not None and not end.result.is_good else ""
        return _known({**known, "error_code": code, "notebook_path": self.notebooks.get(name, "")}, what, f"tasks.{name}")

    def _of_input(self, rest: str) -> str:
        if not self.has_input:
            raise ReferenceFault("only what a for_each_task runs has an input")
        found = self.input
        for part in rest.split(".") if rest else ():
            name = _bare(part)
            if not isinstance(found, dict) or name not in found:
                raise ReferenceFault(f"this input has no {name!r}{nearest(name, found if isinstance(found, dict) else ())}")
            found = found[name]
        return as_text(found)

    def _older(self, reference: str) -> str | None:
        """The names that the service knew before it had dots."""
        known = {"job_id": str(self.job_id), "run_id": str(self.task_run_id), "parent_run_id": str(self.run_id), "task_key": self.task}
        times = {"start_date": _time(self.started, "iso_date"), "start_time": _time(self.started, "timestamp_ms")}
        return {**known, **times, "task_retry_count": str(self.attempt - 1)}.get(reference)


def as_text(value: Any) -> str:
    """A value as a reference gives it: texts as they are, everything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, default=str)


def _time(started: datetime, name: str) -> str:
    known = {
        "iso_date": started.date().isoformat(),
        "iso_datetime": started.replace(tzinfo=None).isoformat(timespec="milliseconds"),
        "iso_weekday": str(started.isoweekday()),
        "is_weekday": str(started.isoweekday() < _SATURDAY).lower(),
        "timestamp_ms": str(int(started.timestamp() * 1000)),
    }
    parts = {part: str(getattr(started, part)) for part in ("year", "month", "day", "hour", "minute", "second")}
    return _known({**known, **parts}, name, "job.start_time")


def _output(end: End, what: str, task: str) -> str:
    """``output.rows``, ``output.first_row`` and ``output.first_row.<column>`` of a query."""
    rows = end.output.get("rows")
    if not isinstance(rows, list):
        raise ReferenceFault(f"the task {task!r} put out no rows; only queries do")
    if what == "rows":
        return as_text(rows)
    first = rows[0] if rows else {}
    if what == "first_row":
        return as_text(first)
    return _known({f"first_row.{key}": as_text(value) for key, value in first.items()}, what, f"tasks.{task}.output")


def _state(end: End) -> str:
    return end.result.value.lower()


def _known(values: Mapping[str, str], name: str, kind: str) -> str:
    if name not in values:
        raise ReferenceFault(f"{kind} has no {name!r}{nearest(name, values)}")
    return values[name]


def _first(text: str) -> tuple[str, str]:
    """A task's name, perhaps in backticks with dots in it, and what follows it."""
    if text.startswith("`"):
        name, _, rest = text[1:].partition("`")
        return name, rest.removeprefix(".")
    name, _, rest = text.partition(".")
    return name, rest


def _bare(text: str) -> str:
    return text.strip(_QUOTES)

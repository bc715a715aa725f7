"""The rows of the record of job runs: what stands in them, and what they tell."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from goldlane.bundles.running.results import End, Fault, Result
from goldlane.bundles.running.secrets import without_secrets


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRun:
    """An attempt of a task, or of one input of a loop; ``attempt`` is 0 where the task never began."""

    task: str
    attempt: int
    started: datetime | None
    ended: datetime
    end: End
    task_run_id: int
    input: str | None = None
    is_last: bool = True
    log: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What all rows of one run share."""

    run_id: int
    job: str
    name: str
    target: str | None
    started: datetime
    parameters: Mapping[str, str]
    repair: int = 0
    parent_run_id: int | None = None
    # The tasks that the caller chose; None for all of them.
    chosen: tuple[str, ...] | None = None


def task_row(run: Run, task_run: TaskRun) -> dict[str, Any]:
    """The row of an attempt."""
    end = task_run.end
    fault = end.fault
    return {
        **_run_columns(run),
        "task": task_run.task,
        "task_run_id": task_run.task_run_id,
        "attempt": task_run.attempt,
        "input": task_run.input,
        "is_last": task_run.is_last,
        "life_cycle_state": "TERMINATED" if task_run.attempt else "SKIPPED",
        "result_state": end.result.value,
        "started": task_run.started,
        "ended": task_run.ended,
        "error_class": fault.kind if fault else None,
        "error": fault.message if fault else None,
        "file": fault.file if fault else None,
        "line": fault.line if fault else None,
        "cell": fault.cell if fault else None,
        "values": json.dumps(dict(end.values), default=str),
        "output": json.dumps(dict(end.output), default=str),
        "log": task_run.log,
    }


def run_row(run: Run, started: datetime, ended: datetime | None = None, result: Result | None = None) -> dict[str, Any]:
    """The row of the run itself, which names no task: as it begins, or, with ``ended`` and ``result``, as it ends."""
    states = {"life_cycle_state": "TERMINATED" if ended else "RUNNING", "result_state": result.value if result else None}
    return {**_run_columns(run), **states, "started": started, "ended": ended}


def run_of(row: Mapping[str, Any]) -> Run:
    """The run that a row is of."""
    return Run(
        run_id=row["run_id"],
        job=row["job"],
        name=row["job_name"],
        target=row["target"],
        started=row["run_started"],
        parameters=json.loads(row["parameters"]),
        repair=row["repair"],
        parent_run_id=row["parent_run_id"],
        chosen=None if row.get("chosen") is None else tuple(json.loads(row["chosen"])),
    )


def end_of(row: Mapping[str, Any]) -> End:
    """How the attempt ended that a row is of."""
    fault = Fault(kind=row["error_class"], message=row["error"], file=row["file"], line=row["line"], cell=row["cell"])
    return End(
        result=Result(row["result_state"]),
        fault=fault if row["error_class"] else None,
        values=json.loads(row["values"]),
        output=json.loads(row["output"]),
        attempts=row["attempt"],
        run_id=row["task_run_id"],
    )


def schema() -> Any:
    """The table's columns, as Arrow has them."""
    import pyarrow as pa

    texts = {"job", "job_name", "target", "parameters", "task", "input", "life_cycle_state", "result_state", "error_class", "error"}
    texts |= {"file", "values", "output", "log", "chosen"}
    times = {"run_started", "started", "ended"}
    known = {name: pa.string() for name in texts} | {name: pa.timestamp("us", tz="UTC") for name in times} | {"is_last": pa.bool_()}
    return pa.schema([(name, known.get(name, pa.int64())) for name in _COLUMNS])


def _run_columns(run: Run) -> dict[str, Any]:
    return {
        "run_id": run.run_id,
        "job": run.job,
        "job_name": run.name,
        "target": run.target,
        "run_started": run.started,
        "parameters": json.dumps(without_secrets(run.parameters)),
        "repair": run.repair,
        "parent_run_id": run.parent_run_id,
        "chosen": None if run.chosen is None else json.dumps(run.chosen),
    }


_COLUMNS = (
    *("run_id", "job", "job_name", "target", "run_started", "parameters", "repair", "parent_run_id"),
    *("task", "task_run_id", "attempt", "input", "is_last", "life_cycle_state", "result_state", "started", "ended"),
    *("error_class", "error", "file", "line", "cell", "values", "output", "log", "chosen"),
)

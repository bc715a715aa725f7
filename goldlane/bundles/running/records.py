"""The record of job runs: a Delta table in the storage, one row per run of a task."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from goldlane.bundles.running.results import End, Fault, Result
from goldlane.bundles.running.secrets import without_secrets
from goldlane.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRun:
    """One row: an attempt of a task, or of one input of a loop; ``attempt`` is 0 where the task never began."""

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


# Of this process: a job within a job has records of its own, of the same table.
_LOCK = threading.Lock()
# Against other processes; they append, too, and are soon done.
_RETRIES = 1000


@dataclass(frozen=True, slots=True)
class Records:
    """The table ``STORAGE/system/job_runs``; several processes may append to it at once."""

    storage: Path

    @property
    def path(self) -> Path:
        """The table's folder."""
        return self.storage / "system" / "job_runs"

    def append(self, run: Run, task_run: TaskRun) -> None:
        """Enter a task's run."""
        import pyarrow as pa
        from deltalake import CommitProperties, write_deltalake

        self.path.mkdir(parents=True, exist_ok=True)
        table = pa.Table.from_pylist([_row(run, task_run)], schema=_schema())
        again = CommitProperties(max_commit_retries=_RETRIES)
        with _LOCK:
            write_deltalake(str(self.path), table, mode="append", schema_mode="merge", commit_properties=again)

    def rows(self) -> list[dict[str, Any]]:
        """Every row there is, in the order of their ends."""
        from deltalake import DeltaTable

        if not (self.path / "_delta_log").is_dir():
            return []
        # Arrow's threads sometimes abort a process that ends while they do.
        found = DeltaTable(str(self.path)).to_pyarrow_dataset().to_table(use_threads=False).to_pylist()
        return sorted(found, key=lambda row: (row["ended"], row["task_run_id"]))

    def earlier(self, run_id: int, job: str) -> tuple[Run, dict[str, End]]:
        """A run that is recorded, and how its tasks ended last.

        Raises:
            UsageError: there is no such run of this job.
        """
        rows = [row for row in self.rows() if row["run_id"] == run_id]
        if not rows or rows[0]["job"] != job:
            runs = ", ".join(str(each) for each in self.runs(job)[-5:]) or "none"
            raise UsageError(f"{self.path} has no run {run_id} of {job}", hint=f"its last runs are: {runs}")
        last = rows[-1]
        run = Run(
            run_id=run_id,
            job=job,
            name=last["job_name"],
            target=last["target"],
            started=last["run_started"],
            parameters=json.loads(last["parameters"]),
            repair=last["repair"],
            parent_run_id=last["parent_run_id"],
            chosen=None if last.get("chosen") is None else tuple(json.loads(last["chosen"])),
        )
        return run, _ends(rows)

    def newest(self, job: str, target: str | None) -> dict[str, End]:
        """How each task of a job ended last, whichever run that was; those that another job started are left out."""
        return _ends(row for row in self.rows() if (row["job"], row["target"], row["parent_run_id"]) == (job, target, None))

    def runs(self, job: str) -> list[int]:
        """The runs of a job, the oldest first; those that another job started are left out."""
        rows = sorted(self.rows(), key=lambda row: row["run_started"])
        return list(dict.fromkeys(row["run_id"] for row in rows if row["job"] == job and row["parent_run_id"] is None))


def log_file(storage: Path, run: Run, task: str, attempt: int) -> Path:
    """What an attempt of a task printed."""
    safe = "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in task)
    repair = f".repair{run.repair}" if run.repair else ""
    return storage / "system" / "job_logs" / str(run.run_id) / f"{safe}.{attempt}{repair}.log"


def _row(run: Run, task_run: TaskRun) -> dict[str, Any]:
    end = task_run.end
    fault = end.fault
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


def _ends(rows: Iterable[Mapping[str, Any]]) -> dict[str, End]:
    return {row["task"]: _end(row) for row in rows if row["input"] is None and row["is_last"]}


def _end(row: Mapping[str, Any]) -> End:
    fault = Fault(kind=row["error_class"], message=row["error"], file=row["file"], line=row["line"], cell=row["cell"])
    return End(
        result=Result(row["result_state"]),
        fault=fault if row["error_class"] else None,
        values=json.loads(row["values"]),
        output=json.loads(row["output"]),
        attempts=row["attempt"],
        run_id=row["task_run_id"],
    )


def _schema() -> Any:
    import pyarrow as pa

    texts = {"job", "job_name", "target", "parameters", "task", "input", "life_cycle_state", "result_state", "error_class", "error"}
    texts |= {"file", "values", "output", "log", "chosen"}
    times = {"run_started", "started", "ended"}
    known = {name: pa.string() for name in texts} | {name: pa.timestamp("us", tz="UTC") for name in times} | {"is_last": pa.bool_()}
    return pa.schema([(name, known.get(name, pa.int64())) for name in _COLUMNS])


_COLUMNS = (
    *("run_id", "job", "job_name", "target", "run_started", "parameters", "repair", "parent_run_id"),
    *("task", "task_run_id", "attempt", "input", "is_last", "life_cycle_state", "result_state", "started", "ended"),
    *("error_class", "error", "file", "line", "cell", "values", "output", "log", "chosen"),
)

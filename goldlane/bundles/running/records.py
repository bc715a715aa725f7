"""The record of job runs: a Delta table in the storage, one row per run of a task, and two of the run itself."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from goldlane.bundles.running.recordrows import Run, TaskRun, end_of, run_of, run_row, schema, task_row
from goldlane.bundles.running.results import End, Result
from goldlane.errors import UsageError
from goldlane.filelocks import file_lock

# Of this process: a job within a job has records of its own, of the same table.
_LOCK = threading.Lock()
# Against other processes; they append, too, and are soon done.
_RETRIES = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """A run that is recorded, and how its tasks ended last; ``inputs`` are those of its loops, by task (``loop[0]``) and text."""

    run: Run
    ends: Mapping[str, End]
    inputs: Mapping[tuple[str, str], End]


@dataclass(frozen=True, slots=True)
class Records:
    """The table ``STORAGE/system/job_runs``; several processes may append to it at once."""

    storage: Path

    @property
    def path(self) -> Path:
        """The table's folder."""
        return self.storage / "system" / "job_runs"

    @contextmanager
    def begun(self, run: Run) -> Iterator[None]:
        """Enter that a run begins, and hold it meanwhile: nobody else repairs it.

        Raises:
            UsageError: another process is at this very run.
        """

        def refusal(owner: str) -> UsageError:
            return UsageError(f"run {run.run_id} of {run.job} is still going on, in {owner}", hint="wait for its end, or stop it")

        with file_lock(_logs(self.storage, run) / "run.lock", refusal):
            self._append(run_row(run, _now()))
            yield

    def ended(self, run: Run, result: Result, started: datetime) -> None:
        """Enter how a run, or a repair of it, ended."""
        self._append(run_row(run, started, _now(), result))

    def append(self, run: Run, task_run: TaskRun) -> None:
        """Enter a task's run."""
        self._append(task_row(run, task_run))

    def rows(self) -> list[dict[str, Any]]:
        """The rows of tasks, in the order of their ends."""
        return [row for row in self._rows() if row["task"] is not None]

    def runs(self, job: str) -> list[int]:
        """The runs of a job, the oldest first; those that another job started are left out."""
        rows = sorted(self._rows(), key=lambda row: row["run_started"])
        return list(dict.fromkeys(row["run_id"] for row in rows if row["job"] == job and row["parent_run_id"] is None))

    def earlier(self, run_id: int | None, job: str) -> Earlier:
        """A run that is recorded, however it ended; the newest one of the job when no id is given.

        Raises:
            UsageError: there is no such run of this job.
        """
        known = self.runs(job)
        wanted = known[-1] if run_id is None and known else run_id
        rows = [row for row in self._rows() if row["run_id"] == wanted and row["job"] == job]
        if not rows:
            told = "no run" if run_id is None else f"no run {run_id}"
            raise UsageError(f"{self.path} has {told} of {job}", hint=f"its last runs are: {', '.join(map(str, known[-5:])) or 'none'}")
        inputs = {(row["task"], row["input"]): end_of(row) for row in rows if row["input"] is not None and row["is_last"]}
        return Earlier(run=run_of(max(rows, key=lambda row: row["repair"])), ends=_ends(rows), inputs=inputs)

    def newest(self, job: str, target: str | None) -> dict[str, End]:
        """How each task of a job ended last, whichever run that was; those that another job started are left out."""
        return _ends(row for row in self._rows() if (row["job"], row["target"], row["parent_run_id"]) == (job, target, None))

    def _append(self, row: Mapping[str, Any]) -> None:
        import pyarrow as pa
        from deltalake import CommitProperties, write_deltalake

        self.path.mkdir(parents=True, exist_ok=True)
        table = pa.Table.from_pylist([dict(row)], schema=schema())
        again = CommitProperties(max_commit_retries=_RETRIES)
        with _LOCK:
            write_deltalake(str(self.path), table, mode="append", schema_mode="merge", commit_properties=again)

    def _rows(self) -> list[dict[str, Any]]:
        """Every row there is; that of a run's beginning stands where it began, all others where they ended."""
        from deltalake import DeltaTable

        if not (self.path / "_delta_log").is_dir():
            return []
        # Arrow's threads sometimes abort a process that ends while they do.
        found = DeltaTable(str(self.path)).to_pyarrow_dataset().to_table(use_threads=False).to_pylist()
        return sorted(found, key=lambda row: (row["ended"] or row["started"], row["task_run_id"] or 0))


def log_file(storage: Path, run: Run, task: str, attempt: int) -> Path:
    """What an attempt of a task printed."""
    safe = "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in task)
    repair = f".repair{run.repair}" if run.repair else ""
    return _logs(storage, run) / f"{safe}.{attempt}{repair}.log"


def _logs(storage: Path, run: Run) -> Path:
    return storage / "system" / "job_logs" / str(run.run_id)


def _ends(rows: Iterable[Mapping[str, Any]]) -> dict[str, End]:
    return {row["task"]: end_of(row) for row in rows if row["task"] is not None and row["input"] is None and row["is_last"]}


def _now() -> datetime:
    return datetime.now(timezone.utc)

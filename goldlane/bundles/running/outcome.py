"""What a job run came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from goldlane.bundles.running.results import End, Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The run, and how each of its tasks ended, in the order of the job; ``kept`` are those of an earlier run that were not run."""

    run_id: int
    job: str
    target: str | None
    result: Result
    seconds: float
    parameters: Mapping[str, str]
    tasks: Mapping[str, End]
    kept: frozenset[str]
    records: Path

    @property
    def is_good(self) -> bool:
        """Whether the run succeeded: failures that tasks after them took care of count as success, as on the platform."""
        return self.result.is_good

    def to_json(self) -> dict[str, Any]:
        """The document of ``goldlane job --json``."""
        return {
            "run_id": self.run_id,
            "job": self.job,
            "target": self.target,
            "result_state": self.result.value,
            "seconds": round(self.seconds, 3),
            "parameters": dict(self.parameters),
            "tasks": [self._task(key, end) for key, end in self.tasks.items()],
            "records": str(self.records),
        }

    def _task(self, key: str, end: End) -> dict[str, Any]:
        return {
            "task": key,
            "result_state": end.result.value,
            "attempts": end.attempts,
            "run_id": end.run_id or None,
            "kept": key in self.kept,
            "values": dict(end.values),
            "output": dict(end.output),
            "error": None if end.fault is None else asdict(end.fault),
        }

"""What a check found, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from goldlane.pipelines.definitions import Kind, Problem
from goldlane.pipelines.places import Place
from goldlane.pipelines.portability import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedDataset:
    """A dataset as the sources declare it. ``kind`` and ``inputs`` are None where only running can tell."""

    name: str
    kind: Kind | None
    place: Place | None
    inputs: tuple[str, ...] | None

    def to_json(self) -> dict[str, Any]:
        """The shape of ``check --json``."""
        return {
            "name": self.name,
            "kind": self.kind.value if self.kind else None,
            "file": self.place.file if self.place else None,
            "line": self.place.line if self.place else None,
            "inputs": list(self.inputs) if self.inputs is not None else None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One check. ``registered``: every file ran to its end, and every decorator was accepted."""

    registered: bool
    datasets: tuple[CheckedDataset, ...]
    problems: tuple[Problem, ...]
    runs_on: dict[str, Verdict]

    def to_json(self) -> dict[str, Any]:
        """The document of ``check --json``."""
        return {
            "registered": self.registered,
            "datasets": [dataset.to_json() for dataset in self.datasets],
            "problems": [problem.to_json() for problem in self.problems],
            "runs_on": {platform: verdict.to_json() for platform, verdict in self.runs_on.items()},
        }

"""The task of this process, and its line to the job run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from goldlane.bundles.running.messages import Line
from goldlane.errors import GoldlaneError


class Task:
    """What to run. ``document`` is the job run's: the task's kind, its settings, where the bundle and the storage lie."""

    def __init__(self, line: Line, document: Mapping[str, Any]) -> None:
        self._line, self.document = line, document

    @property
    def settings(self) -> dict[str, Any]:
        """What stands under the task's kind, references filled in."""
        return dict(self.document["settings"])

    @property
    def root(self) -> Path:
        """The bundle's folder."""
        return Path(self.document["root"])

    @property
    def storage(self) -> Path:
        """Where the tables are."""
        return Path(self.document["storage"])

    def set_value(self, key: str, value: Any) -> None:
        """Hand a task value to the job run."""
        self._line.send({"kind": "value", "key": key, "value": value})

    def tell(self, text: str) -> None:
        """Say how far it is."""
        self._line.send({"kind": "progress", "text": text})

    def door(self) -> dict[str, Any]:
        """The way into the job run's Spark, which starts now if no task has asked before.

        Raises:
            GoldlaneError: there can be no Spark on this machine.
        """
        self._line.send({"kind": "spark"})
        answer = self._line.read()
        if "port" not in answer:
            raise GoldlaneError(answer.get("error", "the job run is gone"))
        return answer

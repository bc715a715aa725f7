"""``dbutils.jobs``: task values, kept for as long as the pipeline is loaded."""

from __future__ import annotations

from typing import Any

from goldlane.pipelines.errors import PipelineError


class TaskValues:
    """Values that tasks hand on; outside of a job Databricks answers ``debugValue``, and so does this."""

    def __init__(self) -> None:
        self._values: dict[str, Any] = {}

    def set(self, key: str, value: Any) -> None:
        """Keep a value."""
        self._values[key] = value

    def get(self, taskKey: str, key: str, default: Any = None, debugValue: Any = None) -> Any:  # noqa: N803  Databricks' names
        """A value that was set, else the debug value, else the default.

        Raises:
            PipelineError: there is none of them.
        """
        for value in (self._values.get(key), debugValue, default):
            if value is not None:
                return value
        raise PipelineError(f"task {taskKey!r} set no value {key!r}", hint="give default= or debugValue=")


class Jobs:
    """``dbutils.jobs``."""

    def __init__(self) -> None:
        self.taskValues = TaskValues()

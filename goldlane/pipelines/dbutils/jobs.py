"""``dbutils.jobs``: task values, kept for as long as the pipeline is loaded, or handed from task to task by a job."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from goldlane.pipelines.errors import PipelineError


class Values(Protocol):
    """``dbutils.jobs.taskValues``."""

    def set(self, key: str, value: Any) -> None:
        """Keep a value."""

    def get(self, taskKey: str, key: str, default: Any = None, debugValue: Any = None) -> Any:  # noqa: N803  Databricks' names
        """A task's value.

        Raises:
            PipelineError: there is none, and no default.
        """


class TaskValues:
    """Values outside of a job: Databricks answers ``debugValue`` there, and so does this."""

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


class JobValues:
    """Values inside a job: ``known`` are those of the tasks that have ended, ``told`` hears of each that this one sets."""

    def __init__(self, known: Mapping[str, Mapping[str, Any]], told: Callable[[str, Any], None]) -> None:
        self._known, self._told = known, told

    def set(self, key: str, value: Any) -> None:
        """Hand a value on to the tasks that run after this one."""
        self._told(key, value)

    def get(self, taskKey: str, key: str, default: Any = None, debugValue: Any = None) -> Any:  # noqa: N803  Databricks' names
        """A value that a task of this run has set, else the default; a debug value is for notebooks outside of jobs.

        Raises:
            PipelineError: there is none of them.
        """
        del debugValue
        found = self._known.get(taskKey, {}).get(key, default)
        if found is None:
            told = ", ".join(sorted(self._known.get(taskKey, {}))) or "none"
            hint = f"give default=; the values of {taskKey} are: {told}"
            raise PipelineError(f"task {taskKey!r} has set no value {key!r} in this run", hint=hint)
        return found


class Jobs:
    """``dbutils.jobs``."""

    def __init__(self) -> None:
        self.taskValues: Values = TaskValues()

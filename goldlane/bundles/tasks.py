"""Jobs with their tasks, variables filled in; what only a deployment knows is left out, and said to be unknown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from goldlane.bundles.loading import Bundle
from goldlane.bundles.problems import Path
from goldlane.bundles.variables import filled


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One task. ``inner`` is what a ``for_each_task`` runs."""

    path: Path
    fields: Mapping[str, Any]
    inner: Task | None

    @property
    def key(self) -> str:
        """The task's name; with ``${...}`` in it when only a deployment knows it."""
        return str(self.fields.get("task_key"))

    @property
    def upstream(self) -> list[tuple[Path, object]]:
        """The names of the tasks it waits for, each with where that is said; None for one without a name."""
        listed = items((*self.path, "depends_on"), self.fields.get("depends_on"))
        return [(path, each.get("task_key")) for path, each in listed if not is_unknown(each.get("task_key"))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One job and its tasks, as they are listed."""

    path: Path
    fields: Mapping[str, Any]
    tasks: tuple[Task, ...]

    @property
    def every_task(self) -> tuple[Task, ...]:
        """The tasks, and the ones that run inside them."""
        return tuple(each for task in self.tasks for each in (task, task.inner) if each is not None)

    def names(self, listed: str, field: str) -> list[str] | None:
        """What the items of a list of the job are called; None when only a deployment knows."""
        given = self.fields.get(listed)
        found = [each.get(field) if isinstance(each, dict) else each for each in given] if isinstance(given, list) else []
        return None if is_unknown(given) or any(is_unknown(name) for name in found) else [str(name) for name in found]


def jobs_of(bundle: Bundle) -> Iterator[Job]:
    """Every job of the bundle that is a map."""
    for key, value in bundle.tree.map("resources", "jobs").items():
        path: Path = ("resources", "jobs", key)
        job = filled(bundle, value)
        if isinstance(job, dict):
            tasks = items((*path, "tasks"), job.get("tasks"))
            yield Job(path=path, fields=job, tasks=tuple(_task(where, task) for where, task in tasks))


def items(path: Path, value: object) -> list[tuple[Path, Mapping[str, Any]]]:
    """The maps in a list, each with its place; none of what is no list."""
    listed = value if isinstance(value, list) else []
    return [((*path, position), each) for position, each in enumerate(listed) if isinstance(each, dict)]


def is_unknown(value: object) -> bool:
    """Whether a reference stands there that only a deployment can fill in."""
    return isinstance(value, str) and "${" in value


def _task(path: Path, task: Mapping[str, Any]) -> Task:
    loop = task.get("for_each_task")
    inner = loop.get("task") if isinstance(loop, dict) else None
    within = _task((*path, "for_each_task", "task"), inner) if isinstance(inner, dict) else None
    return Task(path=path, fields=task, inner=within)

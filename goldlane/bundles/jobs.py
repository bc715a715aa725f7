"""Jobs: tasks that follow each other, and the parameters that reach them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

from goldlane.bundles.files import source_of
from goldlane.bundles.loading import Bundle
from goldlane.bundles.problems import Path, Problem, nearest
from goldlane.bundles.schedules import cron_mistakes, zone_mistakes
from goldlane.bundles.trees import leaves

_DYNAMIC = re.compile(r"\{\{\s*([^{}]+?)\s*\}\}")
_KINDS = re.compile(r"\w+_task")
# Of a job, a task and a trigger, what the service fills in.
_KNOWN = ("job", "task", "tasks", "workspace", "input", "backfill")


def job_problems(bundle: Bundle) -> Iterator[Problem]:
    """What is wrong with jobs beyond their fields."""
    for key, job in (bundle.tree.get("resources", "jobs") or {}).items():
        path: Path = ("resources", "jobs", key)
        if not isinstance(job, dict):
            continue
        tasks = [task for task in job.get("tasks") or [] if isinstance(task, dict)]
        yield from _task_problems(bundle, path, tasks)
        yield from _order_problems(bundle, path, tasks)
        yield from _declared_problems(bundle, path, job, tasks)
        yield from _parameter_problems(bundle, path, job, tasks)


def schedule_problems(bundle: Bundle) -> Iterator[Problem]:
    """Cron expressions and time zones of every resource."""
    for path, value in leaves(bundle.tree.get("resources"), ("resources",)):
        if path[-1] == "quartz_cron_expression" and isinstance(value, str):
            yield from (bundle.problem(path, mistake) for mistake in cron_mistakes(value))
        elif path[-1] == "timezone_id" and isinstance(value, str):
            yield from (bundle.problem(path, mistake) for mistake in zone_mistakes(value))


def _task_problems(bundle: Bundle, path: Path, tasks: list[dict[str, Any]]) -> Iterator[Problem]:
    times = Counter(task.get("task_key") for task in tasks)
    for position, task in enumerate(tasks):
        kinds = [name for name in task if _KINDS.fullmatch(name)]
        if times[task.get("task_key")] > 1:
            twice = f"{times[task.get('task_key')]} tasks are called {task.get('task_key')!r}"
            yield bundle.problem((*path, "tasks", position, "task_key"), twice)
        if len(kinds) != 1:
            told = (
                "it says nothing to run; give it a notebook_task or another" if not kinds else f"it is {' and '.join(kinds)}; a task is one"
            )
            yield bundle.problem((*path, "tasks", position), told)


def _order_problems(bundle: Bundle, path: Path, tasks: list[dict[str, Any]]) -> Iterator[Problem]:
    known = [str(task.get("task_key")) for task in tasks]
    for position, task in enumerate(tasks):
        for number, each in enumerate(task.get("depends_on") or []):
            name = each.get("task_key") if isinstance(each, dict) else None
            if name not in known:
                yield bundle.problem((*path, "tasks", position, "depends_on", number), f"there is no task {name!r}{nearest(name, known)}")
    try:
        TopologicalSorter(_upstream(tasks)).prepare()
    except CycleError as cycle:
        yield bundle.problem((*path, "tasks"), f"tasks wait for each other: {' -> '.join(reversed(cycle.args[1]))}")


def _declared_problems(bundle: Bundle, path: Path, job: Mapping[str, Any], tasks: list[dict[str, Any]]) -> Iterator[Problem]:
    """Clusters and environments that tasks name must be the job's."""
    for field, listed in (("job_cluster_key", "job_clusters"), ("environment_key", "environments")):
        known = [each.get(field) for each in job.get(listed) or [] if isinstance(each, dict)]
        for position, task in enumerate(tasks):
            name = task.get(field)
            if name is not None and name not in known:
                wrong = f"the job has no {name!r} in {listed}{nearest(name, filter(None, known))}"
                yield bundle.problem((*path, "tasks", position, field), wrong)


def _parameter_problems(bundle: Bundle, path: Path, job: Mapping[str, Any], tasks: list[dict[str, Any]]) -> Iterator[Problem]:
    names = [str(each.get("name")) for each in job.get("parameters") or [] if isinstance(each, dict)]
    texts = ((each, value) for each, value in leaves(dict(job), path) if isinstance(value, str))
    dynamic = [(each, reference) for each, value in texts for reference in _DYNAMIC.findall(value)]
    upstream = _upstream(tasks)
    for each, reference in dynamic:
        wrong = _wrong_dynamic(reference, names, upstream, _task_at(each, len(path), tasks))
        if wrong:
            yield bundle.problem(each, f"{{{{{reference}}}}}: {wrong}")
    used = {reference.removeprefix("job.parameters.") for _, reference in dynamic}
    read: set[str] = set()
    for position, task in enumerate(tasks):
        found = source_of(bundle, (*path, "tasks", position), task)
        if found is None:
            # What a task of another kind makes of the job's parameters cannot be seen.
            used.update(names if "notebook_task" in task or "run_job_task" in task else ())
            continue
        read |= set(names) & widgets(found)
        for name in (task["notebook_task"].get("base_parameters") or {}) if isinstance(task["notebook_task"], dict) else ():
            if name not in widgets(found):
                where: Path = (*path, "tasks", position, "notebook_task", "base_parameters", name)
                yield bundle.problem(where, f"the notebook never reads {name!r}{nearest(name, widgets(found))}")
    for position, name in enumerate(names):
        if name not in read | used:
            yield bundle.problem((*path, "parameters", position), f"no task reads the parameter {name!r}")


def widgets(source: str) -> set[str]:
    """The parameters that a notebook's source reads or makes."""
    return set(re.findall(r"""widgets\s*\.\s*(?:get|text|dropdown|combobox|multiselect)\s*\(\s*(?:name\s*=\s*)?["']([^"']+)["']""", source))


def _wrong_dynamic(reference: str, names: list[str], upstream: Mapping[str, set[str]], task: str | None) -> str | None:
    kind, *rest = reference.split(".")
    if kind not in _KNOWN:
        return f"it begins with {kind!r}{nearest(kind, _KNOWN)}"
    if kind == "job" and rest[:1] == ["parameters"] and rest[1:2] and rest[1] not in names:
        return f"the job has no parameter {rest[1]!r}{nearest(rest[1], names)}"
    if kind == "tasks" and rest and rest[0] not in upstream:
        return f"there is no task {rest[0]!r}{nearest(rest[0], upstream)}"
    if kind == "tasks" and rest and task is not None and rest[0] not in _before(task, upstream):
        return f"{task} does not run after {rest[0]}; name it in depends_on"
    return None


def _task_at(path: Path, start: int, tasks: list[dict[str, Any]]) -> str | None:
    if path[start : start + 1] != ("tasks",):
        return None
    return str(tasks[int(path[start + 1])].get("task_key"))


def _upstream(tasks: list[dict[str, Any]]) -> dict[str, set[str]]:
    return {
        str(task.get("task_key")): {str(each.get("task_key")) for each in task.get("depends_on") or [] if isinstance(each, dict)}
        for task in tasks
    }


def _before(task: str, upstream: Mapping[str, set[str]]) -> set[str]:
    """Every task that has ended when ``task`` begins."""
    found: set[str] = set()
    waiting = list(upstream.get(task, ()))
    while waiting:
        each = waiting.pop()
        if each not in found:
            found.add(each)
            waiting += upstream.get(each, ())
    return found

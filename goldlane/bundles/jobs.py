"""Jobs: tasks that follow each other, and the parameters that reach them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

from goldlane.bundles.dynamic import dynamic_problems, parameters_passed
from goldlane.bundles.loading import Bundle
from goldlane.bundles.notebooks import parameters_read
from goldlane.bundles.problems import Problem, nearest
from goldlane.bundles.schedules import cron_mistakes, zone_mistakes
from goldlane.bundles.tasks import Job, Task, is_unknown, jobs_of
from goldlane.bundles.trees import leaves
from goldlane.bundles.variables import resolved

_KINDS = re.compile(r"\w+_task")
# Tasks that the job's parameters do not reach unless they are named.
_APART = frozenset(("spark_python_task", "spark_jar_task", "spark_submit_task", "pipeline_task", "condition_task"))


def job_problems(bundle: Bundle) -> Iterator[Problem]:
    """What is wrong with jobs beyond their fields."""
    for job in jobs_of(bundle):
        yield from structure_problems(bundle, job)
        yield from _given_problems(bundle, job)
        yield from _unread_problems(bundle, job)


def structure_problems(bundle: Bundle, job: Job) -> Iterator[Problem]:
    """What keeps a job from being run at all: tasks of no kind or of one name, their order, and values that they refer to."""
    yield from _task_problems(bundle, job)
    yield from _order_problems(bundle, job)
    yield from _declared_problems(bundle, job)
    yield from dynamic_problems(bundle, job)


def schedule_problems(bundle: Bundle) -> Iterator[Problem]:
    """Cron expressions and time zones of every resource."""
    for path, value in leaves(bundle.tree.get("resources"), ("resources",)):
        text = resolved(bundle, value) if isinstance(value, str) else None
        if text is None or is_unknown(text):
            continue
        if path[-1] == "quartz_cron_expression":
            yield from (bundle.problem(path, mistake) for mistake in cron_mistakes(text))
        elif path[-1] == "timezone_id":
            yield from (bundle.problem(path, mistake) for mistake in zone_mistakes(text))


def _task_problems(bundle: Bundle, job: Job) -> Iterator[Problem]:
    times = Counter(task.key for task in job.tasks)
    for task in job.every_task:
        kinds = [name for name in task.fields if _KINDS.fullmatch(name)]
        if times[task.key] > 1:
            yield bundle.problem((*task.path, "task_key"), f"{times[task.key]} tasks are called {task.key!r}")
        if not kinds:
            yield bundle.problem(task.path, "it says nothing to run; give it a notebook_task or another")
        elif len(kinds) > 1:
            yield bundle.problem(task.path, f"it is {' and '.join(kinds)}; a task is one")


def _order_problems(bundle: Bundle, job: Job) -> Iterator[Problem]:
    known = [task.key for task in job.tasks]
    for task in job.tasks if not any(map(is_unknown, known)) else ():
        for path, name in task.upstream:
            if name not in known:
                yield bundle.problem(path, f"there is no task {name!r}{nearest(name, known)}")
    try:
        TopologicalSorter({task.key: {str(name) for _, name in task.upstream} for task in job.tasks}).prepare()
    except CycleError as cycle:
        yield bundle.problem((*job.path, "tasks"), f"tasks wait for each other: {' -> '.join(reversed(cycle.args[1]))}")


def _declared_problems(bundle: Bundle, job: Job) -> Iterator[Problem]:
    """Clusters and environments that tasks name must be the job's."""
    for field, listed in (("job_cluster_key", "job_clusters"), ("environment_key", "environments")):
        known = job.names(listed, field)
        for task in job.every_task if known is not None else ():
            name = task.fields.get(field)
            if name is not None and not is_unknown(name) and name not in (known or ()):
                yield bundle.problem((*task.path, field), f"the job has no {name!r} in {listed}{nearest(name, known or ())}")


def _given_problems(bundle: Bundle, job: Job) -> Iterator[Problem]:
    """What tasks give to notebooks that never read it."""
    for task in job.every_task:
        read = parameters_read(bundle, task)
        notebook = task.fields.get("notebook_task")
        given = notebook.get("base_parameters") if isinstance(notebook, dict) else None
        for name in given if isinstance(given, dict) and read is not None else ():
            if name not in (read or ()):
                path = (*task.path, "notebook_task", "base_parameters", name)
                yield bundle.problem(path, f"the notebook never reads {name!r}{nearest(name, read or ())}")


def _unread_problems(bundle: Bundle, job: Job) -> Iterator[Problem]:
    """Parameters of the job that reach nobody."""
    names = job.names("parameters", "name")
    if names is None or is_unknown(job.fields.get("tasks")):
        return
    reached = parameters_passed(job).union(*(_reached(bundle, task, names) for task in job.every_task))
    for position, name in enumerate(names):
        if name not in reached:
            yield bundle.problem((*job.path, "parameters", position), f"no task reads the parameter {name!r}")


def _reached(bundle: Bundle, task: Task, names: list[str]) -> set[str]:
    """The job's parameters that a task may read: all of them, where its source does not tell."""
    if task.inner is not None or _APART & task.fields.keys():
        return set()
    read = parameters_read(bundle, task)
    return set(names) if read is None else read

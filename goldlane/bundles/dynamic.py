"""``{{...}}`` in jobs: what the service fills in when a task runs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from goldlane.bundles.loading import Bundle
from goldlane.bundles.problems import Path, Problem, nearest
from goldlane.bundles.tasks import Job
from goldlane.bundles.trees import leaves

_REFERENCE = re.compile(r"\{\{\s*([^{}]+?)\s*\}\}")
# Of a job, a task and a trigger, what the service fills in; the older names have no dots.
_KNOWN = ("job", "task", "tasks", "workspace", "input", "backfill")
_OLDER = frozenset(("job_id", "run_id", "parent_run_id", "task_key", "task_retry_count", "start_date", "start_time"))
_QUOTES = "`[]'\""


def dynamic_problems(bundle: Bundle, job: Job) -> Iterator[Problem]:
    """Values of tasks that do not exist or have not ended by then, and parameters that the job does not have."""
    upstream = {task.key: {str(name) for _, name in task.upstream} for task in job.tasks}
    running = {task.path: task.key for task in job.tasks}
    for path, reference in _references(job):
        wrong = _wrong(reference, job) or _wrong_task(reference, upstream, running.get(path[: len(job.path) + 2]))
        if wrong:
            yield bundle.problem(path, f"{{{{{reference}}}}}: {wrong}")


def parameters_passed(job: Job) -> set[str]:
    """The job's parameters that its texts name."""
    return {_name(reference.removeprefix("job.parameters.")) for _, reference in _references(job)}


def _references(job: Job) -> Iterator[tuple[Path, str]]:
    for path, value in leaves(dict(job.fields), job.path):
        if isinstance(value, str):
            yield from ((path, reference) for reference in _REFERENCE.findall(value))


def _wrong(reference: str, job: Job) -> str | None:
    """A text that is near to nothing we know is somebody else's: a secret's path, or a template's."""
    kind = reference.split(".", maxsplit=1)[0]
    if kind not in _KNOWN:
        near = re.fullmatch(r"\w+", kind) and kind not in _OLDER and get_close_matches(kind, _KNOWN)
        return f"it begins with {kind!r}{nearest(kind, _KNOWN)}" if near else None
    names = job.names("parameters", "name")
    name = _name(reference.removeprefix("job.parameters."))
    if names is None or not reference.startswith("job.parameters.") or name in names:
        return None
    return f"the job has no parameter {name!r}{nearest(name, names)}"


def _wrong_task(reference: str, upstream: Mapping[str, set[str]], running: str | None) -> str | None:
    kind, _, rest = reference.partition(".")
    name = _name(rest.split(".")[0])
    if kind != "tasks" or not name or any("${" in each for each in upstream):
        return None
    if name not in upstream:
        return f"there is no task {name!r}{nearest(name, upstream)}"
    if running is not None and name not in _before(running, upstream):
        return f"{running} does not run after {name}; name it in depends_on"
    return None


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


def _name(text: str) -> str:
    return text.strip(_QUOTES)

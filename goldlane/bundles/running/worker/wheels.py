"""A wheel task: an entry point of an installed package, of the bundle's own project, or of a wheel that lies there."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from importlib import metadata
from typing import Any

from goldlane.bundles.running.worker.python import arguments, execution, surroundings
from goldlane.bundles.running.worker.sessions import TaskSpark
from goldlane.bundles.running.worker.task import Task
from goldlane.errors import UsageError


def run_wheel(task: Task) -> Mapping[str, Any]:
    """Call the entry point, with the parameters as its command line; a whole number that it returns is an exit code."""
    settings, spark = task.settings, TaskSpark(task, task.root / "task")
    given = [f"--{name}={value}" for name, value in (settings.get("named_parameters") or {}).items()]
    name = str(settings["entry_point"])
    arguments(name, [*(settings.get("parameters") or ()), *given])
    # A wheel is an archive that Python imports from; the project's own source wins over one that was built from it.
    sys.path[:0] = [*task.document["projects"], *task.document["wheels"]]
    with surroundings(task, spark, task.root):
        execution(task, spark, uses_spark=False)
        code = _entry_point(str(settings["package_name"]), name, task.document["entry_point"])()
    if isinstance(code, int) and not isinstance(code, bool) and code:
        raise SystemExit(code)
    return {}


def _entry_point(package: str, name: str, known: str | None) -> Callable[[], Any]:
    """The function; ``known`` is what the project's ``pyproject.toml`` says of it, as ``module:name``."""
    target = known or _installed(package, name)
    module, _, attribute = target.partition(":") if target else (_module(package), "", name)
    found: Any = importlib.import_module(module)
    for part in attribute.split("."):
        if not hasattr(found, part):
            raise UsageError(f"{package} has no entry point {name!r}, and {module} no such function")
        found = getattr(found, part)
    return found  # type: ignore[no-any-return]  # the user's own function


def _installed(package: str, name: str) -> str | None:
    try:
        points = metadata.distribution(package).entry_points
    except metadata.PackageNotFoundError:
        return None
    return next((point.value.split("[")[0].strip() for point in points if point.name == name), None)


def _module(package: str) -> str:
    return package.replace("-", "_")

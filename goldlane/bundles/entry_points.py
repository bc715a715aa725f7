"""Wheel tasks: the entry point they name must be one of the project whose wheel they run."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path as File
from typing import Any

from goldlane.bundles.files import wheel_folders
from goldlane.bundles.loading import Bundle
from goldlane.bundles.problems import Problem, nearest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def entry_point_problems(bundle: Bundle) -> Iterator[Problem]:
    """Entry points that no project of the bundle has. A package from elsewhere is left alone."""
    projects = dict(_projects(bundle))
    for key, job in (bundle.tree.get("resources", "jobs") or {}).items():
        for position, task in enumerate((job.get("tasks") or []) if isinstance(job, dict) else []):
            found = task.get("python_wheel_task") if isinstance(task, dict) else None
            wheel = found if isinstance(found, dict) else {}
            project = projects.get(_normal(wheel.get("package_name")))
            if project is not None and wheel.get("entry_point") not in project:
                path = ("resources", "jobs", key, "tasks", position, "python_wheel_task", "entry_point")
                name = wheel.get("entry_point")
                yield bundle.problem(path, f"{wheel['package_name']} has no entry point {name!r}{nearest(name, project)}")


def entry_points(project: Mapping[str, Any]) -> frozenset[str]:
    """The names that a ``[project]`` table gives to its scripts and entry points."""
    groups = [project.get("scripts", {}), project.get("gui-scripts", {}), *project.get("entry-points", {}).values()]
    return frozenset(name for group in groups for name in group)


def _projects(bundle: Bundle) -> Iterator[tuple[str, frozenset[str]]]:
    for folder in dict.fromkeys([bundle.root, *(dist.parent for dist in wheel_folders(bundle))]):
        project = _project(folder / "pyproject.toml")
        if project.get("name"):
            yield _normal(project["name"]), entry_points(project)


def _project(file: File) -> Mapping[str, Any]:
    if not file.is_file():
        return {}
    try:
        return dict(tomllib.loads(file.read_text(encoding="utf-8")).get("project", {}))
    except tomllib.TOMLDecodeError:
        return {}


def _normal(name: object) -> str:
    return re.sub(r"[-_.]+", "-", str(name)).lower()

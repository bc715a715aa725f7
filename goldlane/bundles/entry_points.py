"""Wheel tasks: the entry point they name must be one of the project whose wheel they run, or a function of its package."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path as File
from typing import Any

from goldlane.bundles.files import built_folders
from goldlane.bundles.loading import Bundle
from goldlane.bundles.problems import Problem, nearest
from goldlane.bundles.tasks import is_unknown, jobs_of

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def entry_point_problems(bundle: Bundle) -> Iterator[Problem]:
    """Entry points that no project of the bundle has. A package from elsewhere is left alone."""
    projects = dict(_projects(bundle))
    for job in jobs_of(bundle):
        for task in job.every_task:
            found = task.fields.get("python_wheel_task")
            wheel = found if isinstance(found, dict) else {}
            known = projects.get(normal_name(wheel.get("package_name")))
            name = wheel.get("entry_point")
            if known is None or is_unknown(name) or name in known[1] or _is_function(known[0], str(wheel["package_name"]), str(name)):
                continue
            wrong = f"{wheel['package_name']} has no entry point {name!r}{nearest(name, known[1])}"
            yield bundle.problem((*task.path, "python_wheel_task", "entry_point"), wrong)


def entry_points(project: Mapping[str, Any]) -> frozenset[str]:
    """The names that a ``[project]`` table gives to its scripts and entry points."""
    groups = [project.get("scripts", {}), project.get("gui-scripts", {}), *project.get("entry-points", {}).values()]
    return frozenset(name for group in groups for name in group)


def _projects(bundle: Bundle) -> Iterator[tuple[str, tuple[File, frozenset[str]]]]:
    """The projects whose entry points are all said in their ``pyproject.toml``, each with its folder."""
    for folder in dict.fromkeys([bundle.root, *(dist.parent for dist in built_folders(bundle))]):
        project = project_table(folder / "pyproject.toml")
        if project.get("name") and not {"scripts", "entry-points"} & set(project.get("dynamic", ())):
            yield normal_name(project["name"]), (folder, entry_points(project))


def _is_function(folder: File, package: str, name: str) -> bool:
    """Whether the package has such a name: the service calls it when there is no entry point."""
    module = normal_name(package).replace("-", "_")
    files = [folder / start / module / "__init__.py" for start in ("", "src")]
    sources = [file.read_text(encoding="utf-8", errors="replace") for file in files if file.is_file()]
    return any(re.search(rf"\b{re.escape(name)}\b", source) for source in sources)


def project_table(file: File) -> Mapping[str, Any]:
    """The ``[project]`` table of a ``pyproject.toml``; empty without one."""
    if not file.is_file():
        return {}
    try:
        return dict(tomllib.loads(file.read_text(encoding="utf-8")).get("project", {}))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        return {}


def normal_name(name: object) -> str:
    """A package's name as all its spellings are compared."""
    return re.sub(r"[-_.]+", "-", str(name)).lower()

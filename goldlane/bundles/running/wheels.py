"""Packages that wheel tasks run: the bundle's own projects, wheels that lie on this disk, and what is installed here."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path as File
from typing import Any

from goldlane.bundles.entry_points import normal_name, project_table
from goldlane.bundles.files import built_folders, located
from goldlane.bundles.problems import Path
from goldlane.bundles.running.plans import Plan, Step
from goldlane.bundles.tasks import items


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """Where a wheel task's package is: folders of the bundle's project, wheels, and the function that its project says."""

    projects: tuple[str, ...] = ()
    wheels: tuple[str, ...] = ()
    entry_point: str | None = None
    is_here: bool = False


def package_of(plan: Plan, step: Step) -> Package:
    """The package of a ``python_wheel_task``."""
    name = str(step.settings.get("package_name"))
    wheels = tuple(str(wheel) for wheel in _wheels(plan, step))
    for folder in dict.fromkeys([plan.bundle.root, *(dist.parent for dist in built_folders(plan.bundle))]):
        project = project_table(folder / "pyproject.toml")
        if project.get("name") and normal_name(project["name"]) == normal_name(name):
            starts = [folder / "src", folder] if (folder / "src").is_dir() else [folder]
            point = _entry_point(project, str(step.settings.get("entry_point")))
            return Package(projects=tuple(map(str, starts)), wheels=wheels, entry_point=point, is_here=True)
    return Package(wheels=wheels, is_here=_is_installed(name, wheels))


def _entry_point(project: Any, name: str) -> str | None:
    groups = [project.get("scripts", {}), project.get("gui-scripts", {}), *project.get("entry-points", {}).values()]
    return next((str(group[name]).split("[", maxsplit=1)[0].strip() for group in groups if name in group), None)


def _wheels(plan: Plan, step: Step) -> Iterator[File]:
    """The wheels that the task's libraries or its environment name, as far as they are on disk."""
    for path, text in (*_libraries(step), *_dependencies(plan, step)):
        place = located(plan.bundle, path, text) if text.endswith(".whl") else None
        if place is not None:
            yield from sorted(place.parent.glob(place.name))


def _libraries(step: Step) -> list[tuple[Path, str]]:
    listed = items((*step.path, "libraries"), step.fields.get("libraries"))
    return [((*path, "whl"), str(each["whl"])) for path, each in listed if "whl" in each]


def _dependencies(plan: Plan, step: Step) -> list[tuple[Path, str]]:
    path: Path = ("resources", "jobs", plan.key, "environments")
    for where, each in items(path, plan.environments):
        if each.get("environment_key") == step.fields.get("environment_key"):
            spec = each.get("spec") or {}
            return [((*where, "spec", "dependencies", number), str(text)) for number, text in enumerate(spec.get("dependencies") or ())]
    return []


def _is_installed(package: str, wheels: tuple[str, ...]) -> bool:
    if any(normal_name(File(wheel).name.split("-")[0]) == normal_name(package) for wheel in wheels):
        return True
    try:
        metadata.distribution(package)
    except metadata.PackageNotFoundError:
        return importlib.util.find_spec(re.sub(r"[-.]", "_", package)) is not None
    return True

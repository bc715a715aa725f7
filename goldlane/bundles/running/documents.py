"""What the process of a task is told to run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path as File
from typing import Any

from goldlane.bundles.files import NOTEBOOKS, located
from goldlane.bundles.loading import Bundle
from goldlane.bundles.problems import Path
from goldlane.bundles.running.facts import Facts
from goldlane.bundles.running.filling import deployed, filled_in
from goldlane.bundles.running.pipelines import update_asked
from goldlane.bundles.running.plans import Plan, Step
from goldlane.bundles.running.request import Request
from goldlane.bundles.running.wheels import package_of
from goldlane.bundles.variables import spelled
from goldlane.errors import UsageError

_FILES: Mapping[str, tuple[str, ...]] = {
    "notebook_task": ("notebook_path",),
    "spark_python_task": ("python_file",),
    "sql_task": ("file", "path"),
}
# Where a task has what ``dbutils.widgets`` answers.
_WIDGETS = {"notebook_task": "base_parameters", "sql_task": "parameters"}
_LANGUAGES = (".scala", ".r")


@dataclass(frozen=True, slots=True, kw_only=True)
class Documents:
    """Makes them, for the tasks of one run."""

    request: Request
    plan: Plan

    def of(self, step: Step, facts: Facts, tag: str) -> dict[str, Any]:
        """The document of one attempt, every reference filled in.

        Raises:
            UsageError: a reference leads nowhere.
        """
        request, settings = self.request, with_job_parameters(step, self.filled(step, facts), facts.parameters)
        listed = settings.get("parameters")
        if isinstance(listed, list):
            settings["parameters"] = [spelled(each) for each in listed]
        document: dict[str, Any] = {
            "kind": step.kind,
            "settings": settings,
            "tag": tag,
            "root": str(self.plan.bundle.root),
            "storage": str(request.storage),
            "values": {key: dict(end.values) for key, end in facts.ends.items()},
            "widgets": settings.get(_WIDGETS.get(step.kind, "")) or {},
            "configuration": dict(request.configuration),
            "inputs": dict(request.inputs),
            # Rows are somebody's data: they go no further than somebody asks.
            "is_output_read": self.plan.has_read_output(step.key),
            "paths": dict(request.paths),
        }
        if step.kind in _FILES:
            document["file"] = str(source_of(self.plan.bundle, step))
        if step.kind == "pipeline_task":
            document["pipeline"] = update_asked(self.plan.bundle, settings, request.configuration)
        if step.kind == "python_wheel_task":
            package = package_of(self.plan, step)
            document |= {"projects": package.projects, "wheels": package.wheels, "entry_point": package.entry_point}
        return document

    def filled(self, step: Step, facts: Facts) -> dict[str, Any]:
        """The step's settings, every reference filled in."""
        return dict(filled_in(deployed(self.plan.bundle, dict(step.settings)), facts))


def with_job_parameters(step: Step, settings: Mapping[str, Any], parameters: Mapping[str, str]) -> dict[str, Any]:
    """The settings with the job's parameters, which every task of names and values gets, and which win over its own."""
    field = parameters_field(step)
    own = settings.get(field) if field else None
    if field is None or not isinstance(own, dict | None):
        return dict(settings)
    return {**settings, field: {**{name: spelled(value) for name, value in (own or {}).items()}, **parameters}}


def parameters_field(step: Step) -> str | None:
    """Where a task of names and values has them; a wheel task only when it has named ones."""
    if step.kind == "python_wheel_task":
        return "named_parameters" if step.settings.get("named_parameters") else None
    return {"notebook_task": "base_parameters", "sql_task": "parameters", "run_job_task": "job_parameters"}.get(step.kind)


def source_of(bundle: Bundle, step: Step) -> File:
    """The file that a notebook, Python or SQL task runs.

    Raises:
        UsageError: it is a workspace's, or not of a language that runs here.
    """
    names = _FILES[step.kind]
    path: Path = (*step.path, step.kind, *names)
    text: Any = step.settings
    for name in names:
        text = text.get(name) if isinstance(text, dict) else None
    place = _place(bundle, path, str(text))
    endings = NOTEBOOKS if step.kind == "notebook_task" else ("",)
    found = next((file for file in (File(f"{place}{ending}") for ending in endings) if file.is_file()), None)
    if found is None:
        raise UsageError(f"there is no file {place}")
    if found.suffix.lower() in _LANGUAGES:
        raise UsageError(f"{found.name} is no notebook of Python or SQL, and cannot run on this machine")
    return found.resolve()


def _place(bundle: Bundle, path: Path, text: str) -> File:
    found = located(bundle, path, text)
    if found is not None:
        return found
    if File(text).is_absolute():
        # Where somebody has mounted or checked it out.
        return File(text)
    raise UsageError(f"{text!r} is not on this machine")

"""Files that a bundle names: notebooks, source files, queries, wheels; each must be there, or be built by an artifact."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path as File
from typing import Any

from goldlane.bundles.loading import Bundle
from goldlane.bundles.problems import Path, Problem
from goldlane.bundles.trees import leaves
from goldlane.bundles.variables import resolved

_NOTEBOOKS = ("", ".py", ".ipynb", ".sql", ".scala", ".r", ".R")
_UPLOADED = "${workspace.file_path}"
# The last fields of paths that name a file, a notebook, a folder or a pattern.
_NAMED: Mapping[tuple[str, ...], str] = {
    ("notebook_task", "notebook_path"): "notebook",
    ("notebook", "path"): "notebook",
    ("spark_python_task", "python_file"): "file",
    ("sql_task", "file", "path"): "file",
    ("file", "path"): "file",
    ("dbt_task", "project_directory"): "folder",
    ("glob", "include"): "pattern",
    ("root_path",): "folder",
    ("file_path",): "file",
    ("source_code_path",): "folder",
    ("whl",): "wheel",
    ("jar",): "file",
    ("requirements",): "file",
}


def file_problems(bundle: Bundle) -> Iterator[Problem]:
    """Every file, folder or pattern that finds nothing. Absolute paths are the workspace's, and left to it."""
    for path, value in leaves(bundle.tree.get("resources"), ("resources",)):
        if not isinstance(value, str) or _is_from_git(bundle, path, value):
            continue
        kind = _kind(path)
        if kind is not None:
            yield from _missing(bundle, path, value, kind)
        elif "dependencies" in path[-2:]:
            yield from _missing_dependency(bundle, path, value)


def source_of(bundle: Bundle, path: Path, task: Mapping[str, Any]) -> str | None:
    """The text of the notebook that a task runs; None when it runs none, or one that is not in the bundle."""
    notebook = task.get("notebook_task")
    named = notebook.get("notebook_path") if isinstance(notebook, dict) else None
    start = located(bundle, (*path, "notebook_task", "notebook_path"), named) if isinstance(named, str) else None
    for file in [] if start is None else [File(f"{start}{ending}") for ending in _NOTEBOOKS]:
        if file.is_file():
            return file.read_text(encoding="utf-8", errors="replace")
    return None


def located(bundle: Bundle, path: Path, text: str) -> File | None:
    """Where a path of the configuration leads on this disk; None for one of the workspace, or that only a deployment knows."""
    if text.startswith(_UPLOADED):
        return bundle.root / text.removeprefix(_UPLOADED).lstrip("/")
    plain = resolved(bundle, text)
    if "${" in plain or "://" in plain or plain.startswith(("/", "dbfs:")):
        return None
    return File(os.path.normpath(bundle.file_of(path).parent / plain))


def _kind(path: Path) -> str | None:
    names = tuple(part for part in path if isinstance(part, str))
    return next((kind for ends, kind in _NAMED.items() if names[-len(ends) :] == ends), None)


def _is_from_git(bundle: Bundle, path: Path, value: str) -> bool:
    job = path[:3]
    return path[1:2] == ("jobs",) and bundle.tree.get(*job, "git_source") is not None and not value.startswith((".", "${"))


def _missing(bundle: Bundle, path: Path, text: str, kind: str) -> Iterator[Problem]:
    place = located(bundle, path, text)
    if place is None:
        return
    if kind == "wheel":
        yield from _missing_wheel(bundle, path, text, place)
    elif kind == "pattern":
        if not any(place.parent.glob(place.name)) and not _globbed(place):
            yield bundle.problem(path, f"no file is like {text!r}")
    elif not any(File(f"{place}{ending}").exists() for ending in (_NOTEBOOKS if kind == "notebook" else ("",))):
        yield bundle.problem(path, f"there is no {kind} {_shown(bundle, place)}")


def _globbed(place: File) -> bool:
    """Whether a pattern with stars in its folders, ``src/**`` among them, finds something."""
    stars = [number for number, part in enumerate(place.parts) if "*" in part]
    fixed = File(*place.parts[: stars[0]]) if stars else place
    rest = place.relative_to(fixed).as_posix()
    return fixed.is_dir() and (any(fixed.iterdir()) if rest == "**" else any(fixed.glob(rest)))


def _missing_dependency(bundle: Bundle, path: Path, text: str) -> Iterator[Problem]:
    named = text.removeprefix("--editable ").removeprefix("-e ").removeprefix("-r ").strip()
    place = located(bundle, path, named) if named.startswith((".", _UPLOADED)) or named.endswith(".whl") else None
    if place is None:
        return
    if named.endswith(".whl"):
        yield from _missing_wheel(bundle, path, named, place)
    elif not place.exists():
        yield bundle.problem(path, f"there is no {_shown(bundle, place)}")


def _missing_wheel(bundle: Bundle, path: Path, text: str, place: File) -> Iterator[Problem]:
    if any(place.parent.glob(place.name)) or place.parent in wheel_folders(bundle):
        return
    yield bundle.problem(path, f"there is no wheel like {text!r}, and no artifact of type whl builds into {_shown(bundle, place.parent)}")


def wheel_folders(bundle: Bundle) -> list[File]:
    """Where the bundle's artifacts put the wheels they build."""
    found = []
    for name, artifact in (bundle.tree.get("artifacts") or {}).items():
        if isinstance(artifact, dict) and artifact.get("type") == "whl":
            start = located(bundle, ("artifacts", name, "path"), str(artifact.get("path", ".")))
            found += [] if start is None else [File(os.path.normpath(start / "dist"))]
    return found


def _shown(bundle: Bundle, place: File) -> str:
    return place.relative_to(bundle.root).as_posix() if place.is_relative_to(bundle.root) else str(place)

"""Files that a bundle names: notebooks, source files, queries, wheels; each must be there, or be built by an artifact."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path as File

from goldlane.bundles.loading import Bundle
from goldlane.bundles.problems import Path, Problem
from goldlane.bundles.tasks import items
from goldlane.bundles.trees import leaves
from goldlane.bundles.variables import resolved

# A notebook is named with or without its ending.
NOTEBOOKS = ("", ".py", ".ipynb", ".sql", ".scala", ".r", ".R")
_UPLOADED = "${workspace.file_path}"
# The extras of a folder that is installed.
_EXTRAS = re.compile(r"(?<=[\w}.])\[[\w, -]+\]$")
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
    ("jar",): "jar",
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


def located(bundle: Bundle, path: Path, text: str) -> File | None:
    """Where a path of the configuration leads on this disk; None for one of the workspace, or that only a deployment knows."""
    if text.startswith(_UPLOADED):
        if _uploads_more(bundle):
            return None
        return bundle.root / text.removeprefix(_UPLOADED).lstrip("/")
    plain = resolved(bundle, text)
    if "${" in plain or "://" in plain or plain.startswith(("/", "dbfs:")):
        return None
    place = File(os.path.normpath(bundle.file_of(path).parent / plain))
    # Two stars among other letters are one.
    return File(*(part if part == "**" else part.replace("**", "*") for part in place.parts))


def _uploads_more(bundle: Bundle) -> bool:
    """Whether folders around the bundle are uploaded with it: then their common parent is what the workspace has."""
    paths = bundle.tree.get("sync", "paths")
    return isinstance(paths, list) and any(str(path).startswith("..") for path in paths)


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
    if kind in ("wheel", "jar"):
        yield from _missing_built(bundle, path, text, place)
    elif kind == "pattern":
        if not any(place.parent.glob(place.name)) and not _globbed(place):
            yield bundle.problem(path, f"no file is like {text!r}")
    elif not any(File(f"{place}{ending}").exists() for ending in (NOTEBOOKS if kind == "notebook" else ("",))):
        yield bundle.problem(path, f"there is no {kind} {_shown(bundle, place)}")


def _globbed(place: File) -> bool:
    """Whether a pattern with stars in its folders, ``src/**`` among them, finds something."""
    stars = [number for number, part in enumerate(place.parts) if "*" in part]
    fixed = File(*place.parts[: stars[0]]) if stars else place
    rest = place.relative_to(fixed).as_posix()
    return fixed.is_dir() and (any(fixed.iterdir()) if rest == "**" else any(fixed.glob(rest)))


def _missing_dependency(bundle: Bundle, path: Path, text: str) -> Iterator[Problem]:
    named = _EXTRAS.sub("", text.removeprefix("--editable ").removeprefix("-e ").removeprefix("-r ").strip())
    place = located(bundle, path, named) if named.startswith((".", _UPLOADED)) or named.endswith(".whl") else None
    if place is None:
        return
    if named.endswith(".whl"):
        yield from _missing_built(bundle, path, named, place)
    elif not place.exists():
        yield bundle.problem(path, f"there is no {_shown(bundle, place)}")


def _missing_built(bundle: Bundle, path: Path, text: str, place: File) -> Iterator[Problem]:
    if any(place.parent.glob(place.name)) or place.parent in built_folders(bundle):
        return
    kind, name = ("jar", "jar") if text.endswith(".jar") else ("wheel", "whl")
    into = _shown(bundle, place.parent)
    yield bundle.problem(path, f"there is no {kind} like {text!r}, and no artifact of type {name} builds into {into}")


def built_folders(bundle: Bundle) -> list[File]:
    """Where the bundle's artifacts put what they build; without artifacts, a ``setup.py`` beside the bundle is one."""
    artifacts = bundle.tree.map("artifacts")
    if not artifacts and (bundle.root / "setup.py").is_file():
        return [bundle.root / "dist"]
    found: list[File | None] = []
    for name, artifact in artifacts.items():
        path: Path = ("artifacts", name)
        if not isinstance(artifact, dict):
            continue
        if artifact.get("type", "whl") == "whl":
            start = located(bundle, (*path, "path"), str(artifact.get("path", ".")))
            found.append(None if start is None else start / "dist")
        sources = [(where, str(file.get("source"))) for where, file in items((*path, "files"), artifact.get("files"))]
        found += [None if file is None else file.parent for file in (located(bundle, *source) for source in sources)]
    return [folder for folder in found if folder is not None]


def _shown(bundle: Bundle, place: File) -> str:
    return place.relative_to(bundle.root).as_posix() if place.is_relative_to(bundle.root) else str(place)

"""The folders around source files: where imports, ``%run`` and ``/Workspace`` paths are looked for."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

_CHECKOUT = (".git",)
_PROJECT = ("pyproject.toml", "databricks.yml", "setup.py")
# Without any mark of a project a helper lies near.
_NEAR, _FAR = 3, 8
WORKSPACE = ("/Workspace/", "/Repos/", "/Users/", "/Shared/")


def folders_around(files: Iterable[Path], root: Path) -> tuple[Path, ...]:
    """The folders that helpers are imported from: each file's, the root, the files' parents up to their checkout, and its ``src``.

    On Databricks a pipeline's root is a setting, so public code says ``from utils import x`` for whichever folder its author set.
    """
    found = [root]
    for file in files:
        found += [file.parent]
    for file in files:
        found += _parents(file)
    return tuple(dict.fromkeys(found))


def find_around(path: str, folders: Iterable[Path], suffixes: tuple[str, ...] = ("",)) -> Path | None:
    """A path of the workspace as it lies in ``folders``: by its longest end that exists there."""
    parts = Path(path).parts[1:]
    for start in range(len(parts)):
        for folder in folders:
            for suffix in suffixes:
                candidate = folder.joinpath(*parts[start:])
                candidate = candidate.with_name(candidate.name + suffix)
                if candidate.exists():
                    return candidate
    return None


def hides_python(folder: Path) -> bool:
    """Whether a folder holds a ``calendar.py`` or the like: first on a path, as a worker's PYTHONPATH is, it would break Python."""
    modules = (entry.stem for entry in folder.glob("*.py"))
    packages = (entry.parent.name for entry in folder.glob("*/__init__.py"))
    return any(name in sys.stdlib_module_names for name in (*modules, *packages))


def _parents(file: Path) -> Iterator[Path]:
    parents = [parent for parent in file.parents if not _is_nobodys(parent)][:_FAR]
    last = _last(parents)
    yield from parents[: last + 1]
    if parents and (parents[last] / "src").is_dir():
        yield parents[last] / "src"


def _last(parents: list[Path]) -> int:
    for marks in (_CHECKOUT, _PROJECT):
        for position, parent in enumerate(parents):
            if any((parent / mark).exists() for mark in marks):
                return position
    return min(_NEAR, len(parents) - 1)


def _is_nobodys(folder: Path) -> bool:
    """Whether a folder is the machine's or the user's, not a project's."""
    return folder in {Path(folder.anchor), Path.home(), Path(tempfile.gettempdir())}

"""``goldlane init``: a small project that works, to start from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated

import typer

from goldlane.cli.output import progress, results
from goldlane.errors import UsageError

_SUFFIX = ".template"
_HIDDEN = {"gitignore": ".gitignore"}


def init(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="A new folder, or one that holds nothing but hidden files, as .venv.")],
) -> None:
    """Write a small working project: a pipeline, a feature table, their rules and tests, a bundle."""
    written = dict(_files(files("goldlane.cli") / "starter"))
    _require_room(directory, written)
    name = _name(directory)
    try:
        for path, text in written.items():
            target = directory / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text.replace("{{name}}", name), encoding="utf-8")
            progress().print(str(target), markup=False)
    except OSError as refused:
        raise UsageError(f"cannot write to {directory}: {refused.strerror}", hint="name another folder") from refused
    there = [] if directory.resolve() == Path.cwd() else [f"cd {directory}"]
    results().print("\n  ".join([f"{name} is there. Next:", *there, "make test", "make features"]), markup=False)


def _require_room(directory: Path, written: Iterable[str]) -> None:
    """Nothing that somebody made is touched. Beside .git and .venv there is room."""
    if directory.exists() and not directory.is_dir():
        raise UsageError(f"{directory} is a file", hint="name a new folder")
    try:
        there = {each.name for each in directory.iterdir()} if directory.is_dir() else set()
    except OSError as refused:
        raise UsageError(f"cannot read {directory}: {refused.strerror}", hint="name another folder") from refused
    taken = sorted(name for name in there if not name.startswith(".") or name in written)
    if taken:
        raise UsageError(f"{directory} is not empty: it has {', '.join(taken[:3])}", hint="name a new folder")


def _name(directory: Path) -> str:
    """The folder's name as a project may be called."""
    return re.sub(r"[^a-z0-9]+", "-", directory.resolve().name.lower()).strip("-") or "orders"


def _files(folder: Traversable, below: str = "") -> Iterator[tuple[str, str]]:
    """The paths and texts of the project, sorted."""
    for each in sorted(folder.iterdir(), key=lambda found: found.name):
        if each.is_dir():
            yield from _files(each, f"{below}{each.name}/")
        elif each.name.endswith(_SUFFIX):
            name = each.name.removesuffix(_SUFFIX)
            yield below + _HIDDEN.get(name, name), each.read_text(encoding="utf-8")

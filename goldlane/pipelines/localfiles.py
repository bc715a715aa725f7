"""Plain Python file access to paths of the platform: ``open("/Volumes/...")`` goes where ``--map`` says."""

from __future__ import annotations

import builtins
import io
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from goldlane.pipelines.paths import mapped_path
from goldlane.pipelines.surroundings import WORKSPACE, find_around

# What open(), os.path, glob, pathlib and shutil come down to.
_FUNCTIONS: tuple[tuple[Any, str], ...] = (
    (builtins, "open"),
    (io, "open"),
    (os, "open"),
    (os, "stat"),
    (os, "lstat"),
    (os, "listdir"),
    (os, "scandir"),
    (os, "mkdir"),
    (os, "unlink"),
    (os, "rmdir"),
    (os, "rename"),
    (os, "replace"),
)


@contextmanager
def local_files(mapped: Mapping[str, str], folders: Sequence[Path]) -> Iterator[None]:
    """Let Python's file functions know the mapped prefixes, and find files of the workspace around the sources.

    Other paths are left alone. It holds for the whole process, as Python's file functions do, and only as long as a pipeline is there.
    """
    # /Users is the workspace's on the platform, and a real folder on a Mac.
    workspace = tuple(prefix for prefix in WORKSPACE if prefix != "/Users/")
    prefixes = (*(spelling for prefix in mapped if prefix != "/" for spelling in (prefix, f"/dbfs{prefix}", f"dbfs:{prefix}")), *workspace)
    before = [(owner, name, getattr(owner, name)) for owner, name in _FUNCTIONS]

    def local(path: Any) -> Any:
        text = os.fspath(path) if isinstance(path, str | os.PathLike) else None
        if not isinstance(text, str) or not text.startswith(prefixes):
            return path
        found = mapped_path(text, mapped)
        if found != text or not text.startswith(workspace):
            return found
        return _in_workspace(text, folders) or path

    for owner, name, function in before:
        setattr(owner, name, _with_local_paths(function, local))
    try:
        yield
    finally:
        for owner, name, function in before:
            setattr(owner, name, function)


def _in_workspace(path: str, folders: Sequence[Path]) -> str | None:
    found = find_around(path, folders)
    return str(found) if found else None


def _with_local_paths(function: Callable[..., Any], local: Callable[[Any], Any]) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        # Two of them take two paths.
        return function(*map(local, args[:2]), *args[2:], **kwargs)

    return call

"""Where in the user's files something stands: errors and declarations carry it."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

_HERE = f"{Path(__file__).resolve().parents[1]}{os.sep}"


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a source file."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


def is_users(file: str, folders: Iterable[Path]) -> bool:
    """Whether a file belongs to the pipeline: it lies under ``folders``, and is neither an installed package nor Goldlane's."""
    if "site-packages" in file or file.startswith(_HERE):
        return False
    return any(file.startswith(f"{folder}{os.sep}") for folder in folders)


def place_of_caller() -> Place | None:
    """The nearest line on the stack that is not Goldlane's: where the user declared the thing."""
    frame = sys._getframe(1)  # noqa: SLF001  inspect.stack() reads every file on the stack, a hundred times slower
    while frame is not None:
        file = frame.f_code.co_filename
        if not file.startswith((_HERE, "<frozen", "<string")):
            return Place(file, frame.f_lineno)
        frame = frame.f_back  # type: ignore[assignment]
    return None


def place_of_function(function: Callable[..., Any]) -> Place | None:
    """The line where a function begins, its decorators included."""
    code = getattr(function, "__code__", None)
    return Place(code.co_filename, code.co_firstlineno) if code else None


def place_of_error(trace: TracebackType | None, root: Path) -> Place | None:
    """The deepest line of a traceback that lies under ``root`` (the pipeline's), else None."""
    prefix = f"{root}{os.sep}"
    lines = [entry for entry in traceback.extract_tb(trace) if entry.filename.startswith(prefix) and "site-packages" not in entry.filename]
    ours = [entry for entry in lines if not entry.filename.startswith(_HERE)]
    return Place(ours[-1].filename, ours[-1].lineno or 0) if ours else None

"""Why a task failed, as its reader needs it: one message, the user's file and line, and the notebook's cell."""

from __future__ import annotations

import json
import traceback
from pathlib import Path

from goldlane.bundles.running.results import Fault
from goldlane.errors import GoldlaneError, first_line
from goldlane.pipelines.places import Place, place_of_error
from goldlane.pipelines.shim import is_imported

_COMMAND = "# COMMAND ----------"


def fault_of(error: BaseException, root: Path) -> Fault | None:
    """The fault behind what a task raised; None for an exit that says that all is well. The traceback goes to the log."""
    if isinstance(error, SystemExit):
        return _exited(error)
    traceback.print_exception(error)
    if isinstance(error, SyntaxError) and error.filename:
        return _fault(error, f"not valid Python: {error.msg}", Place(error.filename, error.lineno or 1))
    said = Place(error.file, error.line) if isinstance(error, GoldlaneError) and error.file and error.line else None
    return _fault(error, _message(error), said or place_of_error(error.__traceback__, root))


def _exited(error: SystemExit) -> Fault | None:
    if error.code in (None, 0):
        return None
    text = f"it exited with code {error.code}" if isinstance(error.code, int) else f"it exited: {error.code}"
    return Fault(kind="SystemExit", message=text)


def _message(error: BaseException) -> str:
    if isinstance(error, GoldlaneError):
        return error.message + (f" ({error.hint})" if error.hint else "")
    if not is_imported("pyspark"):
        return f"{type(error).__name__}: {first_line(error)}"
    from goldlane.pipelines.failures import message_of

    return message_of(error)


def _fault(error: BaseException, message: str, place: Place | None) -> Fault:
    if place is None:
        return Fault(kind=type(error).__name__, message=message)
    cell, line = _cell(Path(place.file), place.line)
    return Fault(kind=type(error).__name__, message=message, file=place.file, line=line, cell=cell)


def _cell(file: Path, line: int) -> tuple[int | None, int]:
    """The cell of a notebook in which a line stands, counted from 1, and the line's number: in an .ipynb, inside the cell."""
    if file.suffix == ".ipynb":
        return _ipynb_cell(file, line)
    lines = file.read_text(encoding="utf-8-sig", errors="replace").splitlines() if file.is_file() else []
    if not lines or not lines[0].startswith("# Databricks notebook source"):
        return None, line
    return 1 + sum(text.strip() == _COMMAND for text in lines[: line - 1]), line


def _ipynb_cell(file: Path, line: int) -> tuple[int | None, int]:
    """Its code cells were run as one text, one after the other."""
    left = line
    for number, cell in enumerate(json.loads(file.read_text(encoding="utf-8"))["cells"], 1):
        size = len("".join(cell["source"]).splitlines()) if cell["cell_type"] == "code" else 0
        if 0 < left <= size:
            return number, left
        left -= size
    return None, line

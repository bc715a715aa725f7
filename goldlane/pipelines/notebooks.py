"""Source files as Python text, line by line at their own numbers: plain .py, Databricks notebook source, and .ipynb."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from goldlane.errors import UsageError

_HEADER = "# Databricks notebook source"
_MAGIC = re.compile(r"^#\s*MAGIC\s?(.*)$")
_RUN = re.compile(r"^%run\s+(\S+)")


@dataclass(frozen=True, slots=True)
class Run:
    """A notebook that ``%run`` names, and the line that does."""

    target: str
    line: int


@dataclass(frozen=True, slots=True)
class Code:
    """Python to execute. ``runs`` are loaded before it, in the same globals."""

    text: str
    runs: tuple[Run, ...] = ()


def read_code(file: Path) -> Code:
    """The Python of a source file; magics other than ``%run`` become comments, so that line numbers stay the file's.

    Raises:
        UsageError: an .ipynb that is no JSON notebook, or a file that is not UTF-8 text.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"not UTF-8 text: {error}", file=str(file)) from error
    if file.suffix == ".ipynb":
        return _from_ipynb(file, text)
    return _from_source(text) if text.startswith(_HEADER) else Code(text)


def _from_source(text: str) -> Code:
    magics = ((_MAGIC.match(line), number) for number, line in enumerate(text.splitlines(), 1))
    return Code(text, tuple(run for magic, number in magics if magic for run in _runs(magic.group(1), number)))


def _runs(magic: str, line: int) -> list[Run]:
    found = _RUN.match(magic)
    return [Run(found.group(1).strip("\"'"), line)] if found else []


def _from_ipynb(file: Path, text: str) -> Code:
    try:
        cells = [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError("not a Jupyter notebook", file=str(file), hint="open and save it with Jupyter again") from error
    lines: list[str] = []
    runs: list[Run] = []
    for cell in cells:
        source = "".join(cell["source"]).splitlines()
        whole_cell_magic = bool(source) and source[0].startswith("%%")
        for line in source:
            runs += _runs(line, len(lines) + 1)
            lines.append(f"# {line}" if whole_cell_magic or line.lstrip().startswith(("%", "!")) else line)
    return Code("\n".join(lines) + "\n", tuple(runs))

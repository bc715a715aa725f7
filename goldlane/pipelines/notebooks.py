"""Source files as Python text, line by line at their own numbers: plain .py, Databricks notebook source, and .ipynb."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from goldlane.errors import UsageError

RUN = "__goldlane_run__"
_HEADER = "# Databricks notebook source"
_MAGIC = re.compile(r"^#\s*MAGIC\s?(.*)$")
_RUN = re.compile(r"^(\s*)%run\s+(\"[^\"]+\"|'[^']+'|\S+)(.*)$")
_PARAMETER = re.compile(r"\$(\w+)\s*=\s*(\"[^\"]*\"|'[^']*'|\S+)")
_LANGUAGES = ("%md", "%sql", "%scala", "%r", "%sh", "%fs", "%html")
_INSTALLS = ("%pip", "!pip", "%conda", "!conda", "%uv", "!uv")


@dataclass(frozen=True, slots=True)
class Run:
    """A notebook that ``%run`` names, the line that does, and the widgets it sets."""

    target: str
    line: int
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Install:
    """A line that installs packages on the platform: noted, never executed."""

    command: str
    line: int


@dataclass(frozen=True, slots=True)
class Code:
    """Python to execute. Where a ``%run`` stood it calls ``__goldlane_run__`` with the position of its entry in ``runs``."""

    text: str
    runs: tuple[Run, ...] = ()
    installs: tuple[Install, ...] = ()


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
        return _code(_ipynb_lines(file, text))
    return _code(_source_lines(text)) if text.startswith(_HEADER) else Code(text)


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of a notebook, and the magic it is, if any. A magic that already is a comment may stay as it is."""

    text: str
    magic: str = ""


def _code(lines: Iterator[_Line]) -> Code:
    written: list[str] = []
    runs: list[Run] = []
    installs: list[Install] = []
    for number, line in enumerate(lines, 1):
        run = _RUN.match(line.magic)
        if run:
            written.append(f"{run.group(1)}{RUN}({len(runs)})")
            given = {name: value.strip("\"'") for name, value in _PARAMETER.findall(run.group(3))}
            runs.append(Run(run.group(2).strip("\"'"), number, given))
        else:
            written.append(line.text)
            installs += [Install(line.magic.strip(), number)] if line.magic.lstrip().startswith(_INSTALLS) else []
    return Code("\n".join(written) + "\n", tuple(runs), tuple(installs))


def _source_lines(text: str) -> Iterator[_Line]:
    """Databricks source: magics stand in comments; some people leave them bare, which Databricks takes, too."""
    for line in text.splitlines():
        magic = _MAGIC.match(line)
        bare = line if line.startswith(("%", "!")) else ""
        yield _Line(f"# {line}" if bare else line, magic.group(1).strip() if magic else bare)


def _ipynb_lines(file: Path, text: str) -> Iterator[_Line]:
    try:
        cells = [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
        sources = ["".join(cell["source"]).splitlines() for cell in cells]
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError("not a Jupyter notebook", file=str(file), hint="open and save it with Jupyter again") from error
    for source in sources:
        yield from _cell_lines(source)


def _cell_lines(source: Sequence[str]) -> Iterator[_Line]:
    first = next((line for line in source if line.strip()), "")
    foreign = first.startswith("%%") or first.split(maxsplit=1)[:1] in [[language] for language in _LANGUAGES]
    continued = False
    for line in source:
        magic = continued or line.lstrip().startswith(("%", "!"))
        if foreign:
            yield _Line(f"# {line}")
        elif magic and line[:1].isspace() and not continued:
            # Inside a block something must stand.
            yield _Line(f"{line[: len(line) - len(line.lstrip())]}pass  # {line.lstrip()}", line)
        else:
            yield _Line(f"# {line}", line) if magic else _Line(line)
        continued = magic and line.rstrip().endswith("\\")

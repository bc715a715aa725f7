"""What is wrong with a bundle, and where."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

Path: TypeAlias = tuple["str | int", ...]
Severity: TypeAlias = Literal["error", "warning"]


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Place:
    """A line of a file of the bundle; the file is named from the bundle's folder."""

    file: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One mistake. ``path`` is where it stands in the configuration, such as ``resources.jobs.refresh.tasks[0].task_key``."""

    file: str
    line: int | None
    path: str
    message: str
    severity: Severity = "error"

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        severity = "" if self.severity == "error" else f"{self.severity}: "
        return f"{place}: {severity}{self.path + ': ' if self.path else ''}{self.message}"


def spelled(path: Path) -> str:
    """The path as people write it: fields after dots, positions in brackets."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def nearest(name: object, known: Iterable[str]) -> str:
    """``; is it 'x'?`` when one of ``known`` is much like ``name``, else which there are."""
    names = sorted(known)
    close = get_close_matches(str(name), names, n=1)
    return f"; is it {close[0]!r}?" if close else f"; known are {', '.join(names) or 'none'}"

"""From what Spark raised to what a person reads: the cause first, in the user's file, without a Java stack trace."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from goldlane.expectations import violation
from goldlane.pipelines.errors import ExpectationError
from goldlane.pipelines.places import Place, place_of_error

_JAVA_CLASS = re.compile(r"^(?:[\w$]+\.)+[\w$]*(?:Exception|Error):\s*")
_NOISE = re.compile(r"\s*(SQLSTATE: \w{5})?;?\s*$")
_NO_SETTING = re.compile(r'\[SQL_CONF_NOT_FOUND\] The SQL config "([^"]+)"')
# These say in which file or stage it happened; what happened stands in their cause.
_WRAPPERS = ("[TASK_WRITE_FAILED]", "Job aborted")
_APPEND_ONLY = ("DELTA_SOURCE_TABLE_IGNORE_CHANGES", "DELTA_SOURCE_IGNORE_DELETE", "Detected a data update", "Detected deleted data")


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a dataset failed."""

    kind: str
    message: str
    place: Place | None = None


def failure_of(error: BaseException, trace: TracebackType | None, root: Path, fallback: Place | None) -> Failure:
    """The failure of a flow; its place is the user's line that raised, else the dataset's declaration."""
    place = error.place if isinstance(error, ExpectationError) else place_of_error(trace, root)
    return Failure(type(error).__name__, message_of(error), place or fallback)


def message_of(error: BaseException) -> str:
    """One readable text: a broken expectation as itself, a Spark error by its first sentence."""
    if isinstance(error, ExpectationError):
        return error.message
    broken = violation(error)
    if broken:
        return broken
    from goldlane.pipelines.autoloader import explain

    files = explain(error)
    if files is not None:
        return str(files)
    java = getattr(error, "java_exception", None)
    text = str(_cause(java).toString() if java is not None else error).strip() or type(error).__name__
    setting = _NO_SETTING.search(text)
    if setting:
        return f"there is no setting {setting.group(1)!r}; give it with --conf {setting.group(1)}=VALUE"
    if any(mark in text for mark in _APPEND_ONLY):
        return (
            "a source table of this stream was updated or deleted from, and a stream needs an append-only source; "
            "read it as a batch, build on it with AUTO CDC, or pass the option skipChangeCommits to skip such commits"
        )
    return _NOISE.sub("", _first_sentence(text))


def _cause(java: Any) -> Any:
    while java.getCause() is not None and any(mark in java.toString() for mark in _WRAPPERS):
        java = java.getCause()
    return java


def _first_sentence(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    causes = [line for line in lines if line.startswith("Caused by: ")]
    line = causes[-1].removeprefix("Caused by: ") if causes else lines[0]
    if line.endswith("=== Streaming Query ===") or "terminated with exception:" in line:
        line = line.split("terminated with exception:", 1)[-1].strip() or line
    return _JAVA_CLASS.sub("", line)

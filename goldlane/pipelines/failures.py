"""From what Spark raised to what a person reads: the cause first, in the user's file, without a Java stack trace."""

from __future__ import annotations

import os
import re
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from goldlane.errors import GoldlaneError
from goldlane.expectations import violation
from goldlane.pipelines.errors import ExpectationError
from goldlane.pipelines.places import Place, place_of_error
from goldlane.pipelines.sparkwords import in_our_words, place_in

_JAVA_CLASS = re.compile(r"^(?:[\w$]+\.)+[\w$]*(?:Exception|Error):\s*")
_NOISE = re.compile(r"\s*(SQLSTATE: \w{5})?;?\s*$")
_POSITION = re.compile(r" SQLSTATE: \w{5}(?:;| \()\s*line (?P<line>\d+),? pos (?P<column>\d+)\)?.*$", re.DOTALL)
# Their texts alone ('price') say too little.
_NAMED = (LookupError, AttributeError, TypeError, NameError, ValueError, ArithmeticError, AssertionError, ImportError)
# These say in which file or stage it happened; what happened stands in their cause.
_WRAPPERS = ("[TASK_WRITE_FAILED]", "Job aborted")


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a dataset failed; ``flow`` is the one of its flows that did, where that is known."""

    kind: str
    message: str
    place: Place | None = None
    flow: str | None = None


def failure_of(error: BaseException, trace: TracebackType | None, root: Path, fallback: Place | None) -> Failure:
    """The failure of a flow; its place is the user's line that raised, else the dataset's declaration."""
    print_trace(error)
    place = error.place if isinstance(error, ExpectationError) else place_in(_all_of(error), root) or place_of_error(trace, root)
    return Failure(type(error).__name__, message_of(error), place or fallback, getattr(error, "goldlane_flow", None))


def print_trace(error: BaseException) -> None:
    """With ``GOLDLANE_TRACE=1`` print all there is of an error that is told in one line: Python's traceback, and Java's."""
    if not os.environ.get("GOLDLANE_TRACE"):
        return
    sys.stderr.write("".join(traceback.format_exception(error)))
    java = getattr(error, "_stackTrace", None)
    if java:
        sys.stderr.write(f"{java}\n")


def message_of(error: BaseException) -> str:
    """One readable text: a broken expectation as itself, a Spark error in our words or by its first sentence."""
    from goldlane.pipelines.autoloader import explain

    if isinstance(error, GoldlaneError):
        # It is in our words already.
        return error.message if isinstance(error, ExpectationError) else str(error)
    known = violation(error) or explain(error) or in_our_words(_all_of(error))
    if known is not None:
        return str(known)
    if isinstance(error, _NAMED) and type(error).__module__ == "builtins":
        return f"{type(error).__name__}: {error}"
    java = getattr(error, "java_exception", None)
    text = str(_cause(java).toString() if java is not None else error).strip() or type(error).__name__
    return _place_in_sql(_NOISE.sub("", _first_sentence(text)))


def _all_of(error: BaseException) -> str:
    """An error's text, and its Java trace, in which the causes stand."""
    return f"{error}\n{getattr(error, '_stackTrace', '')}"


def _place_in_sql(text: str) -> str:
    found = _POSITION.search(text)
    return f"{text[: found.start()]} (line {found['line']}, column {int(found['column']) + 1} of the SQL text)" if found else text


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
    return _JAVA_CLASS.sub("", line).removeprefix("[USER_RAISED_EXCEPTION] ")

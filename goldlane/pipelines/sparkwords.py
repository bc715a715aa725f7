"""What Spark says, in the words of somebody who wrote a pipeline; what is not known here stays Spark's own first sentence."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from goldlane.pipelines.places import Place

_NO_COLUMN = re.compile(
    r"\[UNRESOLVED_COLUMN[^\]]*\] A column, variable, or function parameter with name (?P<name>`.*?`) cannot be resolved\."
    r"(?: Did you mean one of the following\? \[(?P<close>[^\]]*)\])?"
)
_PYTHON = re.compile(r"Traceback \(most recent call last\):\n(?P<frames>(?:  .*\n)+)(?P<error>\w[^\n]*)")
_NO_SETTING = re.compile(r'\[SQL_CONF_NOT_FOUND\] The SQL config "([^"]+)"')
_NO_FUNCTION = re.compile(r"\[UNRESOLVED_ROUTINE\] Cannot resolve routine (?P<name>`.*?`)")
_APPEND_ONLY = re.compile(
    r"(?:DELTA_SOURCE_TABLE_IGNORE_CHANGES|DELTA_SOURCE_IGNORE_DELETE|Detected a data update|Detected deleted data)"
    r"(?:.*? at version (?P<version>\d+))?(?:.*? can be found at path (?:file:)?(?P<path>\S+?)\.?(?:\s|$))?",
    re.DOTALL,
)
_CALLED = re.compile(r"was called from\s*\n(?P<file>[^\n]+?):(?P<line>\d+)")
_FRAME = re.compile(r'File "(?P<file>[^"]+)", line (?P<line>\d+)')


def in_our_words(text: str) -> str | None:
    """What ``text``, all of an error of Spark's, means; None where nobody has put it in words."""
    for pattern, words in _WORDS.items():
        found = pattern.search(text)
        if found:
            return words(found)
    return None


def place_in(text: str, root: Path) -> Place | None:
    """The user's line that an error's text blames: of the call that made a column, or of a Python function that a worker ran."""
    frames = [*_CALLED.finditer(text), *_FRAME.finditer(text)]
    ours = [found for found in frames if found["file"].startswith(f"{root}/") and "site-packages" not in found["file"]]
    return Place(ours[-1]["file"], int(ours[-1]["line"])) if ours else None


def _no_column(found: Any) -> str:
    close = [name.strip().replace("`", "") for name in (found["close"] or "").split(",") if name.strip()]
    hint = f"; did you mean {close[0]!r}? There are {', '.join(close)}" if close else ""
    return f"there is no column {found['name'].replace('`', '')!r}{hint}"


def _no_setting(found: Any) -> str:
    return f"there is no setting {found.group(1)!r}; give it with --conf {found.group(1)}=VALUE"


def _no_function(found: Any) -> str:
    return f"there is no SQL function {found['name'].replace('`', '')!r}; is it misspelt, or registered in a file that is not loaded?"


def _append_only(found: Any) -> str:
    where = f" (version {found['version']} of {found['path']})" if found["version"] and found["path"] else ""
    return (
        f"a source table of this stream was updated or deleted from{where}, and a stream needs an append-only source; "
        "read it as a batch, build on it with AUTO CDC, or pass the option skipChangeCommits to skip such commits"
    )


def _python(found: Any) -> str:
    return f"a Python function raised {found['error'].strip()}"


_WORDS: dict[re.Pattern[str], Callable[[Any], str]] = {
    _NO_COLUMN: _no_column,
    _NO_SETTING: _no_setting,
    _NO_FUNCTION: _no_function,
    _APPEND_ONLY: _append_only,
    _PYTHON: _python,
}

"""What commands print: results on stdout (one JSON document with ``--json``), progress and errors on stderr."""

from __future__ import annotations

import json
import sys
from contextlib import AbstractContextManager, redirect_stdout
from typing import TYPE_CHECKING

from goldlane.features.online.json_values import as_text

if TYPE_CHECKING:
    from rich.console import Console


# A pipe has no width: nothing is cut to fit one.
_WIDE = 240


def print_json(document: object) -> None:
    """Print exactly one JSON document on stdout; times are ISO 8601 in UTC, decimals are text, bytes hexadecimal digits."""
    sys.stdout.write(json.dumps(document, default=as_text, ensure_ascii=False, allow_nan=False) + "\n")
    sys.stdout.flush()


def prints_aside() -> AbstractContextManager[object]:
    """What source files print goes to stderr meanwhile; stdout is for the result alone."""
    return redirect_stdout(sys.stderr)


def results() -> Console:
    """The console for results."""
    from rich.console import Console

    return Console(highlight=False, soft_wrap=not sys.stdout.isatty(), width=None if sys.stdout.isatty() else _WIDE)


def progress() -> Console:
    """The console for progress and errors; never mixed into a result."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, soft_wrap=not sys.stderr.isatty())

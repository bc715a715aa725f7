"""A name that is no column, and the one that was probably meant."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches


def unknown_column(name: object, columns: Sequence[str], whose: str) -> str:
    """That ``name`` is none of ``columns``, which are those of ``whose``; with the nearest one, as Spark compares names, or all of them."""
    spellings = {column.lower(): column for column in columns}
    close = get_close_matches(str(name).lower(), spellings, n=1)
    known = f"is it {spellings[close[0]]!r}?" if close else f"known are {', '.join(columns)}"
    return f"{name!r} is no column of {whose}; {known}"

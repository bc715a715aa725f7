"""A rule's predicate as its author knows it."""

from __future__ import annotations

import re

_TWO_VALUED = re.compile(r"coalesce\(\((?P<asked>.*)\), (?P<null>true|false)\)", re.DOTALL)


def as_written(predicate: str) -> str:
    """The predicate without what makes it two-valued (``Rule.sql``)."""
    found = _TWO_VALUED.fullmatch(predicate)
    return predicate if found is None else found["asked"] + (" (or NULL)" if found["null"] == "true" else "")

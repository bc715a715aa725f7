"""What of a store's URL may be printed."""

from __future__ import annotations

import re

_SECRET = re.compile(r"(password|token|secret)\s*=.*", re.IGNORECASE | re.DOTALL)


def masked(url: object) -> str:
    """Scheme and what follows the last @, where no password or token can be, without the options."""
    scheme, separator, rest = str(url).partition("://")
    if not separator:
        scheme, rest = "", scheme
    before, at, after = rest.rpartition("@")
    if "?" in before:
        # An @ among the options, or a ? in a password: nobody can say which, so nothing of it is told.
        return f"{scheme}{separator}***"
    place = _SECRET.sub(r"\1=***", (after if at else rest).partition("?")[0])
    return f"{scheme}{separator}{'***@' if at else ''}{place}"

"""SciPy, which only the extra ``monitoring`` brings; ``scipy.stats`` alone takes most of a second to import."""

from __future__ import annotations

from typing import Any

from goldlane.errors import MissingExtraError


def special(needed_for: str) -> Any:
    """``scipy.special``.

    Raises:
        MissingExtraError: SciPy is not installed.
    """
    try:
        import scipy.special
    except ImportError as missing:
        raise MissingExtraError("monitoring", needed_for=needed_for) from missing
    return scipy.special


def stats(needed_for: str) -> Any:
    """``scipy.stats``.

    Raises:
        MissingExtraError: SciPy is not installed.
    """
    try:
        import scipy.stats
    except ImportError as missing:
        raise MissingExtraError("monitoring", needed_for=needed_for) from missing
    return scipy.stats

"""SciPy, which only the extra ``monitoring`` brings; ``scipy.stats`` alone takes most of a second to import."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from goldlane.errors import MissingExtraError


def need_scipy(needed_for: str) -> None:
    """Say what is missing before any work is done.

    Raises:
        MissingExtraError: SciPy is not installed.
    """
    if find_spec("scipy") is None:
        raise MissingExtraError("monitoring", needed_for=needed_for)


def special() -> Any:
    """``scipy.special``; ``MissingExtraError`` where there is no SciPy."""
    need_scipy("a p-value")
    import scipy.special

    return scipy.special


def stats() -> Any:
    """``scipy.stats``; ``MissingExtraError`` where there is no SciPy."""
    need_scipy("a p-value")
    import scipy.stats

    return scipy.stats

"""Names that no two rules share; SQL tells none apart by case."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain, count


def free_name(name: str, taken: Iterable[str]) -> str:
    """``name``, or the first of ``name_2``, ``name_3`` ... that is not ``taken``."""
    used = {other.lower() for other in taken}
    names = chain([name], (f"{name}_{number}" for number in count(2)))
    return next(free for free in names if free.lower() not in used)

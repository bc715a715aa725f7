"""The patterns of regular texts, out of the shapes of all of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

_CLASSES: Mapping[str, str] = {"A": "[A-Z]", "a": "[a-z]", "9": "[0-9]"}

Kinds = tuple[str, ...]
"""A shape without the lengths of its runs: ``('A', '-', '9')`` for ``AA-9999``."""


def by_kinds(shapes: Iterable[tuple[str, int]]) -> dict[Kinds, tuple[int, list[tuple[int, ...]]]]:
    """Shapes that differ only in the lengths of their runs together: how many rows have them, and the lengths that were seen."""
    found: dict[Kinds, tuple[int, list[tuple[int, ...]]]] = {}
    for shape, count in shapes:
        runs = [(kind, len(list(run))) for kind, run in groupby(shape)]
        kinds = tuple(kind for kind, _ in runs)
        rows, lengths = found.get(kinds, (0, []))
        found[kinds] = (rows + count, [*lengths, tuple(length for _, length in runs)])
    return found


def pattern(several: Mapping[Kinds, Sequence[tuple[int, ...]]]) -> str:
    """A regular expression of Java's that the whole text must match."""
    alternatives = [_alternative(kinds, lengths) for kinds, lengths in several.items()]
    body = alternatives[0] if len(alternatives) == 1 else f"(?:{'|'.join(alternatives)})"
    return rf"\A{body}\z"


def _alternative(kinds: Kinds, lengths: Sequence[tuple[int, ...]]) -> str:
    """Runs that always had one length keep it; of others more may come."""
    parts = []
    for place, kind in enumerate(kinds):
        seen = {one[place] for one in lengths}
        part = _CLASSES.get(kind) or re.escape(kind)
        parts.append(part + ("+" if len(seen) > 1 else "" if seen == {1} else f"{{{seen.pop()}}}"))
    return "".join(parts)

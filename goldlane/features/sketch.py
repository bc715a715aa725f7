"""How many different values, from the smallest of their hashes: exact when few, an estimate of fixed size when many. Plain Python.

Hashes are spread evenly over 64 signed bits. Fewer than ``SIZE`` of them are simply counted. Of more, the ``SIZE`` smallest are kept: the
place of the last one among all 64-bit numbers says how dense they lie. The estimate's standard error is
``1 / sqrt(SIZE - 2)``, 3.1 %. The smallest hashes of two sets together are the smallest of both sets' smallest, so sketches merge exactly.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

SIZE = 1024

_ALL = 2.0**64
_LEAST = -(2.0**63)


def union(left: Collection[int], right: Collection[int]) -> list[int]:
    """The sketch of both sets together."""
    return sorted({*left, *right})[:SIZE]


def distinct_values(hashes: Collection[int]) -> int:
    """How many values the sketch has seen; an estimate from ``SIZE`` hashes on."""
    return len(hashes) if len(hashes) < SIZE else int(density(float(max(hashes))))


def density(greatest: Any) -> Any:
    """The number of hashes that fill 64 bits as the sketch's do up to its ``greatest``; a double in Python or a column of them in Spark."""
    return (SIZE - 1) * _ALL / (greatest - _LEAST)

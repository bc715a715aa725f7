"""Verdicts as bits: one long column per 63 predicates, so that each predicate is evaluated once per row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import count
from operator import or_
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

_BITS = 63  # the sign bit of a long stays free


@dataclass(frozen=True, slots=True, kw_only=True)
class Masks:
    """The names of the mask columns of a frame; the bit of predicate ``i`` is ``i % 63`` of mask ``i // 63``, set when it is broken."""

    names: tuple[str, ...]

    def broken(self, position: int) -> Column:
        """True where the predicate at ``position`` is broken, never NULL."""
        return self.any_broken([position])

    def any_broken(self, positions: Iterable[int]) -> Column:
        """True where at least one of ``positions`` is broken, never NULL; false for none."""
        from pyspark.sql import functions as F

        bits = [0] * len(self.names)
        for position in positions:
            bits[position // _BITS] |= 1 << position % _BITS
        tests = [F.col(name).bitwiseAND(F.lit(bit).cast("long")) != 0 for name, bit in zip(self.names, bits, strict=True) if bit]
        return reduce(or_, tests) if tests else F.lit(False)

    def count_broken(self, positions: Iterable[int]) -> Column:
        """An aggregate: of how many rows at least one of ``positions`` is broken."""
        from pyspark.sql import functions as F

        return F.count(F.when(self.any_broken(positions), F.lit(True)))


def with_masks(df: DataFrame, passes: Sequence[Column]) -> tuple[DataFrame, Masks]:
    """``df`` plus the mask columns of ``passes``; a predicate that is NULL counts as broken."""
    chunks = [passes[start : start + _BITS] for start in range(0, len(passes), _BITS)]
    names = _free_names(df.columns, len(chunks))
    columns = [_mask(chunk).alias(name) for chunk, name in zip(chunks, names, strict=True)]
    return df.select("*", *columns), Masks(names=names)


def _mask(passes: Sequence[Column]) -> Column:
    from pyspark.sql import functions as F

    none = F.lit(0).cast("long")
    bits = [F.when(verdict, none).otherwise(F.lit(1 << position).cast("long")) for position, verdict in enumerate(passes)]
    # Halves of halves: Spark Connect refuses expressions that are nested a hundred deep.
    while len(bits) > 1:
        odd = bits[-1:] if len(bits) % 2 else []
        bits = [left.bitwiseOR(right) for left, right in zip(bits[::2], bits[1::2], strict=False)] + odd
    return bits[0]


def _free_names(taken: Sequence[str], wanted: int) -> tuple[str, ...]:
    used = {name.lower() for name in taken}
    free = (name for name in (f"__broken_{number}" for number in count()) if name not in used)
    return tuple(next(free) for _ in range(wanted))

"""What a rule about a whole table asks, in words for people."""

from __future__ import annotations

from goldlane.expectations.table_rule import ForeignKey, FreshWithin, Kind, Number, SumBetween, Unique


def words(kind: Kind) -> str:
    """One phrase, as in ``merchant_id and as_of are unique and never NULL``."""
    if isinstance(kind, Unique):
        return f"{_listed(kind.columns)} {_be(kind.columns)} unique{' and never NULL' if kind.not_null else ''}"
    if isinstance(kind, ForeignKey):
        return f"{_listed(kind.columns)} {_be(kind.columns)} found in {kind.to} ({', '.join(kind.to_columns)})"
    if isinstance(kind, FreshWithin):
        return f"the newest {kind.column} is at most {kind.interval} old"
    asked = f"the sum of {kind.column}" if isinstance(kind, SumBetween) else "the number of rows"
    return f"{asked} is {_range(kind.low, kind.high)}"


def _listed(columns: tuple[str, ...]) -> str:
    return " and ".join(columns)


def _be(columns: tuple[str, ...]) -> str:
    return "are" if len(columns) > 1 else "is"


def _range(low: Number | None, high: Number | None) -> str:
    if low is None or high is None:
        return f"at most {high}" if low is None else f"at least {low}"
    return f"{low} to {high}"

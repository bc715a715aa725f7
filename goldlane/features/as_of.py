"""The question a point-in-time join asks of every feature table, and what its columns are called in the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, TypeAlias

from goldlane.features.declarations import FeatureTable

Boundary: TypeAlias = Literal["inclusive", "exclusive"]

# The column that says when a row could have been known, in every table that has one.
KNOWN_AT = "known_at"
_LONGEST_US = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class AsOf:
    """Which feature row a label sees. Every name in ``known_at`` and ``tie_break`` counts in those tables that have such a column."""

    label_time: str
    boundary: Boundary
    known_at: str | None
    ttl: timedelta | None
    tie_break: tuple[str, ...]
    skip_nulls: bool
    age: bool
    prefix: bool

    @property
    def lag_us(self) -> int:
        """Rows up to this many microseconds before a label are seen by it; time is whole microseconds."""
        return 0 if self.boundary == "inclusive" else 1

    def known_column(self, table: FeatureTable, columns: Sequence[str]) -> str | None:
        """The column of a table's second time; None where its event time is all there is."""
        # Spark tells no names apart by case, and a second time that is passed over would leak.
        spelled = {name.lower(): name for name in columns if name.lower() != table.event_time.lower()}
        names = (self.known_at, KNOWN_AT)
        return next((spelled[name.lower()] for name in names if name is not None and name.lower() in spelled), None)

    def ties(self, columns: Sequence[str]) -> tuple[str, ...]:
        """The columns of ``tie_break`` that a table has."""
        return tuple(name for name in self.tie_break if name in columns)

    def ttl_us(self, table: FeatureTable) -> int | None:
        """The greatest age that still counts; the table's own unless one was asked for."""
        ttl = table.ttl if self.ttl is None else self.ttl
        return None if ttl is None else min(ttl // timedelta(microseconds=1), _LONGEST_US)

    def features(self, table: FeatureTable) -> dict[str, str]:
        """Each feature's name in the table, and its name in the answer."""
        return {feature.name: f"{table.name}__{feature.name}" if self.prefix else feature.name for feature in table.features}

    def outputs(self, table: FeatureTable) -> tuple[str, ...]:
        """All columns that a table adds to the labels."""
        return (*self.features(table).values(), *((age_column(table),) if self.age else ()))


def age_column(table: FeatureTable) -> str:
    """Where the answer says how old a table's row was."""
    return f"{table.name}__age_s"

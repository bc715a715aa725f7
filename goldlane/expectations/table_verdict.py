"""What came of asking a table its rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from goldlane.expectations.table_rule import FreshWithin, Number, RowCountBetween, SumBetween, TableRule


@dataclass(frozen=True, slots=True, kw_only=True)
class TableVerdict:
    """``passed`` and ``failed`` are all rows for keys and references; a rule about one number (time, count, sum) passes or fails once.

    Of rows that share a key all have failed. ``observed`` is the newest time, the number of rows, the sum, or how many rows failed.
    ``examples`` are some of the keys that are doubled, NULL or refer to nothing, by column, the least first.
    """

    rule: TableRule
    passed: int
    failed: int
    observed: Number | datetime | None
    examples: tuple[Mapping[str, Any], ...] = ()

    @property
    def holds(self) -> bool:
        """Whether the table keeps the rule."""
        return self.failed == 0

    def __str__(self) -> str:
        """What was found, as a sentence for people."""
        told = f"{self.rule.name}: "
        if isinstance(self.rule.kind, (FreshWithin, RowCountBetween, SumBetween)):
            return told + f"{'holds' if self.holds else 'broken'}, found {self.observed}"
        examples = "; ".join(", ".join(f"{column} = {value}" for column, value in example.items()) for example in self.examples)
        return told + f"{self.failed:,} of {self.passed + self.failed:,} rows break it" + (f", as {examples}" if examples else "")

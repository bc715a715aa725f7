"""How far rows look around themselves in an order: a change touches the rows that look at it, and these need all that they look at."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reach:
    """So many steps ``before`` a row's own place and ``after`` it; a step is what ``ordered`` counts: one, a day, a microsecond."""

    before: int = 0
    after: int = 0

    def __bool__(self) -> bool:
        return bool(self.before or self.after)

    def __add__(self, other: Reach) -> Reach:
        """That of a window over rows that looked around themselves already."""
        return Reach(self.before + other.before, self.after + other.after)

    def __or__(self, other: Reach) -> Reach:
        """One that holds both."""
        return Reach(max(self.before, other.before), max(self.after, other.after))

    @property
    def mirrored(self) -> Reach:
        """From where a row is looked at."""
        return Reach(self.after, self.before)

    def around(self, low: int, high: int) -> tuple[int, int]:
        """What rows from ``low`` to ``high`` look at, themselves included."""
        return low - self.before, high + self.after


# Rows that look at none but those of their own value.
HERE = Reach()

"""What one column always does, as rules about it: each refuses an allowed share of good rows at most."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

from goldlane.expectations.literal import column_sql, plain_name, quoted_name
from goldlane.expectations.profiles import ColumnProfile
from goldlane.expectations.shapes import by_kinds, pattern
from goldlane.expectations.suggestions import Suggestion
from goldlane.expectations.tolerance import Allowance, Tail

_MOST_VALUES, _MOST_CODES, _MOST_SHAPES = 50, 20, 4
_ROWS_PER_VALUE = 20
_DIGITS = 3
_MUCH_LESS = 1000
_YEAR = timedelta(days=366)
_TIMES = frozenset({"date", "timestamp", "timestamp_ntz"})


@dataclass(frozen=True, slots=True)
class Habits:
    """One column of a profile, and what each verdict on it may cost."""

    column: ColumnProfile
    allowance: Allowance

    @property
    def verdicts(self) -> int:
        """How many ways a good row may be refused here, at most: NULL, and two ends or a text's form."""
        has_form = bool(self.column.quantiles or self.column.lengths)
        return 3 if has_form else 1

    def suggestions(self) -> Iterator[Suggestion]:
        """At most one rule about NULL, and one about the value."""
        if not self._present:
            return
        if self._refusable(self.column.nulls):
            yield Suggestion(function="not_null", arguments=(self._name,), options={"why": self._why("NULL", self.column.nulls)})
        found = self._codes() or self._range() or self._form() or self._times()
        if found is not None:
            yield found

    @property
    def _present(self) -> int:
        return self.allowance.rows - self.column.nulls

    @property
    def _among_present(self) -> Allowance:
        return replace(self.allowance, rows=self._present)

    @property
    def _name(self) -> str:
        name = self.column.name
        return quoted_name(name) if "." in name or "`" in name else name

    @property
    def _or_null(self) -> dict[str, Any]:
        return {} if self._refusable(self.column.nulls) else {"or_null": True}

    def _refusable(self, count: int) -> bool:
        """Whether rows like these ``count`` are rare enough to be refused; of few rows only what never came."""
        return count == 0 or self.allowance.covers(count)

    def _why(self, what: str, count: int) -> str:
        seen = f"{count:,} of {self.allowance.rows:,} rows are" if count else f"None of {self.allowance.rows:,} rows is"
        return f"{seen} {what}; at most {_percent(self.allowance.most(count))} of good rows will be."

    def _codes(self) -> Suggestion | None:
        """The few values of a text, or of whole numbers with gaps between them."""
        kept, left = self._frequent(self.column.values)
        numbers = self.column.least is not None
        if (
            not kept
            or not self._refusable(left)
            or len(kept) > min(_MOST_CODES if numbers else _MOST_VALUES, self._present // _ROWS_PER_VALUE)
        ):
            return None
        if numbers and self.column.most - self.column.least + 1 < 4 * len(kept):
            return None
        # Counted, not named: what only a few rows hold may be about a person, and a source file is read by many.
        aside = f" Rarer values are left out; {left:,} of these rows held one." if left else ""
        cost = f"at most {_percent(self._among_present.most(left))} of good rows have another"
        why = f"{len(kept)} values in {self._present:,} rows; {cost}.{aside}"
        return Suggestion(function="in_set", arguments=(self._name, sorted(kept)), options={**self._or_null, "why": why})

    def _frequent(self, counted: Iterable[tuple[Any, int]]) -> tuple[list[Any], int]:
        """What came often enough that its like would have been seen, and how many rows have something else."""
        enough = math.ceil(-math.log(self.allowance.doubt))
        kept = {value: count for value, count in counted if count >= enough}
        return list(kept), self._present - sum(kept.values())

    def _range(self) -> Suggestion | None:
        column = self.column
        if not column.quantiles:
            return None
        ends = (self._low(),) if self._counts_up() else (self._low(), self._high())
        first, last = (self._rounded(column.quantiles[rank], up=rank > 0) for rank in (0.0, 1.0))
        seen = f"Seen: {first:,g} to {last:,g} in {self._present:,} rows"
        cost = "" if self._counts_up() else f"; at most {_percent(self.allowance.share)} of good rows will be beyond each end"
        options = {**self._or_null, "why": f"{seen}{cost}."}
        if self._refusable(column.odd_numbers):
            return Suggestion(function="in_range", arguments=(self._name, *ends), options=options)
        tested = column_sql(self._name)
        bounds = " AND ".join(f"{tested} {sign} {end!r}" for sign, end in zip((">=", "<="), ends, strict=False))
        odd = f"isnan({tested}) OR abs({tested}) = double('Infinity')"
        named = {"name": f"{plain_name(self._name)}_is_in_range", "predicate": f"({bounds}) OR {odd}"}
        return Suggestion(function="Rule", options={**named, **options})

    def _counts_up(self) -> bool:
        """Whether it is a counter: nearly every whole number of its range, each once. The next ones will be greater."""
        column = self.column
        if column.distinct is None or column.distinct < 0.9 * self._present:
            return False
        return bool(column.most - column.least < 3 * column.distinct)

    def _high(self) -> float:
        quantiles = self.column.quantiles
        above = {round(1 - rank, 9): value for rank, value in quantiles.items() if 0 < rank < 1}
        tail = Tail(quantiles[1.0], above, self.column.rank_error)
        return self._rounded(tail.bound(self._among_present, positive=quantiles[0.0] > 0), up=True)

    def _low(self) -> float:
        quantiles = self.column.quantiles
        below = {rank: -value for rank, value in quantiles.items() if 0 < rank < 1}
        low = -Tail(-quantiles[0.0], below, self.column.rank_error).bound(self._among_present, positive=False)
        if quantiles[0.0] >= 0 and low < quantiles[1.0] / _MUCH_LESS:
            return 0  # what was never negative is a count or an amount
        return self._rounded(low, up=False)

    def _rounded(self, number: float, *, up: bool) -> float:
        """Outwards to three digits, for a reader, never inwards; whole numbers stay whole."""
        if number == 0:
            return 0
        exact = Decimal(_finite(number))
        place = exact.adjusted() - _DIGITS + 1
        whole = self.column.distinct is not None
        unit = Decimal((0, (1,), max(place, 0) if whole else place))
        nearest = float(exact.quantize(unit))
        is_outside = nearest >= number if up else nearest <= number
        result = _finite(nearest if is_outside else float(exact.quantize(unit, ROUND_CEILING if up else ROUND_FLOOR)))
        return int(result) if result.is_integer() and abs(result) < 2**53 else result

    def _form(self) -> Suggestion | None:
        """A pattern of the whole text where the texts are regular; else that it is not blank."""
        column = self.column
        if column.lengths is None:
            return None
        grouped = by_kinds(column.shapes)
        kept, left = self._frequent((kinds, rows) for kinds, (rows, _) in grouped.items())
        if kept and self._refusable(left) and len(kept) <= _MOST_SHAPES:
            return self._matching(pattern({kinds: grouped[kinds][1] for kinds in kept}), "the pattern", left)
        if self._refusable(self._present - column.words):
            shortest, longest = column.lengths
            length = f"{{{shortest}}}" if shortest == longest else "+"
            return self._matching(rf"\A[0-9A-Za-z_-]{length}\z", "letters, digits, _ and -", self._present - column.words)
        if self._refusable(column.blanks):
            return self._matching(r"\S", "something but blanks", column.blanks)
        return None

    def _matching(self, regex: str, what: str, left: int) -> Suggestion:
        seen = f"All but {left:,}" if left else "All"
        cost = f"at most {_percent(self._among_present.most(left))} of good rows will not"
        why = f"{seen} of {self._present:,} rows hold {what}; {cost}."
        return Suggestion(function="matches", arguments=(self._name, regex), options={**self._or_null, "why": why})

    def _times(self) -> Suggestion | None:
        """A span with room at both ends: time goes on, so its bounds are about centuries, not about days."""
        first, last = self.column.least, self.column.most
        if self.column.type not in _TIMES or (first is None and last is None):
            return None
        span = last - first if first is not None and last is not None else 5 * _YEAR
        room = math.ceil(min(max(span, _YEAR), 5 * _YEAR) / _YEAR)
        low = None if first is None else self._new_year(max(1, first.year - room))
        high = None if last is None or last.year + room + 1 > date.max.year else self._new_year(last.year + room + 1)
        years = [str(seen.year) if seen is not None else "far beyond" for seen in (first, last)]
        why = f"Seen: {' to '.join(years)}; with room for what is to come, so look at it again when that has passed."
        if low is None and high is None:
            return None
        ends = (low,) if high is None else (low, high)
        return Suggestion(function="in_range", arguments=(self._name, *ends), options={**self._or_null, "why": why})

    def _new_year(self, year: int) -> date:
        kinds = {"date": date(year, 1, 1), "timestamp_ntz": datetime(year, 1, 1)}  # noqa: DTZ001  the column has no zone
        return kinds.get(self.column.type, datetime(year, 1, 1, tzinfo=timezone.utc))


def _finite(number: float) -> float:
    return number if math.isfinite(number) else math.copysign(sys.float_info.max, number)


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %" if share < 0.995 else "100 %"  # noqa: PLR2004  beyond it two digits are 1e+02

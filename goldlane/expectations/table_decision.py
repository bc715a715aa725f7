"""From what was found to a verdict, the same for every engine that finds it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from goldlane.expectations.literal import literal_sql
from goldlane.expectations.table_rule import FreshWithin, Number, RowCountBetween, SumBetween, TableRule
from goldlane.expectations.table_verdict import TableVerdict

if TYPE_CHECKING:
    from pyspark.sql import Column

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MICROSECOND = timedelta(microseconds=1)


def decided(rule: TableRule, rows: int, found: Any, now: datetime, examples: Sequence[Mapping[str, Any]] = ()) -> TableVerdict:
    """The verdict over a table of ``rows`` rows. ``found`` is what ``findings`` gives: broken rows, or the number the rule is about."""
    if isinstance(rule.kind, FreshWithin):
        newest = moment_of(found)
        return _once(rule, newest, holds=newest is not None and newest >= now - rule.kind.interval)
    if isinstance(rule.kind, (RowCountBetween, SumBetween)):
        whole = int(found) if isinstance(found, Decimal) and found.as_tuple().exponent == 0 else found
        return _once(rule, whole, holds=found is not None and not _is_nan(found) and _between(found, rule.kind.low, rule.kind.high))
    return TableVerdict(rule=rule, passed=rows - found, failed=found, observed=found, examples=tuple(examples))


def moment_of(micros: int | None) -> datetime | None:
    """The instant that many microseconds after 1970 began in UTC; None of None."""
    return None if micros is None else _EPOCH + micros * _MICROSECOND


def failed_column(rule: TableRule, found: Column, type_name: str) -> Column:
    """``decided(...).failed`` as a column over a row of ``findings``, where ``found`` is of ``type_name``; never NULL."""
    from pyspark.sql import functions as F

    kind = rule.kind
    if isinstance(kind, FreshWithin):
        oldest = F.unix_micros(F.current_timestamp()) - F.lit(kind.interval // _MICROSECOND)
        return _unless(found >= oldest)
    if isinstance(kind, (RowCountBetween, SumBetween)):
        holds = ~F.isnan(found) if type_name in ("float", "double") else found.isNotNull()
        for bound, sign in ((kind.low, ">="), (kind.high, "<=")):
            if bound is not None:
                limit = F.expr(literal_sql(bound if type_name == "double" else as_printed(bound)))
                holds &= found >= limit if sign == ">=" else found <= limit
        return _unless(holds)
    return found


def _once(rule: TableRule, observed: Number | datetime | None, *, holds: bool) -> TableVerdict:
    return TableVerdict(rule=rule, passed=int(holds), failed=int(not holds), observed=observed)


def _between(found: Number, low: Number | None, high: Number | None) -> bool:
    bounds = [as_printed(bound) if isinstance(found, Decimal) and bound is not None else bound for bound in (low, high)]
    return (bounds[0] is None or found >= bounds[0]) and (bounds[1] is None or found <= bounds[1])


def as_printed(bound: Number) -> Number:
    """A float compared with decimals means the number its author wrote, not the nearest binary one."""
    return Decimal(repr(bound)) if isinstance(bound, float) else bound


def _is_nan(found: Number) -> bool:
    return isinstance(found, float) and math.isnan(found)


def _unless(holds: Column) -> Column:
    from pyspark.sql import functions as F

    return F.when(holds, F.lit(0)).otherwise(F.lit(1)).cast("bigint")

"""How far a window's rows look: the ends of its RANGE frames, counted in steps of the key that its order is made of."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from functools import reduce
from math import ceil
from operator import or_
from typing import TYPE_CHECKING, Any

from goldlane.pipelines.incremental.expressions import UntracedError, defined
from goldlane.pipelines.incremental.monotone import COLUMN_TYPES
from goldlane.pipelines.incremental.plans import each, kind
from goldlane.pipelines.incremental.reach import Reach

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_DAY_S = 86_400
_DAY = _DAY_S * 1_000_000
_LONGEST_MONTH = 31
# Nobody looks further, and sums of such reaches stay far from where whole numbers end.
_MOST_STEPS = 2**53
# How many steps of what it is computed from a step of an order is worth; by Spark's name of the function, and what that is given.
_WORTH = {
    ("Cast", "date", "timestamp"): Fraction(1, _DAY),
    ("Cast", "timestamp", "bigint"): Fraction(1_000_000),
    ("Cast", "timestamp", "date"): Fraction(_DAY),
    ("UnixDate", "date", "int"): Fraction(1),
    ("UnixMicros", "timestamp", "bigint"): Fraction(1),
    ("UnixMillis", "timestamp", "bigint"): Fraction(1_000),
    ("UnixSeconds", "timestamp", "bigint"): Fraction(1_000_000),
    ("UnixTimestamp", "date", "bigint"): Fraction(1, _DAY_S),
    ("UnixTimestamp", "timestamp", "bigint"): Fraction(1_000_000),
}
_WHOLE = ("tinyint", "smallint", "int", "bigint")


def reach_of(session: SparkSession, window: Any, key: Any) -> Reach | None:
    """How far around its own ``key`` a row of a Window node looks within its partition; None where that has no end or is not known."""
    orders = each(window.orderSpec())
    types = {str(one.dataType().simpleString()) for one in (*(order.child() for order in orders), key)}
    if len(orders) != 1 or not types <= COLUMN_TYPES:
        return None
    frames = [_in_order(session, one.child(), orders[0]) for one in each(window.windowExpressions())]
    known = [frame for frame in frames if frame is not None]
    return _in_keys(session, window, key, reduce(or_, known)) if known and len(known) == len(frames) else None


def _in_order(session: SparkSession, expression: Any, order: Any) -> Reach | None:
    """The reach of one window function, in steps of the order; no frame but a RANGE knows of those."""
    frame = expression.windowSpec().frameSpecification() if kind(expression) == "WindowExpression" else None
    if frame is None or kind(frame) != "SpecifiedWindowFrame" or kind(frame.frameType()) != "RangeFrame$":
        return None
    is_time = order.child().dataType().simpleString() == "timestamp"
    low, high = (_steps(session, end, is_time=is_time) for end in (frame.lower(), frame.upper()))
    if low is None or high is None or max(-low, high) > _MOST_STEPS:
        return None
    rises = str(order.direction().toString()) == "Ascending"
    return Reach(max(-low, 0), max(high, 0)) if rises else Reach(max(high, 0), max(-low, 0))


def _steps(session: SparkSession, end: Any, *, is_time: bool) -> int | None:
    """Where a frame ends, seen from its row."""
    if kind(end) == "CurrentRow$":
        return 0
    value = end.eval(None) if end.foldable() else None
    if not isinstance(value, int):
        return None
    given = str(end.dataType().simpleString())
    if not given.startswith("interval"):
        return value
    micros = value * (_LONGEST_MONTH * _DAY if "month" in given or "year" in given else 1)
    if not is_time:
        return int(micros / _DAY)
    # Days are longer and shorter where clocks are set.
    is_even = session.conf.get("spark.sql.session.timeZone") == "UTC" or not micros
    return micros if is_even else micros + (_DAY if micros > 0 else -_DAY)


def _in_keys(session: SparkSession, window: Any, key: Any, reach: Reach) -> Reach | None:
    """``reach`` in steps of the key, where the order is the key or computed from it right below the window."""
    order = each(window.orderSpec())[0].child()
    if order.semanticEquals(key):
        return reach
    if kind(window.child()) != "Project":
        return None
    try:
        order, key = (defined(session, one, window.child().projectList()) for one in (order, key))
    except UntracedError:
        return None
    worths = _worths(order, key)
    return None if worths is None else Reach(_back(reach.before, worths), _back(reach.after, worths))


def _worths(order: Any, key: Any) -> list[Fraction] | None:
    """What the steps of an order are worth, function by function, down to the key."""
    if order.semanticEquals(key):
        return []
    if kind(order).startswith("ParseTo"):
        return _worths(order.replacement(), key)
    parts = each(order.children())
    worth = _worth(order, parts) if parts else None
    below = _worths(parts[0], key) if worth is not None else None
    return None if below is None or worth is None else [worth, *below]


def _worth(order: Any, parts: list[Any]) -> Fraction | None:
    before, after = (str(one.dataType().simpleString()) for one in (parts[0], order))
    name = kind(order)
    if name == "IntegralDivide" and parts[1].foldable():
        by = parts[1].eval(None)
        return Fraction(by) if isinstance(by, int) and by > 0 else None
    if name == "Cast" and before in _WHOLE and after in _WHOLE[_WHOLE.index(before) :]:
        return Fraction(1)
    return _WORTH.get((name, before, after))


def _back(steps: int, worths: Iterable[Fraction]) -> int:
    """Steps of the key; two over where an order is cut off, and days are longer where clocks are set."""
    for worth in worths:
        steps = ceil(worth * steps) + (0 if worth == 1 else 2 * ceil(worth))
    return steps

"""What the one pass over the rows computes of a column, and the row of state that is made of it.

Values are projected first: Spark's sketches read a plain column faster than an expression.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from goldlane.monitoring.columns import CATEGORICAL, NUMERIC, OTHER, TABLE, TABLE_ROW, TIMESTAMP, WatchedColumn
from goldlane.monitoring.magnitudes import TRACKED, magnitude_sql
from goldlane.monitoring.state import HLL_LG_K, ITEM_LENGTH, ITEMS_KEPT, ITEMS_TRACKED, KLL_K, STATE_VALUES
from goldlane.monitoring.windows import instant_us

if TYPE_CHECKING:
    from pyspark.sql import Column

_ROWS = "rows"


def projected(number: int, column: WatchedColumn) -> list[Column]:
    """The values that ``aggregated`` reads, named after the column's number."""
    name, value = f"c{number}", F.col(column.quoted)
    if column.kind == OTHER:
        return [value.isNotNull().alias(f"{name}_known")]
    hashed = F.when(value.isNotNull(), F.xxhash64(value)).alias(f"{name}_hash")
    if column.kind == CATEGORICAL:
        return [hashed, F.substring(value.cast("string"), 1, ITEM_LENGTH).alias(f"{name}_item"), *_length(column, name)]
    if column.kind == TIMESTAMP:
        return [hashed, (instant_us(column) / F.lit(1e6)).alias(f"{name}_finite")]
    double = f"CAST({column.quoted} AS DOUBLE)"
    finite = f"CASE WHEN abs({double}) < DOUBLE('Infinity') THEN {double} END" if column.has_fractions else double
    numbers = [hashed, F.expr(finite).alias(f"{name}_finite"), F.expr(magnitude_sql(f"({finite})")).alias(f"{name}_item")]
    if not column.has_fractions:
        return numbers
    no_nan = F.expr(f"nullif({double}, DOUBLE('NaN'))").alias(f"{name}_number")
    return [*numbers, F.expr(double).alias(f"{name}_value"), no_nan]


def aggregated(number: int, column: WatchedColumn) -> list[Column]:
    """The aggregates of a column in one window and slice."""
    name = f"c{number}"
    if column.kind == OTHER:
        return [F.count_if(F.col(f"{name}_known")).alias(f"{name}_count")]
    distinct = F.hll_sketch_agg(f"{name}_hash", HLL_LG_K).alias(f"{name}_hll")
    if column.kind == CATEGORICAL:
        return [F.count(f"{name}_item").alias(f"{name}_count"), distinct, _top(name, ITEMS_TRACKED), *_lengths(column, name)]
    return [distinct, *_moments(column, name)]


def state_row(number: int, column: WatchedColumn) -> Column:
    """The row of state of a column, all its fields in order."""
    name = f"c{number}"
    known = {"column_name": F.lit(column.name), "data_type": F.lit(column.data_type), "kind": F.lit(column.kind), "rows": F.col(_ROWS)}
    if column.kind in (NUMERIC, TIMESTAMP):
        known |= _numbers(column, name)
    elif column.kind == CATEGORICAL:
        known |= _categories(column, name)
    else:
        known["nulls"] = F.col(_ROWS) - F.col(f"{name}_count")
    return _struct(known)


def table_row() -> Column:
    """The row of state that counts rows."""
    return _struct({"column_name": F.lit(TABLE_ROW), "kind": F.lit(TABLE), "rows": F.col(_ROWS)})


def _struct(known: Mapping[str, Column]) -> Column:
    fields = {"column_name": "STRING", **STATE_VALUES}
    return F.struct(*(known.get(field, F.lit(None)).cast(kind).alias(field) for field, kind in fields.items()))


def _moments(column: WatchedColumn, name: str) -> list[Column]:
    finite = F.col(f"{name}_finite")
    extremes = F.col(f"{name}_number") if column.has_fractions else finite
    found = {"finite": F.count(finite), "min": F.min(extremes), "max": F.max(extremes), "kll": F.kll_sketch_agg_double(finite, KLL_K)}
    if column.kind == NUMERIC:
        found |= {"mean": F.avg(finite), "variance": F.var_pop(finite), "zeros": F.count_if(finite == 0), "items": _top(name, TRACKED)}
    if column.has_fractions:
        found |= {"count": F.count(f"{name}_value"), "numbers": F.count(f"{name}_number")}
    return [aggregate.alias(f"{name}_{what}") for what, aggregate in found.items()]


def _numbers(column: WatchedColumn, name: str) -> dict[str, Column]:
    finite, count = F.col(f"{name}_finite"), F.col(f"{name}_count" if column.has_fractions else f"{name}_finite")
    known = {what: F.col(f"{name}_{what}") for what in ("finite", "min", "max")}
    known |= {
        "nulls": F.col(_ROWS) - count,
        "kll": F.when(finite > 0, F.col(f"{name}_kll")),
        "hll": F.when(count > 0, F.col(f"{name}_hll")),
    }
    if column.kind == NUMERIC:
        numbers = F.col(f"{name}_numbers") if column.has_fractions else count
        known |= {"nans": count - numbers, "infinities": numbers - finite, "zeros": F.col(f"{name}_zeros")}
        known |= {"mean": F.col(f"{name}_mean"), "m2": F.col(f"{name}_variance") * finite, "items": _items(name)}
    return known


def _categories(column: WatchedColumn, name: str) -> dict[str, Column]:
    count = F.col(f"{name}_count")
    items = _items(name)
    known = {
        "nulls": F.col(_ROWS) - count,
        "hll": F.when(count > 0, F.col(f"{name}_hll")),
        "items": items,
        "other": F.greatest(count - listed(items), F.lit(0)),
    }
    if column.type_name != "boolean":
        known |= {what: F.col(f"{name}_{what}") for what in ("min_length", "max_length", "total_length")}
    return known


def _top(name: str, tracked: int) -> Column:
    return F.expr(f"approx_top_k({name}_item, {ITEMS_KEPT + 1}, {tracked})").alias(f"{name}_items")


def _items(name: str) -> Column:
    # NULL is an item of its own to Spark.
    some = F.slice(F.filter(F.col(f"{name}_items"), lambda each: each["item"].isNotNull()), 1, ITEMS_KEPT)
    return some.cast("array<struct<item: string, count: bigint>>")


def listed(items: Column) -> Column:
    """How many rows the items stand for."""
    return F.aggregate(items, F.lit(0).cast("bigint"), lambda total, each: total + each["count"])


def _length(column: WatchedColumn, name: str) -> list[Column]:
    return [] if column.type_name == "boolean" else [F.length(F.col(column.quoted)).cast("bigint").alias(f"{name}_length")]


def _lengths(column: WatchedColumn, name: str) -> list[Column]:
    if column.type_name == "boolean":
        return []
    length = F.col(f"{name}_length")
    return [
        F.min(length).alias(f"{name}_min_length"),
        F.max(length).alias(f"{name}_max_length"),
        F.sum(length).alias(f"{name}_total_length"),
    ]

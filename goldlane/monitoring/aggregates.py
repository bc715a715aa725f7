"""What the one pass over the rows computes of a column, and the row of state that is made of it, as SQL.

Values are projected first: Spark's sketches read a plain column faster than an expression. It is text because a column of a table has
some sixty expressions: built one call at a time over Py4J they took longer than a hundred thousand rows.
"""

from __future__ import annotations

from collections.abc import Mapping

from goldlane.expectations.literal import literal_sql
from goldlane.monitoring.columns import CATEGORICAL, NUMERIC, OTHER, TABLE, TABLE_ROW, TIMESTAMP, WatchedColumn
from goldlane.monitoring.magnitudes import TRACKED, magnitude_sql
from goldlane.monitoring.state import HLL_LG_K, ITEM_LENGTH, ITEMS_KEPT, ITEMS_TRACKED, KLL_K, STATE_VALUES
from goldlane.monitoring.windows import instant_sql

_ROWS = "`rows`"
_ITEMS = STATE_VALUES["items"]


def projected(number: int, column: WatchedColumn) -> dict[str, str]:
    """The values that ``aggregated`` reads, by names after the column's number."""
    name, value = f"c{number}", column.quoted
    if column.kind == OTHER:
        return {f"{name}_known": f"{value} IS NOT NULL"}
    found = {f"{name}_hash": f"CASE WHEN {value} IS NOT NULL THEN xxhash64({value}) END"}
    if column.kind == CATEGORICAL:
        found[f"{name}_item"] = f"substring(CAST({value} AS STRING), 1, {ITEM_LENGTH})"
        return found if column.type_name == "boolean" else {**found, f"{name}_length": f"CAST(length({value}) AS BIGINT)"}
    if column.kind == TIMESTAMP:
        return {**found, f"{name}_finite": f"({instant_sql(column)}) / 1e6D"}
    double = f"CAST({value} AS DOUBLE)"
    finite = f"CASE WHEN abs({double}) < DOUBLE('Infinity') THEN {double} END" if column.has_fractions else double
    found |= {f"{name}_finite": finite, f"{name}_item": magnitude_sql(f"({finite})")}
    return found | {f"{name}_value": double, f"{name}_number": f"nullif({double}, DOUBLE('NaN'))"} if column.has_fractions else found


def aggregated(number: int, column: WatchedColumn) -> dict[str, str]:
    """The aggregates of a column in one window and slice, by name."""
    name = f"c{number}"
    if column.kind == OTHER:
        return {f"{name}_count": f"count_if({name}_known)"}
    found = _moments(column, name) if column.kind != CATEGORICAL else _counts(column, name)
    return {f"{name}_{what}": aggregate for what, aggregate in found.items()} | {f"{name}_hll": f"hll_sketch_agg({name}_hash, {HLL_LG_K})"}


def state_row(number: int, column: WatchedColumn) -> str:
    """The row of state of a column, all its fields in order."""
    name = f"c{number}"
    known = {
        "column_name": literal_sql(column.name),
        "data_type": literal_sql(column.data_type),
        "kind": literal_sql(column.kind),
        "rows": _ROWS,
    }
    if column.kind in (NUMERIC, TIMESTAMP):
        known |= _numbers(column, name)
    elif column.kind == CATEGORICAL:
        known |= _categories(column, name)
    else:
        known["nulls"] = f"{_ROWS} - {name}_count"
    return _struct(known)


def table_row() -> str:
    """The row of state that counts rows."""
    return _struct({"column_name": literal_sql(TABLE_ROW), "kind": literal_sql(TABLE), "rows": _ROWS})


def listed(items: str) -> str:
    """How many rows the items stand for."""
    return f"aggregate({items}, 0L, (total, each) -> total + each.count)"


def _struct(known: Mapping[str, str]) -> str:
    fields = {"column_name": "STRING", **STATE_VALUES}
    values = ", ".join(f"'{field}', CAST({known.get(field, 'NULL')} AS {kind})" for field, kind in fields.items())
    return f"named_struct({values})"


def _moments(column: WatchedColumn, name: str) -> dict[str, str]:
    finite = f"{name}_finite"
    extremes = f"{name}_number" if column.has_fractions else finite
    found = {"finite": f"count({finite})", "min": f"min({extremes})", "max": f"max({extremes})"}
    found["kll"] = f"kll_sketch_agg_double({finite}, {KLL_K})"
    if column.kind == NUMERIC:
        found |= {"mean": f"avg({finite})", "variance": f"var_pop({finite})", "zeros": f"count_if({finite} = 0)"}
        found["items"] = _top(name, TRACKED)
    if column.has_fractions:
        found |= {"count": f"count({name}_value)", "numbers": f"count({name}_number)"}
    return found


def _counts(column: WatchedColumn, name: str) -> dict[str, str]:
    found = {"count": f"count({name}_item)", "items": _top(name, ITEMS_TRACKED)}
    if column.type_name == "boolean":
        return found
    length = f"{name}_length"
    return found | {"min_length": f"min({length})", "max_length": f"max({length})", "total_length": f"sum({length})"}


def _numbers(column: WatchedColumn, name: str) -> dict[str, str]:
    finite = f"{name}_finite"
    count = f"{name}_count" if column.has_fractions else finite
    known = {what: f"{name}_{what}" for what in ("finite", "min", "max")}
    known |= {
        "nulls": f"{_ROWS} - {count}",
        "kll": f"CASE WHEN {finite} > 0 THEN {name}_kll END",
        "hll": f"CASE WHEN {count} > 0 THEN {name}_hll END",
    }
    if column.kind == NUMERIC:
        numbers = f"{name}_numbers" if column.has_fractions else count
        known |= {"nans": f"{count} - {numbers}", "infinities": f"{numbers} - {finite}", "zeros": f"{name}_zeros"}
        known |= {"mean": f"{name}_mean", "m2": f"{name}_variance * {finite}", "items": _items(name)}
    return known


def _categories(column: WatchedColumn, name: str) -> dict[str, str]:
    count, items = f"{name}_count", _items(name)
    known = {
        "nulls": f"{_ROWS} - {count}",
        "hll": f"CASE WHEN {count} > 0 THEN {name}_hll END",
        "items": items,
        "other": f"greatest({count} - {listed(items)}, 0L)",
    }
    if column.type_name != "boolean":
        known |= {what: f"{name}_{what}" for what in ("min_length", "max_length", "total_length")}
    return known


def _top(name: str, tracked: int) -> str:
    return f"approx_top_k({name}_item, {ITEMS_KEPT + 1}, {tracked})"


def _items(name: str) -> str:
    # NULL is an item of its own to Spark.
    return f"CAST(slice(filter({name}_items, each -> each.item IS NOT NULL), 1, {ITEMS_KEPT}) AS {_ITEMS})"

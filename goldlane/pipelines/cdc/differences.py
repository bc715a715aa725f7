"""Where a snapshot and the target differ: rows to write, to close and to remove, found by one join over the keys."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from pyspark import StorageLevel
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from goldlane.pipelines.cdc.errors import RefusedChangesError
from goldlane.pipelines.cdc.events import target_values
from goldlane.pipelines.cdc.names import END_AT, START_AT, column, columns, ranks
from goldlane.pipelines.cdc.target import MergeRows, Target, assigned_data, meeting_keys, same_values

if TYPE_CHECKING:
    from goldlane.pipelines.cdc.columns import Layout
    from goldlane.pipelines.cdc.versions import Version

_COPIES, _HELD, _GONE, _PLACES, _ROW = "__cdc_copies", "__cdc_held", "__cdc_gone", "__cdc_places", "__cdc_row"


def write_differences(snapshot: DataFrame, layout: Layout, table: Target, version: Version) -> tuple[int, int]:
    """Write what differs, as of ``version``; rows upserted and deleted.

    Raises:
        RefusedChangesError: keys that are NULL or not unique.
    """
    history = table.spec.scd_type != 1
    differing = _differing(_rows(snapshot, layout), _current(table, layout, history=history), layout)
    found = differing.persist(StorageLevel.DISK_ONLY)
    try:
        _refuse(found, layout, table.spec.target)
        if found.isEmpty():
            return 0, 0
        if history:
            return table.merge(_versions(found, layout, F.lit(version).cast(layout.type_of(START_AT))), layout, _version_rows(layout))
        return table.merge(_final_rows(found, layout), layout, _rows_by_key(layout))
    finally:
        found.unpersist()


def _rows(snapshot: DataFrame, layout: Layout) -> DataFrame:
    """The snapshot in the target's columns and types, with how many rows share each key."""
    rows = snapshot.select(*[value.alias(name) for name, value in target_values(snapshot.schema, layout).items()])
    return rows.withColumn(_COPIES, F.count(F.lit(1)).over(Window.partitionBy(*layout.key_columns())))


def _current(table: Target, layout: Layout, *, history: bool) -> DataFrame:
    """What the target holds of each key now; columns that it is only about to get are NULL."""
    held = table.read()
    known = set(held.columns)
    data = [(column(name) if name in known else F.lit(None)).cast(layout.type_of(name)).alias(name) for name in layout.data]
    bounds = columns([START_AT]) if history else []
    return (held.where(column(END_AT).isNull()) if history else held).select(*data, *bounds, F.lit(True).alias(_HELD))


def _differing(rows: DataFrame, current: DataFrame, layout: Layout) -> DataFrame:
    """One row per key that is new, gone, changed or refused: the snapshot's values in a struct, the target's as they are."""
    met = rows.alias("s").join(current.alias("t"), on=meeting_keys(layout), how="full_outer")
    present, held = column(_COPIES, "s").isNotNull(), column(_HELD, "t").isNotNull()
    differs = ~(present & held) | ~same_values(layout.value_ranks("s"), layout.value_ranks("t")) | (column(_COPIES, "s") > 1)
    keys = [F.coalesce(column(key, "s"), column(key, "t")).alias(key) for key in layout.keys]
    whole = F.when(present, F.struct(F.lit(0).alias("_"), *columns(layout.values, "s"))).alias(_ROW)
    kept = [column(name, "t") for name in current.columns if name not in layout.keys]
    return met.where(differs).select(*keys, whole, column(_COPIES, "s"), *kept)


def _refuse(differing: DataFrame, layout: Layout, target: str) -> None:
    null = reduce(or_, [key.isNull() for key in layout.key_columns()])
    twice = (F.col(_COPIES) > 1) & ~null
    example = F.min(F.when(twice, F.to_json(F.struct(*layout.key_columns()))))
    row = differing.agg(F.count_if(null), F.count_if(twice), example).first()
    nulls, copies, key = row or (0, 0, None)
    found = {f"a NULL key ({', '.join(layout.keys)})": nulls, f"a key that the snapshot holds more than once, such as {key}": copies}
    if any(found.values()):
        raise RefusedChangesError(target, {reason: count for reason, count in found.items() if count})


def _final_rows(differing: DataFrame, layout: Layout) -> DataFrame:
    return differing.select(*layout.key_columns(), *_new_values(layout), F.col(_ROW).isNull().alias(_GONE))


def _rows_by_key(layout: Layout) -> MergeRows:
    return MergeRows(matching=meeting_keys(layout), gone=F.col(f"s.{_GONE}"), differing=F.lit(True), assigned=assigned_data(layout))


def _versions(differing: DataFrame, layout: Layout, version: Column) -> DataFrame:
    """The rows of the history that one differing key needs written: the version that ends, and the one that begins.

    Where only untracked columns differ, the current version takes their values and goes on. So does one that began with this very
    version, which a repeated snapshot finds after a crash.
    """
    held, present = F.col(_HELD).isNotNull(), F.col(_ROW).isNotNull()
    began_now = F.coalesce(column(START_AT) == version, F.lit(False))
    old, new = ranks(layout.tracked, layout.schema), _tracked_ranks(layout)
    goes_on = held & present & (began_now | same_values(old, new))
    never_was = held & ~present & began_now
    places = F.array_compact(
        F.array(
            F.when(goes_on, _place(column(START_AT), layout, ends=None, new=True)),
            F.when(never_was, _place(column(START_AT), layout, ends=None, gone=True)),
            F.when(held & ~goes_on & ~never_was, _place(column(START_AT), layout, ends=version)),
            F.when(present & ~goes_on, _place(version, layout, ends=None, new=True)),
        )
    )
    return differing.withColumn(_PLACES, F.explode(places)).select(*layout.key_columns(), f"{_PLACES}.*")


def _place(start: Column, layout: Layout, *, ends: Column | None, new: bool = False, gone: bool = False) -> Column:
    """A row of the history, with the snapshot's values or the target's own."""
    bound = layout.type_of(END_AT)
    values = _new_values(layout) if new else columns(layout.values)
    end = F.lit(None).cast(bound) if ends is None else ends.cast(bound)
    return F.struct(*values, start.alias(START_AT), end.alias(END_AT), F.lit(gone).alias(_GONE))


def _new_values(layout: Layout) -> list[Column]:
    return [F.col(_ROW).getField(name).alias(name) for name in layout.values]


def _tracked_ranks(layout: Layout) -> list[Column]:
    return ranks(layout.tracked, layout.schema, of=_ROW)


def _version_rows(layout: Layout) -> MergeRows:
    bounds = {name: column(name, "s") for name in (START_AT, END_AT)}
    matching = meeting_keys(layout) & (column(START_AT, "t") == column(START_AT, "s"))
    return MergeRows(matching=matching, gone=F.col(f"s.{_GONE}"), differing=F.lit(True), assigned={**assigned_data(layout), **bounds})

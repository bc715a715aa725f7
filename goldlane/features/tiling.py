"""Events grouped into tiles, in Spark: the rows that ``goldlane.features.tiles`` describes, kept in a gold table of their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce
from operator import and_
from typing import TYPE_CHECKING

from goldlane.features import sums
from goldlane.features.frames import INSTANT, PREFIX, column, counted, sound
from goldlane.features.instants import instant
from goldlane.features.rolling import Rolling
from goldlane.features.sketch import SIZE
from goldlane.features.tiles import INSTANT_HOP, TILE_COLUMNS, hop_of
from goldlane.features.window_checks import refuse, wrong_windows

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame
    from pyspark.sql.types import DataType

_HOP = f"{PREFIX}hop"


def to_tiles(events: DataFrame, rolling: Sequence[Rolling], *, keys: Sequence[str] | str, time: str) -> DataFrame:
    """One row per keys, hop and tile in which something happened, and one per keys and instant (hop 1): a keyed aggregation, and no more.

    Columns: the keys, ``hop`` bigint (microseconds), ``tile`` bigint, ``at`` timestamp (the tile's newest event), and ``partials``, a
    struct with a field per window. Late events and retractions change the tiles they fall in and no other. Events without time or key
    belong to none.

    Raises:
        WindowError: a window has no hop, or the events do not fit the windows; all mistakes at once, before Spark works.
    """
    from pyspark.sql import functions as F

    key_names = (keys,) if isinstance(keys, str) else tuple(keys)
    # Features may be named like the columns they aggregate: a tile keeps them apart from the events.
    mistakes = wrong_windows(events, rolling, keys=key_names, time=time, beside=False)
    refuse("tiles", [*_wrong_tiling(rolling, key_names), *mistakes])
    present = reduce(and_, (column(name).isNotNull() for name in (*key_names, time)))
    placed = events.where(present).withColumn(INSTANT, instant(events, time))
    hops = [INSTANT_HOP, *sorted({hop_of(window) for window in rolling})]
    spread = placed.withColumn(_HOP, F.explode(F.array(*(F.lit(hop).cast("bigint") for hop in hops))))
    tile = F.expr(f"({INSTANT} + pmod(-{INSTANT}, {_HOP})) div {_HOP}")
    grouped = spread.groupBy(*(column(key) for key in key_names), column(_HOP).alias("hop"), tile.alias("tile"))
    partials = F.struct(*(_partial(window, events).alias(str(window.name)) for window in rolling))
    return grouped.agg(F.timestamp_micros(F.max(INSTANT)).alias("at"), partials.alias("partials"))


def with_event_partials(events: DataFrame, rolling: Sequence[Rolling], *, time: str, name: str) -> DataFrame:
    """``events``, a stream too, with what each adds to its tiles by itself: a struct ``name``, like ``partials`` of ``to_tiles``."""
    from pyspark.sql import functions as F

    placed = events.withColumn(INSTANT, instant(events, time))
    partials = F.struct(*(_event_partial(window, events).alias(str(window.name)) for window in rolling))
    return placed.withColumn(name, partials).drop(INSTANT)


def _wrong_tiling(rolling: Sequence[Rolling], keys: Sequence[str]) -> Iterator[str]:
    if not rolling:
        yield "windows are missing; name at least one"
    rolled = [window for window in rolling if isinstance(window, Rolling)]
    yield from (f"{window.name or window.function} has no hop, so it has no tiles" for window in rolled if window.hop is None)
    yield from (f"key {key!r} is named like a column of tiles; rename it in the events" for key in keys if key.lower() in TILE_COLUMNS)


def _partial(window: Rolling, events: DataFrame) -> Column:
    """The fields of ``partials.LAYOUT``, in rows of the window's own hop and instants, and where it counts anything."""
    from pyspark.sql import functions as F

    kind = None if window.column is None else events.schema[window.column].dataType
    value = counted(window, F.lit(1) if window.column is None else sound(events, window.column))
    some = column(_HOP).isin(INSTANT_HOP, hop_of(window)) & (F.count(value) > 0)
    # Each field may be NULL by itself, too: Arrow reads no struct that is NULL and whose fields must not be.
    return F.when(some, F.struct(*(F.when(some, field).alias(name) for name, field in _fields(window, value, kind).items())))


def _fields(window: Rolling, value: Column, kind: DataType | None) -> dict[str, Column]:
    from pyspark.sql import functions as F

    if kind is None:
        return {"n": F.count(value)}
    if window.function in ("sum", "mean"):
        return {"n": F.count(value), "total": _total(value, kind)}
    if window.function == "stddev":
        number = value.cast("double")
        return {"n": F.count(value), "mean": F.avg(number), "m2": F.var_pop(number) * F.count(value)}
    if window.function == "last":
        newest = F.max(F.when(value.isNotNull(), F.struct(column(INSTANT).alias("at"), value.alias("value"))))
        return {"at": newest["at"], "value": newest["value"]}
    if window.function == "count_distinct":
        return {"hashes": F.slice(F.sort_array(F.collect_set(_hash(value, kind))), 1, SIZE)}
    return {"value": (F.min if window.function == "min" else F.max)(value)}


def _event_partial(window: Rolling, events: DataFrame) -> Column:
    from pyspark.sql import functions as F

    kind = None if window.column is None else events.schema[window.column].dataType
    value = counted(window, F.lit(1) if window.column is None else sound(events, window.column))
    fields = _event_fields(window, value, kind).items()
    return F.when(value.isNotNull(), F.struct(*(F.when(value.isNotNull(), field).alias(name) for name, field in fields)))


def _event_fields(window: Rolling, value: Column, kind: DataType | None) -> dict[str, Column]:
    """``_fields`` of a tile with one event."""
    from pyspark.sql import functions as F

    one = F.lit(1).cast("bigint")
    if kind is None:
        return {"n": one}
    if window.function in ("sum", "mean"):
        exact = kind.simpleString() not in ("float", "double")
        return {"n": one, "total": sums.inputs(value, kind)["exact"].cast(total_type(kind)) if exact else value.cast("double")}
    if window.function == "stddev":
        return {"n": one, "mean": value.cast("double"), "m2": F.lit(0.0)}
    if window.function == "last":
        return {"at": column(INSTANT), "value": value}
    if window.function == "count_distinct":
        return {"hashes": F.array(_hash(value, kind))}
    return {"value": value}


def _total(value: Column, kind: DataType) -> Column:
    """Exact for integers and decimals; ``tile_merge`` and ``tile_json`` tell integers from decimals by the total's type."""
    from pyspark.sql import functions as F

    if kind.simpleString() in ("float", "double"):
        return F.sum(value.cast("double"))
    return F.sum(sums.inputs(value, kind)["exact"]).cast(total_type(kind))


def total_type(kind: DataType) -> str:
    """The type of a tile's total: two of them are added without losing a digit. 38 digits without a scale are those of a bigint."""
    from pyspark.sql.types import DecimalType

    if isinstance(kind, DecimalType):
        return f"decimal({min(kind.precision + 10, 37)},{kind.scale})"
    return "decimal(38,0)" if kind.simpleString() == "bigint" else "bigint"


def _hash(value: Column, kind: DataType) -> Column:
    """Of the value's text, which stays the same when the column's type is widened; times have a text per time zone, so their number's."""
    from pyspark.sql import functions as F

    # -0.0 and 0.0 are one number with two texts.
    plain = value + F.lit(0).cast(kind) if kind.simpleString() in ("float", "double") else value
    # The hash of NULL is a number, too.
    text = (F.unix_micros(plain) if kind.simpleString() == "timestamp" else plain).cast("string")
    return F.when(value.isNotNull(), F.xxhash64(text))

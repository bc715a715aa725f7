"""Events grouped into tiles, in Spark: the rows that ``goldlane.features.tiles`` merges."""

from __future__ import annotations

from datetime import datetime
from functools import reduce
from operator import and_
from typing import TYPE_CHECKING

from goldlane.features import sums
from goldlane.features.frames import INSTANT, PREFIX, column, counted, sound
from goldlane.features.instants import instant
from goldlane.features.tiles import LAYOUT
from goldlane.features.window_checks import check_windows

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame
    from pyspark.sql.types import DataType

    from goldlane.features.declarations import FeatureTable
    from goldlane.features.rolling import Rolling

_HOP, _END, _SLOT = (f"{PREFIX}{name}" for name in ("hop", "end", "slot"))


def to_tiles(events: DataFrame, table: FeatureTable, *, ended_by: datetime | None = None) -> DataFrame:
    """One row per keys, hop and tile that has ended, and per keys, hop, tile and event time for those that have not.

    Columns: the keys, ``hop`` bigint, ``tile`` bigint, ``at`` timestamp, ``partials`` struct (``to_json`` of it is what the merge reads).
    A tile has ended when its end is not after ``ended_by`` (now, when not given). Events without time or key belong to no tile.
    ``table`` must have features with a hop; ``events`` hold its keys, its event time and the columns its windows aggregate.

    Raises:
        WindowError: the events do not fit the table's windows; all mistakes at once, before Spark works.
    """
    from pyspark.sql import functions as F

    rollings = [rolling for rolling in table.rollings if rolling.hop_us is not None]
    # Features may be named like the columns they aggregate: a tile keeps them apart from the events.
    check_windows(events, rollings, keys=table.keys, time=table.event_time, beside=False)
    hops = sorted({rolling.hop_us for rolling in rollings if rolling.hop_us is not None})
    present = reduce(and_, (column(name).isNotNull() for name in (*table.keys, table.event_time)))
    placed = events.where(present).withColumn(INSTANT, instant(events, table.event_time))
    spread = placed.withColumn(_HOP, F.explode(F.array(*(F.lit(hop).cast("bigint") for hop in hops))))
    end = column(INSTANT) + F.pmod(-column(INSTANT), column(_HOP))
    ended = end <= F.unix_micros(F.current_timestamp() if ended_by is None else F.lit(ended_by))
    slotted = spread.withColumns({_END: end, _SLOT: F.when(~ended, column(INSTANT))})
    grouped = slotted.groupBy(*(column(key) for key in table.keys), column(_HOP), column(_END), column(_SLOT))
    partials = F.struct(*(_partial(rolling, events).alias(str(rolling.name)) for rolling in rollings))
    tiled = grouped.agg(F.timestamp_micros(F.max(INSTANT)).alias("at"), partials.alias("partials"))
    return tiled.select(
        *(column(key) for key in table.keys), column(_HOP).alias("hop"), F.expr(f"{_END} div {_HOP}").alias("tile"), "at", "partials"
    )


def _partial(rolling: Rolling, events: DataFrame) -> Column:
    """The fields of ``tiles.LAYOUT``, in the rows of the rolling's own hop."""
    from pyspark.sql import functions as F

    fields = {name: value for name, value in _fields(rolling, events).items() if name in LAYOUT[rolling.function]}
    return F.when(column(_HOP) == F.lit(rolling.hop_us), F.struct(*(value.alias(name) for name, value in fields.items())))


def _fields(rolling: Rolling, events: DataFrame) -> dict[str, Column]:
    from pyspark.sql import functions as F

    if rolling.column is None:
        return {"n": F.count(counted(rolling, F.lit(1)))}
    kind, value = events.schema[rolling.column].dataType, counted(rolling, sound(events, rolling.column))
    if rolling.function in ("sum", "mean"):
        return {"n": F.count(value), "total": _total(value, kind)}
    if rolling.function == "stddev":
        number = value.cast("double")
        return {"n": F.count(number), "mean": F.avg(number), "m2": F.var_pop(number) * F.count(number)}
    if rolling.function == "last":
        newest = F.max(F.when(value.isNotNull(), F.struct(column(INSTANT).alias("at"), value.alias("value"))))
        return {"at": newest["at"], "value": _written(newest["value"], kind)}
    if rolling.function == "count_distinct":
        # -0.0 and 0.0 are one number with two texts.
        plain = value + F.lit(0).cast(kind) if kind.simpleString() in ("float", "double") else value
        return {"values": F.sort_array(F.collect_set(plain.cast("string")))}
    return {"value": _written((F.min if rolling.function == "min" else F.max)(value), kind)}


def _total(value: Column, kind: DataType) -> Column:
    """Exact: decimals as text, since JSON readers take them for doubles; integers as numbers of any size."""
    from pyspark.sql import functions as F

    if kind.simpleString() in ("float", "double"):
        return F.sum(value.cast("double"))
    total = F.sum(sums.inputs(value, kind)["exact"])
    return total.cast("string") if kind.simpleString().startswith("decimal") else total


def _written(value: Column, kind: DataType) -> Column:
    """A value as partials hold it: times in microseconds, decimals and dates as text."""
    from pyspark.sql import functions as F

    name = kind.simpleString()
    if name in ("timestamp", "timestamp_ntz"):
        return F.unix_micros(value.cast("timestamp"))
    return value.cast("string") if name == "date" or name.startswith("decimal") else value

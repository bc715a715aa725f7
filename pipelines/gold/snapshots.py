"""At which instants a key gets a row: the end of each of its days, and on the newest day the newest thing known of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import Column, DataFrame

    from goldlane.features import FeatureTable, Rolling

_DAY_US = 86_400_000_000
_SNAPSHOT = "snapshot"


def snapshots(activity: DataFrame, newest: DataFrame, *, key: str) -> DataFrame:
    """One row per key and UTC day with activity: ``key``, ``at``, ``last_sale_at`` (the day's last sale; NULL without one).

    ``at`` is 23:59:59.999999 UTC of that day; on the day of ``newest`` (one row), which is not over, the key's newest time.
    """
    day = end_of_day(F.col("at"))
    days = activity.groupBy(key, day.alias("_end")).agg(
        F.max("at").alias("_last"), F.max(F.when(F.col("kind") == "sale", F.col("at"))).alias("last_sale_at")
    )
    is_newest_day = F.col("_end") == end_of_day(F.col("newest"))
    at = F.when(is_newest_day, F.col("_last")).otherwise(F.col("_end"))
    return days.crossJoin(F.broadcast(newest)).select(key, at.alias("at"), "last_sale_at")


def with_windows(snapshots: DataFrame, activity: DataFrame, windows: Sequence[Rolling], *, key: str) -> DataFrame:
    """The snapshots plus one column per window over the activity in ``(at - window, at]``."""
    from goldlane.features import with_rolling_features

    instants = snapshots.withColumn("kind", F.lit(_SNAPSHOT))
    rows = activity.unionByName(instants, allowMissingColumns=True)
    computed = with_rolling_features(rows, windows, keys=[key], time="at").where(F.col("kind") == _SNAPSHOT)
    return computed.select(*snapshots.columns, *(str(window.name) for window in windows))


def declared(rows: DataFrame, table: FeatureTable) -> DataFrame:
    """The columns of ``table``, in its order and its types."""
    types = {feature.name: feature.type for feature in table.features}
    return rows.select(*(F.col(name).cast(types[name]).alias(name) if name in types else F.col(name) for name in table.columns))


def end_of_day(at: Column) -> Column:
    """The last microsecond of the UTC day of ``at``, whatever the session's time zone."""
    return F.timestamp_micros(F.unix_micros(at) - micros_of_day(at) + (_DAY_US - 1))


def micros_of_day(at: Column) -> Column:
    """Microseconds since midnight UTC, whatever the session's time zone."""
    return F.pmod(F.unix_micros(at), F.lit(_DAY_US))

"""What a declared schema promises about a materialized view's rows, looked at while they are written: NOT NULL, and one row per key."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from goldlane.pipelines.plan import PlannedDataset

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

_SECOND_ROW = "more than one row has the primary key "
_KEY = re.compile(re.escape(_SECOND_ROW) + r"\{.*?\}")


def checked_nulls(frame: DataFrame, planned: PlannedDataset) -> DataFrame:
    """``frame``, whose write fails at a NULL where the schema says NOT NULL; Delta itself forgets that when columns change."""
    from pyspark.sql import functions as F

    required = {column.name.lower() for column in planned.schema.fields if not column.nullable}
    if not required & {name.lower() for name in frame.columns}:
        return frame
    name = planned.dataset.written
    columns = [
        _unless(F.col(f"`{column}`").isNull(), F.lit(f"{name}: column {column} is NULL, and its schema says NOT NULL"), column)
        if column.lower() in required
        else F.col(f"`{column}`")
        for column in frame.columns
    ]
    return frame.select(*columns)


def checked_key(frame: DataFrame, planned: PlannedDataset) -> DataFrame:
    """``frame``, whose write fails at a second row of one primary key, and names the key."""
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    if not planned.primary_key:
        return frame
    keys = [F.col(f"`{key}`") for key in planned.primary_key]
    first = planned.primary_key[0]
    rows = F.count(F.lit(1)).over(Window.partitionBy(*keys))
    message = F.concat(F.lit(f"{planned.dataset.written}: {_SECOND_ROW}"), F.to_json(F.struct(*keys)))
    counted = frame.withColumn("__goldlane_rows", rows)
    columns = [
        _unless(F.col("__goldlane_rows") > 1, message, column) if column.lower() == first.lower() else F.col(f"`{column}`")
        for column in frame.columns
    ]
    return counted.select(*columns)


def broken_key(error: BaseException) -> str | None:
    """Which key has a second row, when that is what stopped a write of ``checked_key``."""
    found = _KEY.search(str(error))
    return found.group() if found else None


def _unless(broken: Column, message: Column, column: str) -> Column:
    from pyspark.sql import functions as F

    return F.when(broken, F.raise_error(message)).otherwise(F.col(f"`{column}`")).alias(column)

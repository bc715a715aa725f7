"""Puts the new rows of touched keys in the place of the old ones, in one commit."""

from __future__ import annotations

from functools import reduce
from operator import and_
from pathlib import Path
from typing import TYPE_CHECKING

from goldlane.pipelines.incremental.changes import has_feed
from goldlane.pipelines.incremental.exchange import exchange_rows
from goldlane.pipelines.incremental.plans import analyzed, each
from goldlane.pipelines.incremental.pruning import TABLE, pruned
from goldlane.pipelines.incremental.restricted import of_keys
from goldlane.pipelines.incremental.sources import newest, snapshot_at
from goldlane.pipelines.incremental.touched import Touched
from goldlane.pipelines.plan import PlannedDataset
from goldlane.pipelines.promises import checked_key, checked_nulls
from goldlane.pipelines.tables import in_declared_order

if TYPE_CHECKING:
    from delta.tables import DeltaMergeBuilder
    from pyspark.sql import Column, DataFrame

_GONE = "__goldlane_gone"


def append_rows(frame: DataFrame, planned: PlannedDataset, path: Path) -> None:
    """One commit that adds ``frame``."""
    checked_nulls(in_declared_order(frame, planned), planned).write.format("delta").mode("append").save(str(path))


def replace_keys(frame: DataFrame, planned: PlannedDataset, path: Path, touched: Touched, columns: tuple[str, ...]) -> None:
    """One commit after which ``frame`` holds all rows of the touched keys; with a primary key only rows that differ are written."""
    frame = checked_nulls(in_declared_order(frame, planned), planned)
    if planned.primary_key:
        _merge_rows(checked_key(frame, planned), planned, path, touched, columns)
    elif planned.generated or has_feed(snapshot_at(frame.sparkSession, newest(frame.sparkSession, str(path)))):
        _merge_keys(frame, path, touched, columns)
    else:
        exchange_rows(frame, path, touched, columns)


def _merge_rows(frame: DataFrame, planned: PlannedDataset, path: Path, touched: Touched, columns: tuple[str, ...]) -> None:
    from pyspark.sql import functions as F

    spelled = {name.lower(): name for name in frame.columns}
    identity = [spelled[name.lower()] for name in planned.primary_key]
    frame = frame.persist()
    try:
        old = _stored(frame, path, touched, columns).select(*(F.col(f"`{name}`") for name in identity))
        same = reduce(and_, (old[f"`{name}`"].eqNullSafe(frame[f"`{name}`"]) for name in identity))
        gone = old.join(frame, same, "leftanti")
        rows = _marked(frame, gone, identity)
        differs = [f"NOT ({TABLE}.`{name}` <=> source.`{name}`)" for name in frame.columns if name not in identity]
        values = {f"`{name}`": f"source.`{name}`" for name in frame.columns}
        merge = _merge(rows, path, identity, _held(frame, path, touched, columns)).whenMatchedDelete(f"source.{_GONE}")
        merge = merge.whenMatchedUpdate(" OR ".join(differs) or "false", set=dict(values))
        merge.whenNotMatchedInsert(f"NOT source.{_GONE}", values=dict(values)).execute()
    finally:
        frame.unpersist()


def _merge_keys(frame: DataFrame, path: Path, touched: Touched, columns: tuple[str, ...]) -> None:
    from pyspark.sql import functions as F

    keys = [F.col(f"`{name}`") for name in columns]
    # A merge finds rows by values: what lies in a span is looked up first.
    leaving = touched.frame if touched.order is None else _stored(frame, path, touched, columns).select(*keys).distinct()
    rows = _marked(frame, leaving, columns)
    values = {f"`{name}`": f"source.`{name}`" for name in frame.columns}
    # A new row must match nothing: only keys that go meet the rows that are there.
    held = F.col(f"source.{_GONE}") & _held(frame, path, touched, columns)
    merge = _merge(rows, path, columns, held).whenMatchedDelete(f"source.{_GONE}")
    merge.whenNotMatchedInsert(f"NOT source.{_GONE}", values=dict(values)).execute()


def _stored(frame: DataFrame, path: Path, touched: Touched, columns: tuple[str, ...]) -> DataFrame:
    """The view's rows of the touched keys as they are."""
    stored = frame.sparkSession.read.format("delta").load(str(path)).alias(TABLE).where(_held(frame, path, touched, columns))
    return of_keys(stored, touched, {name: name for name in columns})


def _marked(frame: DataFrame, gone: DataFrame, columns: tuple[str, ...] | list[str]) -> DataFrame:
    """New rows, and the keys of those that go, told apart."""
    from pyspark.sql import functions as F

    keys = [F.col(f"`{name}`") for name in columns]
    leaving = gone.select(*keys).withColumn(_GONE, F.lit(True))
    return frame.withColumn(_GONE, F.lit(False)).unionByName(leaving, allowMissingColumns=True)


def _merge(rows: DataFrame, path: Path, columns: tuple[str, ...] | list[str], held: Column) -> DeltaMergeBuilder:
    from delta.tables import DeltaTable
    from pyspark.sql import functions as F

    same = reduce(and_, (F.col(f"{TABLE}.`{name}`").eqNullSafe(F.col(f"source.`{name}`")) for name in columns))
    return DeltaTable.forPath(rows.sparkSession, str(path)).alias(TABLE).merge(rows.alias("source"), same & held)


def _held(frame: DataFrame, path: Path, touched: Touched, columns: tuple[str, ...]) -> Column:
    """In which files of the table rows of touched keys can be: Delta opens no others."""
    from pyspark.sql import functions as F

    session = frame.sparkSession
    table = newest(session, str(path))
    stored = {column.name().lower(): column for column in each(analyzed(table.frame(session)).output())}
    found = pruned(session, table, {name: stored[name.lower()] for name in columns}, touched)
    return reduce(and_, found.conditions.values(), F.lit(True))

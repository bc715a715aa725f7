"""Truncates of SCD type 1: everything up to the greatest truncate's sequence counts as deleted, whenever it arrives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from goldlane.pipelines.cdc.names import DELETED, SEQUENCE

if TYPE_CHECKING:
    from goldlane.pipelines.cdc.state import State

_LIMIT = "__cdc_limit"


def remember_truncates(batch: DataFrame, sequence: Column, state: State) -> None:
    """Append the batch's greatest truncate; first of all, since it holds whatever happens to the rest of the batch."""
    state.truncates.append(batch.agg(F.max(sequence).alias(SEQUENCE)))


def with_truncates(events: DataFrame, state: State) -> DataFrame:
    """The events, those at or before the greatest truncate known marked as deletes (one at the same sequence loses, as to a delete)."""
    if not state.truncates.exists:
        return events
    limit = state.truncates.read().agg(F.max(SEQUENCE).alias(_LIMIT))
    deleted = F.col(DELETED) | (F.col(SEQUENCE) <= F.col(_LIMIT))
    return events.crossJoin(F.broadcast(limit)).withColumn(DELETED, deleted).drop(_LIMIT)

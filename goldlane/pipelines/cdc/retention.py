"""What of an event log is still needed: all distinct events of a history; of partial updates those that a column still shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from goldlane.pipelines.cdc.names import ARRIVED, DELETED, SEQUENCE, WRITES, columns, writes

if TYPE_CHECKING:
    from goldlane.pipelines.cdc.columns import Layout
    from goldlane.pipelines.cdc.spec import ChangeSpec

_COPY, _DELETES, _LATER, _KEPT = "__cdc_copy", "__cdc_deletes", "__cdc_later", "__cdc_kept"


def still_needed(log: DataFrame, layout: Layout, spec: ChangeSpec) -> DataFrame:
    """The events that can still matter, each once. Deletes of type 1 are forgotten when older than the spec's ``tombstone_ttl``."""
    same = [*layout.key_columns(), *columns(layout.times), F.col(DELETED), *layout.value_ranks()]
    same += [F.col(WRITES)] if layout.partial else []
    first = Window.partitionBy(*same).orderBy(ARRIVED)
    once = log.withColumn(_COPY, F.row_number().over(first)).where(F.col(_COPY) == 1).drop(_COPY)
    return once if spec.scd_type != 1 else _shown(once, layout, spec)


def _shown(events: DataFrame, layout: Layout, spec: ChangeSpec) -> DataFrame:
    newest_first = Window.partitionBy(*layout.key_columns()).orderBy(
        F.desc(SEQUENCE), F.desc(DELETED), *[rank.desc() for rank in layout.value_ranks()]
    )
    later = newest_first.rowsBetween(Window.unboundedPreceding, -1)
    old = F.col(ARRIVED) < F.current_timestamp() - F.lit(spec.tombstone_ttl)
    shown = F.col(_LATER) == 0
    for name in layout.values:
        hidden = F.count_if(writes(name)).over(later) > 0
        shown |= writes(name) & ~hidden
    # A delete under later events still hides older ones; alone, it is a tombstone and may be forgotten.
    kept = F.when(F.col(DELETED), ~old | (F.col(_LATER) > 0)).otherwise(shown)
    return (
        events.withColumn(_DELETES, F.count_if(F.col(DELETED)).over(later))
        .where(F.col(_DELETES) == 0)
        .withColumn(_LATER, F.count(F.lit(1)).over(later))
        .withColumn(_KEPT, kept)
        .where(_KEPT)
        .drop(_DELETES, _LATER, _KEPT)
    )

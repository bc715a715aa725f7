"""One micro-batch of changes, applied to its target and remembered; and the columns that such a target has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from goldlane.pipelines.cdc.errors import CdcError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType

    from goldlane.pipelines.cdc.spec import ChangeSpec

# Flows into one target take turns: each reads what is remembered before it writes.
_TURNS: dict[str, Lock] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Rows of the target that one batch inserted or updated, and removed."""

    upserted: int
    deleted: int


@contextmanager
def taking_turns(target: Path) -> Iterator[None]:
    """Wait until no other flow of this process changes the table at ``target``."""
    with _TURNS.setdefault(str(target.resolve()), Lock()):
        yield


def target_schema(source: StructType, spec: ChangeSpec, spark: SparkSession) -> StructType:
    """The columns of the target: keys and selected columns in the source's order, all nullable; type 2 adds its two bounds.

    Raises:
        CdcError: the spec names columns that the source lacks, or a bound's name is taken; all of them at once.
    """
    from goldlane.pipelines.cdc.columns import planned_schema

    return planned_schema(source, spec, spark)


def apply_batch(changes: DataFrame, spec: ChangeSpec, *, target: Path, state: Path) -> Changes:
    """Merge one batch into the Delta table at ``target``; ``state`` is a folder of ours beside it, made on first use.

    Any order and batching of the same events gives the same table; repeating a batch, also after a crash half-way, changes nothing.
    Of different rows with one key and one sequence a delete wins, then the greater row by the target's column order (NULL first).
    Columns that the target lacks are added to it.

    Raises:
        CdcError: the spec does not fit the source, the target or the state, or the state is lost or damaged.
        RefusedChangesError: rows with a NULL key or sequence, or outside ``where``; nothing was written.
    """
    from goldlane.pipelines.cdc.columns import read_layout
    from goldlane.pipelines.cdc.events import read_events
    from goldlane.pipelines.cdc.latest import apply_latest
    from goldlane.pipelines.cdc.logged import apply_logged
    from goldlane.pipelines.cdc.state import remembering
    from goldlane.pipelines.cdc.target import Target

    if changes.isStreaming:
        raise CdcError(f"the changes for {spec.target} are a stream", hint="apply its micro-batches in foreachBatch")
    with taking_turns(target):
        table = Target(changes.sparkSession, target, spec)
        schema = table.planned(changes.schema)
        layout = read_layout(changes.schema, schema, spec, skipped=table.computed(changes.schema))
        events = read_events(changes, layout, spec)
        apply = apply_logged if spec.scd_type != 1 or layout.partial else apply_latest
        with remembering(table.spark, state, spec.target, is_empty=table.is_empty):
            inserted_or_updated, deleted = apply(events, layout, spec, table, state)
    return Changes(upserted=inserted_or_updated, deleted=deleted)

"""The events of a batch: the target's columns, and beside them when, and whether the row deletes, truncates or is refused."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import and_, or_
from typing import TYPE_CHECKING

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from goldlane.pipelines.cdc.columns import Layout
from goldlane.pipelines.cdc.errors import RefusedChangesError
from goldlane.pipelines.cdc.expressions import named_or_computed
from goldlane.pipelines.cdc.names import DELETED, OUTSIDE, SEQUENCE, SYSTEM, TRUNCATES, WRITES, column
from goldlane.pipelines.cdc.schemas import conformed

if TYPE_CHECKING:
    from pyspark.sql.types import StructType

    from goldlane.pipelines.cdc.spec import ChangeSpec


def read_events(changes: DataFrame, layout: Layout, spec: ChangeSpec) -> DataFrame:
    """One event per row of the batch, in the target's types; the values of a delete are NULL, whatever came with it."""
    source = changes.schema
    deletes = _holds(spec.apply_as_deletes)
    values = target_values(source, layout)
    data = [(value if name in layout.keys else F.when(~deletes, value)).alias(name) for name, value in values.items()]
    system = [] if spec.system_sequence_by is None else [named_or_computed(spec.system_sequence_by, source).alias(SYSTEM)]
    writes = [_written(layout, spec).alias(WRITES)] if layout.partial else []
    return changes.select(
        *data,
        *writes,
        named_or_computed(spec.sequence_by, source).alias(SEQUENCE),
        *system,
        deletes.alias(DELETED),
        _holds(spec.apply_as_truncates).alias(TRUNCATES),
        (F.lit(False) if spec.where is None else ~_holds(spec.where)).alias(OUTSIDE),
    )


def target_values(source: StructType, layout: Layout) -> dict[str, Column]:
    """The target's data columns in its types, from rows of ``source``; NULL where they carry none."""
    return {
        name: conformed(column(layout.sources[name]), source[layout.sources[name]].dataType, layout.type_of(name))
        if name in layout.sources
        else F.lit(None).cast(layout.type_of(name))
        for name in layout.data
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What is wrong with a batch, in rows, and whether it truncates."""

    null_keys: int
    null_sequences: int
    outside: int
    truncates: int

    def refuse(self, spec: ChangeSpec) -> None:
        """Raise for rows that no table can take.

        Raises:
            RefusedChangesError: there are such rows; it counts them per reason.
        """
        found = {
            f"a NULL key ({', '.join(spec.keys)})": self.null_keys,
            "a NULL sequence": self.null_sequences,
            "a condition `where` that is not true": self.outside,
        }
        if any(found.values()):
            raise RefusedChangesError(spec.target, {reason: count for reason, count in found.items() if count})


def tally_columns(layout: Layout) -> list[Column]:
    """The counts of a ``Tally``, as aggregates over events."""
    keyed = reduce(and_, [key.isNotNull() for key in layout.key_columns()])
    return [
        F.count_if(~keyed & ~F.col(TRUNCATES)).alias("null_keys"),
        F.count_if(reduce(or_, [F.col(time).isNull() for time in layout.times])).alias("null_sequences"),
        F.count_if(F.col(OUTSIDE)).alias("outside"),
        F.count_if(F.col(TRUNCATES)).alias("truncates"),
    ]


def read_tally(counts: DataFrame) -> Tally:
    """The tally in a frame of one row, or the sum of those in several (none: nothing is wrong)."""
    names = ("null_keys", "null_sequences", "outside", "truncates")
    row = counts.agg(*[F.coalesce(F.sum(name), F.lit(0)).alias(name) for name in names]).first()
    return Tally(**{name: row[name] for name in names} if row else dict.fromkeys(names, 0))


def _holds(condition: str | Column | None) -> Column:
    if condition is None:
        return F.lit(False)
    return F.coalesce(F.expr(condition) if isinstance(condition, str) else condition, F.lit(False))


def _written(layout: Layout, spec: ChangeSpec) -> Column:
    """Names of the values that the event writes: all, those it lists, or all but the spared ones that are NULL."""
    if spec.columns_to_update is not None:
        everything = F.array(*[F.lit(name.lower()) for name in layout.values])
        return F.coalesce(F.transform(column(spec.columns_to_update), F.lower), everything)
    names = [
        F.when(column(layout.sources[name]).isNotNull(), F.lit(name.lower())) if name in layout.spared else F.lit(name.lower())
        for name in layout.values
        if name in layout.sources
    ]
    return F.array_compact(F.array(*names)) if names else F.array().cast("array<string>")

"""The target table: its columns, grown to those of the changes, and the one MERGE that changes its rows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_
from pathlib import Path
from typing import TYPE_CHECKING, Any

from delta.tables import DeltaTable
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from goldlane.pipelines.cdc.columns import Layout, bounds, selected_fields
from goldlane.pipelines.cdc.errors import CdcError
from goldlane.pipelines.cdc.expressions import sequence_types
from goldlane.pipelines.cdc.names import column, quoted
from goldlane.pipelines.cdc.schemas import grown_schema, same_type
from goldlane.pipelines.standins import empty_batch

if TYPE_CHECKING:
    from goldlane.pipelines.cdc.spec import ChangeSpec

# A column with one of these is filled by Delta itself when a write leaves it out.
_COMPUTED = ("delta.generationExpression", "delta.identity.start", "CURRENT_DEFAULT")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MergeRows:
    """What a MERGE of ``s`` into ``t`` does: which rows meet, which go, which of those that stay are written, and what."""

    matching: Column
    gone: Column
    differing: Column
    assigned: Mapping[str, Column | str]


def same_values(left: Sequence[Column], right: Sequence[Column]) -> Column:
    """Whether two rows hold the same, NULL being equal to NULL."""
    return _row(left).eqNullSafe(_row(right))


def greater_values(left: Sequence[Column], right: Sequence[Column]) -> Column:
    """Whether the left row comes behind the right one in column order, NULL first."""
    return _row(left) > _row(right)


def _row(values: Sequence[Column]) -> Column:
    # The literal keeps the struct from being empty when a table has nothing but keys.
    return F.struct(F.lit(0).alias("_"), *[value.alias(f"_{at}") for at, value in enumerate(values)])


class Target:
    """The Delta table at ``path``, which must exist."""

    def __init__(self, spark: SparkSession, path: Path, spec: ChangeSpec) -> None:
        if not (path / "_delta_log").is_dir():
            raise CdcError(f"the target {spec.target} of the change flow is no Delta table yet: {path}")
        self.spark, self.path, self.spec = spark, path, spec
        self._schema = self.read().schema

    def read(self) -> DataFrame:
        """The table's rows."""
        return self.spark.read.format("delta").load(str(self.path))

    def is_empty(self) -> bool:
        """Whether the table has no row."""
        return self.read().isEmpty()

    def planned(self, source: StructType) -> StructType:
        """The target's columns once it can take the changes; ``grow`` writes it.

        Raises:
            CdcError: the two bounds of type 2 are missing, or are not of the sequence's type.
        """
        if self.spec.scd_type != 1:
            self._check_bounds(source)
        return grown_schema(self._schema, StructType(selected_fields(source, self.spec)))

    def computed(self, source: StructType) -> tuple[str, ...]:
        """Columns that the changes lack and Delta fills by itself (generated, identity, default)."""
        carried = {field.name.lower() for field in source.fields}
        missing = [field.name for field in self._schema.fields if field.name.lower() not in carried]
        if not set(missing) - set(bounds(self.spec)):
            return ()
        # DataFrames hide how a column is computed; only the table's own schema says it.
        jvm: Any = self.spark._jvm  # noqa: SLF001  no public way
        snapshot = jvm.org.apache.spark.sql.delta.DeltaLog.forTable(self.spark._jsparkSession, str(self.path)).unsafeVolatileSnapshot()  # noqa: SLF001  as above
        fields = json.loads(snapshot.metadata().schemaString())["fields"]
        metadata = {field["name"]: field.get("metadata", {}) for field in fields}
        return tuple(name for name in missing if any(key in metadata.get(name, {}) for key in _COMPUTED))

    def grow(self, schema: StructType) -> None:
        """Add the columns and nested fields of ``schema`` that the table lacks, in a commit of their own."""
        if same_type(schema, self._schema):
            return
        nothing = empty_batch(self.spark, schema)
        nothing.write.format("delta").mode("append").option("mergeSchema", "true").save(str(self.path))
        self._schema = schema

    def merge(self, source: DataFrame, layout: Layout, rows: MergeRows) -> tuple[int, int]:
        """Change the rows as ``rows`` says; how many were inserted or updated, and deleted."""
        self.grow(layout.schema)
        merge = (
            DeltaTable.forPath(self.spark, str(self.path))
            .alias("t")
            .merge(source.alias("s"), rows.matching)
            .whenMatchedDelete(rows.gone)
            .whenMatchedUpdate(rows.differing, set=dict(rows.assigned))
            .whenNotMatchedInsert(~rows.gone, values=dict(rows.assigned))
        )
        (metrics,) = merge.execute().collect()
        return metrics["num_inserted_rows"] + metrics["num_updated_rows"], metrics["num_deleted_rows"]

    def _check_bounds(self, source: StructType) -> None:
        kinds, names = sequence_types(source, self.spec, self.spark), bounds(self.spec)
        wanted = {bound: kinds[sequence] for bound, sequence in names.items()}
        found = {field.name: field.dataType for field in self._schema.fields}
        mistakes = [f"it lacks the column {bound}" for bound in wanted if bound not in found]
        mistakes += [
            f"{bound} is {found[bound].simpleString()}, the sequence is {kind.simpleString()}"
            for bound, kind in wanted.items()
            if bound in found and not same_type(found[bound], kind)
        ]
        if mistakes:
            hint = f"declare {', '.join(wanted)} with the sequence's type, or no schema at all"
            raise CdcError(f"the target {self.spec.target} cannot hold SCD type {self.spec.scd_type}: " + "; ".join(mistakes), hint=hint)


def meeting_keys(layout: Layout) -> Column:
    """The rows of ``s`` and ``t`` with one key."""
    return reduce(and_, [column(key, "t") == column(key, "s") for key in layout.keys])


def assigned_data(layout: Layout) -> dict[str, Column]:
    """Every data column of ``t`` takes the value of ``s``."""
    return {quoted(name): column(name, "s") for name in layout.data}

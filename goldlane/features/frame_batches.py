"""A frame that somebody publishes, of Spark's or Arrow's making, as Arrow batches."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeAlias

from goldlane.errors import UsageError

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame

    from goldlane.features.declarations import FeatureTable

Frame: TypeAlias = "DataFrame | pa.Table | pa.RecordBatch | pa.RecordBatchReader"


def frame_batches(table: FeatureTable, frame: Frame) -> Iterable[pa.RecordBatch]:
    """A frame as Arrow batches, Spark's in its declared columns only."""
    if table.has_tiles:
        raise UsageError(f"{table.name} is merged from tiles of its events", hint="publish it from a storage, which holds all of them")
    import pyarrow as pa

    from goldlane.features.arrow_batches import check_columns
    from goldlane.features.delta_files import plain_text

    if not isinstance(frame, (pa.Table, pa.RecordBatch, pa.RecordBatchReader)) and hasattr(frame, "toArrow"):
        from goldlane.features.spark_batches import SparkBatches

        source = SparkBatches(frame.select(*[name for name in table.columns if name in frame.columns]))
        check_columns(table, source.types, "the frame")
        return source
    if isinstance(frame, pa.RecordBatch):
        frame = pa.Table.from_batches([frame])
    if not isinstance(frame, (pa.Table, pa.RecordBatchReader)):
        raise UsageError(f"{table.name} can be published from a storage's path, a Spark DataFrame or an Arrow table, not from {frame!r}")
    check_columns(table, {field.name: field.type for field in frame.schema}, "the frame")
    batches = frame.to_batches(max_chunksize=65536) if isinstance(frame, pa.Table) else frame
    return map(plain_text, batches)

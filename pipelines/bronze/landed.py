"""Bronze: what landed, as it came, and where from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F
from pyspark.sql.types import LongType, StructType

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pyarrow as pa
    from pyspark.sql import DataFrame


def landed(files: DataFrame) -> DataFrame:
    """One row per line of a landing file: its columns untouched, then its file, its place in it, and when it was read.

    ``_row`` only orders the lines of one block of one file (``_source_file``, ``_block_start``): its value depends on how Spark
    split the reading, its order there does not.
    """
    placed = files.select(
        "*",
        F.col("_metadata.file_path").alias("_source_file"),
        F.col("_metadata.file_modification_time").alias("_file_modified_at"),
        F.col("_metadata.file_block_start").alias("_block_start"),
    )
    return placed.transform(_numbered).withColumn("_ingested_at", F.current_timestamp())


def _numbered(rows: DataFrame) -> DataFrame:
    """The rows in the order in which they are read, counted in ``_row`` from 0 per task."""

    # Spark refuses monotonically_increasing_id() on a stream. Arrow costs about 2 s per million rows. Nested, so that it travels to
    # the workers by value: they need not find this package.
    def numbered(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        count = 0
        for batch in batches:
            yield batch.append_column("_row", pa.array(range(count, count + batch.num_rows), pa.int64()))
            count += batch.num_rows

    return rows.mapInArrow(numbered, StructType([*rows.schema.fields]).add("_row", LongType()))

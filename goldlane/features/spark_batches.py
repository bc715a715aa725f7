"""A Spark frame that somebody publishes: fetched whole where the store wants it so, or handed out where its rows are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import pyarrow as pa

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_FETCHED_ROWS = 65536


class SparkBatches:
    """The declared columns of a frame, computed when they are asked for."""

    def __init__(self, frame: DataFrame) -> None:
        self._frame = frame

    @property
    def types(self) -> dict[str, pa.DataType]:
        """The Arrow type of each column."""
        from pyspark.sql.pandas.types import to_arrow_schema

        return {field.name: field.type for field in to_arrow_schema(self._frame.schema, timezone="UTC")}

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        """All rows, fetched into this process at once."""
        yield from self._frame.toArrow().to_batches(max_chunksize=_FETCHED_ROWS)

    def on_executors(self, work: Callable[[Iterable[pa.RecordBatch]], dict[str, Any]], schema: str) -> list[dict[str, Any]]:
        """What ``work``, sent to where the rows are, says of each partition, in the columns of ``schema``."""
        fields = tuple(field.partition(" ")[0] for field in schema.split(", "))

        def told(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            said = work(batches)
            yield pa.RecordBatch.from_pydict({name: [said[name]] for name in fields})

        return [row.asDict() for row in self._frame.mapInArrow(told, schema).collect()]

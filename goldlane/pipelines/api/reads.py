"""``read`` and ``read_stream``: a dataset of the pipeline, or any other table, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from goldlane.pipelines.api.signatures import strict
from goldlane.pipelines.reads import current_reads

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


@strict
def read(name: str) -> DataFrame:
    """The whole of a dataset, as a batch."""
    return current_reads().batch(name)


@strict
def read_stream(name: str) -> DataFrame:
    """What is new in a dataset, as a stream."""
    return current_reads().stream(name, {})

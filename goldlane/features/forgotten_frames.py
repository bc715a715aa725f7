"""Frames of a storage's tables without the rows of forgotten entities: what Spark reads for training and for tiles."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from goldlane.forgotten import forgotten_path, storage_of, without_forgotten

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def without_forgotten_of(rows: DataFrame, table: Path, keys: Sequence[str]) -> DataFrame:
    """``rows`` of the Delta table at ``table`` without those whose ``keys`` its storage has forgotten."""
    storage = storage_of(table)
    if storage is None or not (forgotten_path(storage) / "_delta_log").is_dir():
        return rows
    from goldlane.features.forgotten_entities import forgotten_entities

    known = {entity.key_columns for entity in forgotten_entities(storage)}
    forgotten = rows.sparkSession.read.format("delta").load(str(forgotten_path(storage)))
    return without_forgotten(rows, forgotten, *sorted(names for names in known if set(names) <= set(keys)))

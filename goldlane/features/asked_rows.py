"""Tiles as the feature rows that labels ask for: a table that is merged when it is read has no others."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce
from operator import and_
from typing import TYPE_CHECKING

from goldlane.features.as_of import AsOf
from goldlane.features.frames import PREFIX, column
from goldlane.features.instants import instant
from goldlane.features.tile_windows import with_newest_event, with_tiled_features

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from goldlane.features.declarations import FeatureTable

_ASKED = f"{PREFIX}asked"


def rows_as_asked(labels: DataFrame, tiles: DataFrame, table: FeatureTable, question: AsOf) -> tuple[DataFrame, AsOf]:
    """One row per key and instant of a label, and the question that finds it: known at that instant, as old as the key's newest event.

    A label before a key's first event finds none. ``exclusive`` leaves out the events of the label's very instant.
    """
    from pyspark.sql import functions as F

    keys = [column(key).cast(table.key_types[key]).alias(key) for key in table.keys]
    asked = labels.select(*keys, F.timestamp_micros(instant(labels, question.label_time)).alias(_ASKED))
    asked = asked.where(reduce(and_, (column(name).isNotNull() for name in asked.columns))).distinct()
    windows = [replace(window, current_row=window.current_row and not question.lag_us) for window in table.rollings]
    merged = with_tiled_features(asked, tiles, windows, keys=table.keys, time=_ASKED)
    # What a label sees is known at its time, or before it: the row of its own instant.
    seen_at = F.unix_micros(column(_ASKED)) - question.lag_us
    dated = with_newest_event(merged, tiles, table.event_time, keys=table.keys, at=seen_at)
    rows = dated.where(column(table.event_time).isNotNull()).select(*map(column, table.columns), F.timestamp_micros(seen_at).alias(_ASKED))
    return rows, replace(question, known_at=_ASKED, tie_break=(), skip_nulls=False)

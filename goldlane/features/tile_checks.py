"""Whether labels and tiles fit the windows asked of them: names and types only, no Spark job."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from goldlane.features.partials import LAYOUT
from goldlane.features.rolling import Rolling
from goldlane.features.tile_merge import result_type
from goldlane.features.tiles import TILE_COLUMNS
from goldlane.features.types import comparable, holds
from goldlane.features.window_checks import is_frame, wrong_frame, wrong_names

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def wrong_tiles(labels: DataFrame, tiles: DataFrame, windows: Sequence[Rolling], *, keys: Sequence[str], time: str) -> Iterator[str]:
    """Every mistake of the call."""
    known = [window for window in windows if isinstance(window, Rolling)]
    yield from (f"{window!r} is no Rolling" for window in windows if not isinstance(window, Rolling))
    yield from wrong_frame(labels, keys, time, whose="the labels")
    yield from wrong_names(labels.columns if is_frame(labels) else (), known, whose="the labels")
    yield from (f"{window.name or window.function} has no hop, so it has no tiles" for window in known if window.hop is None)
    yield from wrong_columns(tiles, keys)
    if is_frame(labels) and is_frame(tiles):
        yield from _wrong_keys(labels, tiles, keys)
    if is_frame(tiles) and "partials" in tiles.columns:
        yield from wrong_partials(tiles, known)


def wrong_columns(tiles: DataFrame, keys: Sequence[str]) -> Iterator[str]:
    """What makes ``tiles`` no rows of tiles with these keys."""
    if is_frame(tiles):
        yield from (f"the tiles have no column {name!r}" for name in (*keys, *TILE_COLUMNS) if name not in tiles.columns)
    else:
        yield f"the tiles are a {type(tiles).__name__}, not a DataFrame of Spark"


def _wrong_keys(labels: DataFrame, tiles: DataFrame, keys: Sequence[str]) -> Iterator[str]:
    for key in keys:
        if labels.columns.count(key) == tiles.columns.count(key) == 1:
            mine, theirs = (frame.schema[key].dataType.simpleString() for frame in (labels, tiles))
            if not comparable(mine, theirs):
                yield f"key {key!r} is {mine} in the labels and {theirs} in the tiles; cast one of them"


def wrong_partials(tiles: DataFrame, windows: Sequence[Rolling]) -> Iterator[str]:
    """Windows that the column ``partials`` of ``tiles`` does not hold, or holds as something else."""
    from pyspark.sql.types import StructType

    stored = {field.name: field.dataType for field in tiles.select("partials.*").schema.fields}
    for window in (window for window in windows if window.name):
        kind = stored.get(str(window.name))
        if kind is None:
            yield f"the tiles have no partials of {window.name!r}"
        elif not isinstance(kind, StructType) or {*kind.fieldNames()} != {*LAYOUT[window.function]}:
            yield f"the partials of {window.name!r} in the tiles are not those of a {window.function}; make the tiles anew"
        elif window.default is not None and not holds(result := result_type(window.function, kind), window.default):
            yield f"{window.name}: default {window.default!r} is no {result}, as its {window.function} is"

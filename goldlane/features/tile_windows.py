"""Windows read from tiles in Spark: at the times of labels, or at one time for every key. No event is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import reduce
from operator import and_
from typing import TYPE_CHECKING, cast

from goldlane.features.frames import INSTANT, PLACE, PREFIX, ROW, column, rows_of, up_to
from goldlane.features.instants import instant
from goldlane.features.tile_checks import wrong_columns, wrong_tiles
from goldlane.features.tile_merge import finished, gathered, joined
from goldlane.features.tiles import INSTANT_HOP, hop_of
from goldlane.features.window_checks import refuse, wrong_moment

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, WindowSpec
    from pyspark.sql.types import StructType

    from goldlane.features.rolling import Rolling

_SLOT = f"{PREFIX}slot"
_PARTIALS = f"{PREFIX}partials"


def with_tiled_features(
    labels: DataFrame, tiles: DataFrame, rolling: Sequence[Rolling], *, keys: Sequence[str] | str, time: str
) -> DataFrame:
    """Every row of ``labels``, in no particular order, with one more column per window: its value at the row's ``time``, from ``to_tiles``.

    The window is the one that the online reader merges (``goldlane.features.tiles``), in the types of ``with_rolling_features``. A label
    costs as many rows as its windows have tiles, and the instants of the last one are walked once for all labels in it. Labels
    whose time or key is NULL have NULL features.

    Raises:
        WindowError: columns or names do not fit; all mistakes at once, before Spark works.
    """
    from pyspark.sql import functions as F

    key_names, windows = (keys,) if isinstance(keys, str) else tuple(keys), tuple(rolling)
    refuse("windows from tiles", wrong_tiles(labels, tiles, windows, keys=key_names, time=time))
    present = reduce(and_, (column(name).isNotNull() for name in (*key_names, time)))
    frame = labels.withColumn(INSTANT, F.when(present, instant(labels, time)))
    names = {f"{PREFIX}part_{i}": window for i, window in enumerate(windows)}
    for hop in dict.fromkeys(map(hop_of, windows)):
        mine = {name: window for name, window in names.items() if hop_of(window) == hop}
        frame = _with_whole_tiles(frame, tiles, mine, keys=key_names)
        current = {name: window for name, window in mine.items() if not window.delay_us}
        frame = _with_last_tiles(frame, tiles, current, keys=key_names) if current else frame
    return frame.select(*(column(name) for name in labels.columns), *(_answer(name, window, tiles) for name, window in names.items()))


def with_newest_event(labels: DataFrame, tiles: DataFrame, name: str, *, keys: Sequence[str], at: Column) -> DataFrame:
    """``labels`` with the time of their key's newest event up to ``at``, in microseconds; NULL before its first one."""
    from pyspark.sql import functions as F

    instants = tiles.where(column("hop") == INSTANT_HOP).select(*map(column, keys), column("tile").alias(PLACE))
    marked = _side_by_side(labels, instants, {PLACE: at}, keys=keys)
    events = F.when(column(ROW).isNull(), column(PLACE))
    return rows_of(marked, {name: F.timestamp_micros(F.max(events).over(up_to(keys, 0, along=PLACE)))})


def merged_tiles(tiles: DataFrame, rolling: Sequence[Rolling], *, keys: Sequence[str] | str, at: datetime | Column) -> DataFrame:
    """One row per key that has tiles: the keys, ``at``, and one column per window as an online reader would see it at ``at``.

    Raises:
        WindowError: as ``with_tiled_features``.
    """
    from pyspark.sql import Column
    from pyspark.sql import functions as F

    key_names = (keys,) if isinstance(keys, str) else tuple(keys)
    wrong_time = () if isinstance(at, Column) else wrong_moment("at", at)
    refuse("windows from tiles", [*wrong_columns(tiles, key_names), *wrong_time])
    moment = at if isinstance(at, Column) else F.lit(at)
    entities = tiles.select(*(column(key) for key in key_names)).distinct().withColumn("at", moment.cast("timestamp"))
    return with_tiled_features(entities, tiles, rolling, keys=key_names, time="at")


def _with_whole_tiles(frame: DataFrame, tiles: DataFrame, windows: Mapping[str, Rolling], *, keys: Sequence[str]) -> DataFrame:
    """What the tiles that lie wholly inside the windows come to. Tiles stand where they end; windows of one delay share one sort."""
    hop, several = _hop_of(windows), {name: window for name, window in windows.items() if _whole(window)}
    for delay in dict.fromkeys(window.delay_us for window in several.values()):
        mine = {name: window for name, window in several.items() if window.delay_us == delay}
        seen_from = column(INSTANT) - delay
        newest = _end_of_tile(seen_from - hop + 1, hop) if delay else _end_of_tile(seen_from, hop) - hop
        marked = _side_by_side(frame, _rows(tiles, hop, mine, keys=keys), {PLACE: newest}, keys=keys)
        spans = {name: _ordered(keys).rangeBetween((1 - _whole(window)) * hop, 0) for name, window in mine.items()}
        frame = _gathered(marked, mine, spans, part="whole")
    return frame


def _with_last_tiles(frame: DataFrame, tiles: DataFrame, windows: Mapping[str, Rolling], *, keys: Sequence[str]) -> DataFrame:
    """What the last tiles held up to each label: frames that grow from the tile's first instant."""
    from pyspark.sql import Window

    hop = _hop_of(windows)
    instants = _rows(tiles, INSTANT_HOP, windows, keys=keys).withColumn(_SLOT, _end_of_tile(column(PLACE), hop))
    marked = _side_by_side(frame, instants, {PLACE: column(INSTANT), _SLOT: _end_of_tile(column(INSTANT), hop)}, keys=keys)
    line = _ordered([*keys, _SLOT])
    spans = {name: line.rangeBetween(Window.unboundedPreceding, 0 if window.current_row else -1) for name, window in windows.items()}
    return _gathered(marked, windows, spans, part="last")


def _whole(window: Rolling) -> int:
    """How many whole tiles the window has: a window that is still being filled has one less, and one of a single tile none."""
    return window.window_us // hop_of(window) - (0 if window.delay_us else 1)


def _hop_of(windows: Mapping[str, Rolling]) -> int:
    return hop_of(next(iter(windows.values())))


def _end_of_tile(instant: Column, hop: int) -> Column:
    from pyspark.sql import functions as F

    return instant + F.pmod(-instant, F.lit(hop).cast("bigint"))


def _rows(tiles: DataFrame, hop: int, windows: Mapping[str, Rolling], *, keys: Sequence[str]) -> DataFrame:
    """The tiles of a hop: the keys, where each ends, and the partials under the names of ``windows``."""
    from pyspark.sql import functions as F

    partials = (column("partials")[str(window.name)].alias(name) for name, window in windows.items())
    kept = tiles.where(column("hop") == hop)
    return kept.select(*(column(key) for key in keys), (column("tile") * F.lit(hop)).alias(PLACE), F.struct(*partials).alias(_PARTIALS))


def _side_by_side(frame: DataFrame, rows: DataFrame, places: Mapping[str, Column], *, keys: Sequence[str]) -> DataFrame:
    """Labels, packed into ``ROW`` and standing at ``places``, among rows that have none."""
    from pyspark.sql import functions as F

    packed = F.struct(*(column(name) for name in frame.columns)).alias(ROW)
    labels = frame.select(*(column(key) for key in keys), packed, *(place.alias(name) for name, place in places.items()))
    return labels.unionByName(rows, allowMissingColumns=True)


def _ordered(keys: Sequence[str]) -> WindowSpec:
    from pyspark.sql import Window

    return Window.partitionBy(*(column(key) for key in keys)).orderBy(column(PLACE))


def _gathered(marked: DataFrame, windows: Mapping[str, Rolling], spans: Mapping[str, WindowSpec], *, part: str) -> DataFrame:
    found = {f"{name}_{part}": gathered(column(_PARTIALS)[name], window.function, spans[name]) for name, window in windows.items()}
    return rows_of(marked, found)


def _answer(name: str, window: Rolling, tiles: DataFrame) -> Column:
    from pyspark.sql import functions as F

    kind = cast("StructType", tiles.select(column("partials")[str(window.name)]).schema[0].dataType)
    parts = [column(f"{name}_whole")] if _whole(window) else []
    parts += [] if window.delay_us else [column(f"{name}_last")]
    found = reduce(lambda left, right: joined(left, right, window.function, kind), parts)
    return F.when(column(INSTANT).isNotNull(), finished(found, window, kind)).alias(str(window.name))

"""min, max and stddev: time is cut into blocks as long as the window, so a window is the tail of one block and the head of the next.

Heads grow forwards and tails backwards, one step per row; nothing is ever subtracted. A hot key is spread over its blocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from goldlane.features.frames import INSTANT, PLACE, PREFIX, ROW, begin_lag, column, counted, end_lag, rows_of, sound, up_to, with_marks

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, WindowSpec

    from goldlane.features.rolling import Rolling

_BLOCK = f"{PREFIX}block"


def with_block_windows(frame: DataFrame, windows: Sequence[Rolling], *, keys: Sequence[str]) -> DataFrame:
    """``frame`` with a column per window; windows over the same stretch share one pass of two exchanges."""
    for stretch in dict.fromkeys(map(_stretch, windows)):
        frame = _with_windows(frame, [window for window in windows if _stretch(window) == stretch], keys=keys)
    return frame


def _with_windows(frame: DataFrame, windows: Sequence[Rolling], *, keys: Sequence[str]) -> DataFrame:
    from pyspark.sql import functions as F

    end, begin = _stretch(windows[0])
    length = begin - end
    inputs = {f"{PREFIX}value_{i}": window for i, window in enumerate(windows)}
    values = {name: counted(window, _input(window, frame)) for name, window in inputs.items()}
    spots = _spots(values, end)
    marked = with_marks(frame, spots, row=frame.columns, beside=keys)
    place = column(PLACE)
    forwards = marked.withColumn(_BLOCK, place - F.pmod(place, F.lit(length)))
    headed = forwards.withColumns(_parts("head", inputs, up_to([*keys, _BLOCK], 0, along=PLACE)))
    is_row = column(ROW).isNotNull()
    backwards = headed.withColumns(
        {_BLOCK: F.when(is_row, column(_BLOCK) - length).otherwise(column(_BLOCK)), PLACE: F.when(is_row, length - place).otherwise(-place)}
    )
    tailed = backwards.withColumns(_parts("tail", inputs, up_to([*keys, _BLOCK], 1, along=PLACE)))
    return rows_of(tailed, {str(window.name): _merged(name, window) for name, window in inputs.items()})


def _stretch(window: Rolling) -> tuple[int, int]:
    return end_lag(window), begin_lag(window)


def _spots(values: dict[str, Column], lag: int) -> list[Column]:
    """The row at the end of its window, without a value of its own; and its values at their instant."""
    from pyspark.sql import functions as F

    nothing = [F.when(F.lit(False), value).alias(name) for name, value in values.items()]
    itself = F.struct((column(INSTANT) - lag).alias(PLACE), *nothing)
    return [itself, F.struct(column(INSTANT).alias(PLACE), *(value.alias(name) for name, value in values.items()))]


def _input(window: Rolling, frame: DataFrame) -> Column:
    value = sound(frame, str(window.column))
    return value.cast("double") if window.function == "stddev" else value


def _parts(side: str, inputs: dict[str, Rolling], line: WindowSpec) -> dict[str, Column]:
    from pyspark.sql import functions as F

    parts: dict[str, Column] = {}
    for name, window in inputs.items():
        value = column(name)
        if window.function == "stddev":
            spread = {"n": F.count(value), "mean": F.avg(value), "variance": F.var_pop(value)}
            parts |= {f"{name}_{side}_{part}": found.over(line) for part, found in spread.items()}
        else:
            parts[f"{name}_{side}"] = (F.min if window.function == "min" else F.max)(value).over(line)
    return parts


def _merged(name: str, window: Rolling) -> Column:
    from pyspark.sql import functions as F

    if window.function == "stddev":
        return _spread(name)
    return (F.least if window.function == "min" else F.greatest)(column(f"{name}_head"), column(f"{name}_tail"))


def _spread(name: str) -> Column:
    """The sample's standard deviation of both parts together, from how far each spreads and how far apart their means are."""
    from pyspark.sql import functions as F

    n, mean, variance = (
        [F.coalesce(column(f"{name}_{side}_{part}"), F.lit(0)) for side in ("head", "tail")] for part in ("n", "mean", "variance")
    )
    together = n[0] + n[1]
    apart = F.when((n[0] > 0) & (n[1] > 0), (mean[1] - mean[0]) * (mean[1] - mean[0]) * n[0] * n[1] / together).otherwise(0.0)
    squares = variance[0] * n[0] + variance[1] * n[1] + apart
    return F.when(together > 1, F.sqrt(squares / (together - 1)))

"""Which rows of a view lie in one file: those of one stretch of its time. A refresh by key then opens and writes few of its files."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from goldlane.pipelines.incremental.filebounds import Files, Interval, files_of, ordered
from goldlane.pipelines.incremental.keys import Keys
from goldlane.pipelines.incremental.monotone import COLUMN_TYPES, TIME_TYPES, rising_column
from goldlane.pipelines.incremental.pruning import as_keys
from goldlane.pipelines.incremental.sources import TableVersion

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

# Few enough rows that a file is rewritten in no time, and few enough files that they are listed in none.
ROWS_OF_STRETCH = 50_000
MOST_STRETCHES = 256
_CELLS = 4_096


def in_stretches(frame: DataFrame, keys: Keys, tables: Mapping[str, TableVersion]) -> DataFrame:
    """``frame`` with a partition for each stretch of its time that holds as many source rows as others; as it is where none is known."""
    found = _time_of(frame, keys, tables)
    if found is None:
        return frame
    name, files = found
    wanted = min(sum(files.rows) // ROWS_OF_STRETCH, MOST_STRETCHES)
    cuts = cuts_of(files, wanted) if wanted > 1 else ()
    return cut_at(frame, name, cuts) if cuts else frame


def cut_at(frame: DataFrame, name: str, cuts: Sequence[int]) -> DataFrame:
    """``frame`` with a partition for the rows below the first of the ``cuts`` through a column, and one from each cut to the next."""
    return frame.repartitionById(len(cuts) + 1, _number(ordered(frame, name), cuts, 0))


def cuts_of(files: Files, wanted: int) -> tuple[int, ...]:
    """Where to cut so that ``wanted`` stretches hold as many rows as others; those of a file lie evenly between its ends."""
    bounds = [bound for bound in files.bounds if bound is not None]
    if not bounds:
        return ()
    low, high = min(low for low, _ in bounds), max(high for _, high in bounds)
    width = max((high - low) // _CELLS, 1)
    sums, total = [], 0.0
    for cell in _cells(files, low, width):
        total += cell
        sums.append(total)
    cuts = (low + width * (bisect_right(sums, total * part / wanted) + 1) for part in range(1, wanted))
    return tuple(sorted({cut for cut in cuts if low < cut <= high}))


def cuts_in_place(files: Files, old: Collection[str]) -> tuple[int, ...]:
    """Where to cut what takes the place of the ``old`` files: a file for each, several for a large one, one for rows beyond them all.

    Compaction makes one file of many; the next refresh takes it apart again.
    """
    cuts: set[int] = set()
    for path, rows, bound in zip(files.paths, files.rows, files.bounds, strict=True):
        if bound is not None and path in old:
            cuts |= {bound[0], *_cuts_within(rows, bound)}
    bounds = [bound for bound in files.bounds if bound is not None]
    beyond = {max(high for _, high in bounds) + 1} if bounds else set()
    return tuple(sorted(cuts | beyond)[1:])


def _cuts_within(rows: int, bound: Interval) -> tuple[int, ...]:
    wanted = min(rows // ROWS_OF_STRETCH, MOST_STRETCHES)
    return cuts_of(Files((rows,), (bound,)), wanted) if wanted > 1 else ()


def _cells(files: Files, low: int, width: int) -> list[float]:
    cells = [0.0] * (_CELLS * 2)
    for rows, bound in zip(files.rows, files.bounds, strict=True):
        if bound is not None:
            first, last = ((end - low) // width for end in bound)
            for cell in range(first, last + 1):
                cells[cell] += rows / (last + 1 - first)
    return cells


def _number(value: Column, cuts: Sequence[int], first: int) -> Column:
    """Which stretch a value lies in, asked for as in a binary search; NULL lies in the last."""
    from pyspark.sql import functions as F

    if not cuts:
        return F.lit(first)
    middle = len(cuts) // 2
    below = _number(value, cuts[:middle], first)
    return F.when(value < cuts[middle], below).otherwise(_number(value, cuts[middle + 1 :], first + middle + 1))


def _time_of(frame: DataFrame, keys: Keys, tables: Mapping[str, TableVersion]) -> tuple[str, Files] | None:
    """The key column that rises with a time of a source, or else with some number, and the source's files by that column's values."""
    found = sorted(_rising(frame, keys, tables), key=lambda one: one[0])
    return found[0][1:] if found else None


def _rising(frame: DataFrame, keys: Keys, tables: Mapping[str, TableVersion]) -> Iterator[tuple[bool, str, Files]]:
    kinds = {field.name: field.dataType.simpleString() for field in frame.schema}
    for name in (name for name in keys.columns if kinds.get(name) in COLUMN_TYPES):
        for path, place in keys.sources.items():
            expression = keys.places[path].get(name)
            column = None if expression is None else rising_column(expression)
            files = None if column is None else files_of(tables[place], str(column.name()))
            if column is not None and files is not None and files.rows:
                is_number = column.dataType().simpleString() not in TIME_TYPES
                yield is_number, name, Files(files.rows, _as_keys(keys, files, expression, column))


def _as_keys(keys: Keys, files: Files, expression: object, column: object) -> tuple[Interval | None, ...]:
    known = [bounds for bounds in files.bounds if bounds is not None]
    ends = iter(as_keys(keys.session, known, expression, column))
    return tuple(None if bounds is None else next(ends) for bounds in files.bounds)

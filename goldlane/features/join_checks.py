"""Whether labels and feature tables fit each other at one point in time: names, types and options only, no Spark job."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, get_args

from goldlane.features.as_of import AsOf, Boundary
from goldlane.features.column_names import unknown_column
from goldlane.features.declarations import FeatureTable
from goldlane.features.errors import JoinError
from goldlane.features.instants import TIMES, kind
from goldlane.features.tile_checks import wrong_partials
from goldlane.features.tiles import TILE_COLUMNS, without_tiles
from goldlane.features.types import comparable, widens
from goldlane.features.window_checks import is_frame

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_UNORDERED = ("map", "variant")


def check_join(labels: DataFrame, tables: Mapping[FeatureTable, DataFrame], question: AsOf) -> None:
    """Raises ``JoinError`` with every mistake of the call."""
    mistakes = [*_wrong_options(question), *_wrong_kinds(labels, tables)]
    if not is_frame(labels) or not isinstance(tables, Mapping):
        raise JoinError("point-in-time join", mistakes)
    mistakes += _wrong_labels(labels, question)
    known = {table: frame for table, frame in tables.items() if isinstance(table, FeatureTable) and is_frame(frame)}
    mistakes += [f"{table!r}: {frame!r} is no DataFrame of a FeatureTable" for table, frame in tables.items() if table not in known]
    for table, frame in known.items():
        mistakes += [f"{table.name}: {mistake}" for mistake in _wrong_table(labels, table, frame, question)]
    mistakes += [*_unknown_options(known, question), *_taken_names(labels, list(known), question)]
    if mistakes:
        raise JoinError("point-in-time join", mistakes)


def _wrong_options(question: AsOf) -> Iterator[str]:
    if question.boundary not in get_args(Boundary):
        yield f"there is no boundary {question.boundary!r}; known are {', '.join(get_args(Boundary))}"
    if question.ttl is not None and (not isinstance(question.ttl, timedelta) or question.ttl < timedelta(0)):
        yield f"ttl must be a timedelta of 0 or more, not {question.ttl!r}"


def _wrong_kinds(labels: object, tables: object) -> Iterator[str]:
    if not is_frame(labels):
        yield f"the labels are a {type(labels).__name__}, not a DataFrame of Spark"
    if not isinstance(tables, Mapping):
        yield f"the tables are a {type(tables).__name__}; map each FeatureTable to its frame"


def _wrong_labels(labels: DataFrame, question: AsOf) -> Iterator[str]:
    if labels.isStreaming:
        yield "the labels are a stream; read them as a table"
    yield from (f"the labels have {n} columns {name!r}; name each once" for name, n in Counter(labels.columns).items() if n > 1)
    if question.label_time not in labels.columns:
        yield f"label_time {unknown_column(question.label_time, labels.columns, 'the labels')}"
    elif (found := kind(labels, question.label_time)) not in TIMES:
        yield f"label_time {question.label_time!r} is a {found}; cast it to timestamp first"


def _wrong_table(labels: DataFrame, table: FeatureTable, frame: DataFrame, question: AsOf) -> Iterator[str]:
    if frame.isStreaming:
        yield "its frame is a stream; read it as a table"
    needed = (*table.keys, *TILE_COLUMNS) if table.has_tiles else table.columns
    for name in (name for name in needed if name not in frame.columns):
        yield unknown_column(name, frame.columns, "its tiles, which to_tiles makes" if table.has_tiles else "its frame")
    twice = [name for name in needed if frame.columns.count(name) > 1]
    yield from (f"its frame has {frame.columns.count(name)} columns {name!r}; name each once" for name in twice)
    if twice:
        return
    yield from _wrong_keys(labels, table, frame)
    if table.has_tiles:
        yield from _wrong_tiles(table, frame)
        return
    yield from _wrong_times(labels, table, frame, question)
    yield from _wrong_features(table, frame, question)


def _wrong_tiles(table: FeatureTable, frame: DataFrame) -> Iterator[str]:
    if "partials" in frame.columns:
        yield from wrong_partials(frame, table.rollings)
    yield from without_tiles(table)


def _wrong_features(table: FeatureTable, frame: DataFrame, question: AsOf) -> Iterator[str]:
    for feature in table.features:
        if feature.name in frame.columns and not widens(found := _type(frame, feature.name), feature.type):
            yield f"feature {feature.name!r} is declared {feature.type} and its frame has {found}; cast it, or declare what it is"
    for name in question.ties(frame.columns):
        if kind(frame, name) in _UNORDERED:
            yield f"tie_break {name!r} is a {kind(frame, name)}, which has no order"


def _wrong_keys(labels: DataFrame, table: FeatureTable, frame: DataFrame) -> Iterator[str]:
    for key in table.keys:
        declared = table.key_types[key]
        if key in frame.columns and not comparable(found := _type(frame, key), declared):
            yield f"key {key!r} is declared {declared} and its frame has {found}; cast it, or declare it in key_types"
        if key not in labels.columns:
            yield f"key {unknown_column(key, labels.columns, 'the labels')}"
        elif key in frame.columns and not comparable(found := _type(labels, key), theirs := _type(frame, key)):
            yield f"key {key!r} is {found} in the labels and {theirs} in its frame; cast one of them"


def _wrong_times(labels: DataFrame, table: FeatureTable, frame: DataFrame, question: AsOf) -> Iterator[str]:
    theirs = kind(labels, question.label_time) if question.label_time in labels.columns else None
    for role, name in (("event_time", table.event_time), ("known_at", question.known_column(table, frame.columns))):
        if name is None or name not in frame.columns:
            continue
        if (found := kind(frame, name)) not in TIMES:
            yield f"{role} {name!r} is a {found}; cast it to timestamp first"
        elif theirs in TIMES and found != theirs:
            yield f"{role} {name!r} is a {found} and label_time {question.label_time!r} a {theirs}; cast one, saying in which zone"


def _unknown_options(tables: Mapping[FeatureTable, DataFrame], question: AsOf) -> Iterator[str]:
    """A table without such a column goes without; a name that none of them has is a slip."""
    asked = [("tie_break", name) for name in question.tie_break]
    asked += [("known_at", question.known_at)] if question.known_at is not None else []
    for option, name in asked:
        if tables and not any(name in frame.columns for frame in tables.values()):
            yield f"{option} {name!r} is a column of no feature table's frame"


def _taken_names(labels: DataFrame, tables: Sequence[FeatureTable], question: AsOf) -> Iterator[str]:
    """Names that two would have in the answer; Spark's names have no case."""
    taken = {name.lower(): f"column {name!r} of the labels" for name in labels.columns}
    for table in tables:
        for name in question.outputs(table):
            if name.lower() in taken:
                advice = "rename it" if question.prefix else "rename it, or say prefix=True"
                yield f"{table.name}: {name!r} is also a {taken[name.lower()]}; {advice}"
            taken.setdefault(name.lower(), f"column {name!r} of {table.name}")


def _type(frame: DataFrame, name: str) -> str:
    return frame.schema[name].dataType.simpleString()

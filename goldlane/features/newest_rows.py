"""The newest visible row of each label: labels and feature rows stand on one line of time, and the greatest row so far is the answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import reduce
from operator import and_
from typing import TYPE_CHECKING

from goldlane.features.as_of import AsOf, age_column
from goldlane.features.frames import PLACE, PREFIX, ROW, column, in_line, up_to
from goldlane.features.instants import instant

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

    from goldlane.features.declarations import FeatureTable

_EVENT, _KNOWN, _NEWEST = (f"{PREFIX}{name}" for name in ("event", "known", "newest"))
_SECOND = 1e6


def with_newest_rows(labels: DataFrame, frame: DataFrame, table: FeatureTable, question: AsOf) -> DataFrame:
    """Labels, with the features of the newest row that each could see. Nothing is checked: ``check_join`` did."""
    from pyspark.sql import functions as F

    keys = {key: f"{PREFIX}key_{number}" for number, key in enumerate(table.keys)}
    values = _values(frame, table, question)
    both = _label_rows(labels, keys, question).unionByName(_feature_rows(frame, table, keys, question, values), allowMissingColumns=True)
    seen = up_to(tuple(keys.values()), question.lag_us, along=PLACE)
    lines = in_line(both, tuple(keys.values()), along=PLACE)
    found = lines.withColumns({name: F.max(name).over(seen) for name in values}).where(column(ROW).isNotNull())
    own = (
        column(keys[name]).cast(labels.schema[name].dataType).alias(name) if name in keys else column(ROW)[name].alias(name)
        for name in labels.columns
    )
    return found.select(*own, *_answers(table, question))


def _label_rows(labels: DataFrame, keys: Mapping[str, str], question: AsOf) -> DataFrame:
    """A key stands beside the row, not in it: once is enough."""
    from pyspark.sql import functions as F

    # The time stays in the row even where it is a key: a row is never empty, and never NULL.
    rest = [column(name) for name in labels.columns if name not in keys or name == question.label_time]
    named = (column(key).alias(name) for key, name in keys.items())
    return labels.select(*named, instant(labels, question.label_time).alias(PLACE), F.struct(*rest).alias(ROW))


def _feature_rows(
    frame: DataFrame, table: FeatureTable, keys: Mapping[str, str], question: AsOf, values: Mapping[str, Column]
) -> DataFrame:
    """Where each row becomes visible, and what may then be seen of it; its declared columns and no others."""
    from pyspark.sql import functions as F

    times = [instant(frame, name) for name in _times(frame, table, question)]
    complete = reduce(and_, (part.isNotNull() for part in (*map(column, keys), *times)))
    place = F.greatest(*times) if len(times) > 1 else times[0]
    named = (column(key).alias(name) for key, name in keys.items())
    return frame.where(complete).select(*named, place.alias(PLACE), *(value.alias(name) for name, value in values.items()))


def _values(frame: DataFrame, table: FeatureTable, question: AsOf) -> dict[str, Column]:
    """By name, the structs whose greatest is the answer: the order of rows first, then the features that are taken from one row."""
    from pyspark.sql import functions as F

    event, *known = (instant(frame, name) for name in _times(frame, table, question))
    order = [event.alias(_EVENT), *(time.alias(_KNOWN) for time in known)]
    order += [column(name).alias(f"{PREFIX}tie_{number}") for number, name in enumerate(question.ties(frame.columns))]
    declared = {feature.name: column(feature.name).cast(feature.type).alias(feature.name) for feature in table.features}
    if not question.skip_nulls:
        return {_NEWEST: F.struct(*order, *declared.values())}
    each = {_of(name): F.when(column(name).isNotNull(), F.struct(*order, value)) for name, value in declared.items()}
    return {_NEWEST: F.struct(*order), **each} if question.age else each


def _answers(table: FeatureTable, question: AsOf) -> Iterator[Column]:
    from pyspark.sql import functions as F

    ttl = question.ttl_us(table)
    for feature, output in question.features(table).items():
        newest = column(_of(feature) if question.skip_nulls else _NEWEST)
        fresh = None if ttl is None else column(PLACE) - newest[_EVENT] <= ttl
        yield (newest[feature] if fresh is None else F.when(fresh, newest[feature])).alias(output)
    if question.age:
        yield ((column(PLACE) - column(_NEWEST)[_EVENT]) / _SECOND).alias(age_column(table))


def _times(frame: DataFrame, table: FeatureTable, question: AsOf) -> tuple[str, ...]:
    known = question.known_column(table, frame.columns)
    return (table.event_time,) if known is None else (table.event_time, known)


def _of(feature: str) -> str:
    return f"{PREFIX}newest_{feature}"

"""What was known when: each label beside the feature rows it could have seen at its time, without a join of pairs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from functools import reduce
from operator import and_
from typing import TYPE_CHECKING

from goldlane.features.as_of import AsOf, Boundary, age_column
from goldlane.features.frames import PLACE, PREFIX, ROW, column, up_to
from goldlane.features.instants import instant
from goldlane.features.join_checks import check_join

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

    from goldlane.features.declarations import FeatureTable

_EVENT, _KNOWN, _NEWEST = (f"{PREFIX}{name}" for name in ("event", "known", "newest"))
_SECOND = 1e6


def point_in_time_join(  # noqa: PLR0913  the options of one question, all keywords
    labels: DataFrame,
    tables: Mapping[FeatureTable, DataFrame],
    *,
    label_time: str,
    boundary: Boundary = "inclusive",
    known_at: str | None = None,
    ttl: timedelta | None = None,
    tie_break: Sequence[str] | str = (),
    age: bool = False,
    prefix: bool = False,
    skip_nulls: bool = False,
) -> DataFrame:
    """Every row of ``labels``, in no particular order, with the features of every table as they were known at ``label_time``.

    A feature row is visible when its event time and, where its table has one, its ``known_at`` are not after the label's time
    (``exclusive``: before it). Of the visible rows the one with the newest event time counts; of equal ones that with the newest
    ``known_at``, then the greatest ``tie_break`` columns, then the greatest features in their declared order, NULL below every value.
    ``skip_nulls`` takes each feature from the newest visible row in which it is not NULL.

    Features are NULL when no row is visible, when the label lacks a key or its time, and when the value is older than ``ttl`` (default:
    the table's own; an age equal to it is still valid). Feature rows without a key or one of their times are visible to nobody.
    ``known_at`` and ``tie_break`` name columns that count in each table that has them; a column ``known_at`` counts unasked.
    ``age`` adds ``<table>__age_s``, the seconds from the newest visible row to the label, also where that row was too old.
    Features have their declared types and names; ``prefix`` makes the names ``<table>__<feature>``.

    Raises:
        JoinError: columns, types, names or options do not fit; all mistakes at once, before Spark works.
    """
    ties = (tie_break,) if isinstance(tie_break, str) else tuple(tie_break)
    question = AsOf(
        label_time=label_time,
        boundary=boundary,
        known_at=known_at,
        ttl=ttl,
        tie_break=ties,
        skip_nulls=skip_nulls,
        age=age,
        prefix=prefix,
    )
    check_join(labels, tables, question)
    # One table after the other: each exchange carries the rows of one, where a union of all would carry them through every window.
    for table, frame in tables.items():
        labels = _with_features(labels, table, frame, question)
    return labels


def _with_features(labels: DataFrame, table: FeatureTable, frame: DataFrame, question: AsOf) -> DataFrame:
    """Labels and feature rows on one line of time; a label's answer is the greatest feature row so far."""
    from pyspark.sql import functions as F

    keys = {key: f"{PREFIX}key_{number}" for number, key in enumerate(table.keys)}
    values = _values(frame, table, question)
    both = _label_rows(labels, keys, question).unionByName(_feature_rows(frame, table, keys, question, values), allowMissingColumns=True)
    seen = up_to(tuple(keys.values()), question.lag_us, along=PLACE)
    found = both.withColumns({name: F.max(name).over(seen) for name in values}).where(column(ROW).isNotNull())
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

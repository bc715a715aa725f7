"""What was known when: each label beside the feature rows it could have seen at its time, without a join of pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from goldlane.features.as_of import AsOf, Boundary
from goldlane.features.asked_rows import rows_as_asked
from goldlane.features.join_checks import check_join
from goldlane.features.newest_rows import with_newest_rows

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from goldlane.features.declarations import FeatureTable


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
    Of a table with tiles the frame is its tiles (``to_tiles``), and a label sees the windows that a lookup at its time would have merged.
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
        rows, asked = rows_as_asked(labels, frame, table, question) if table.has_tiles else (frame, question)
        labels = with_newest_rows(labels, rows, table, asked)
    return labels

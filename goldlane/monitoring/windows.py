"""Windows as numbers: where the window of a row begins, in microseconds since 1970, whatever the session's time zone."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from goldlane.monitoring.columns import WatchedColumn
from goldlane.monitoring.granularities import DAY_US, HOUR_US, MINUTE_US, Granularity

if TYPE_CHECKING:
    from pyspark.sql import Column

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MICROSECOND = timedelta(microseconds=1)
# The widest windows, of 99 weeks, of these years' rows begin and end in years that Python's dates have: 1 to 9999.
FIRST_YEAR, LAST_YEAR = 4, 9996
_DATE = f"unix_date({{0}}) * {DAY_US}L"
# A difference of such timestamps goes by the session's clock, which skips an hour a year.
_NO_ZONE = (
    f"{_DATE.format('CAST({0} AS DATE)')} + hour({{0}}) * {HOUR_US}L + minute({{0}}) * {MINUTE_US}L"
    " + CAST(extract(SECOND FROM {0}) * 1000000 AS BIGINT)"
)
# Text says its zone after the seconds, or nowhere: then a zone, or seconds and a zone, can be written after it.
_ZONED = ", ".join(f"try_to_timestamp(concat(trim({{0}}), '{end}'))" for end in ("Z", ":00Z"))
_TEXT = (
    f"CASE WHEN {{0}} LIKE '%:%' THEN unix_micros(coalesce({_ZONED}, try_to_timestamp({{0}})))"
    f" ELSE {_NO_ZONE.format('try_cast({0} AS TIMESTAMP_NTZ)')} END"
)
_INSTANTS = {"timestamp": "unix_micros({0})", "timestamp_ntz": _NO_ZONE, "date": _DATE, "string": _TEXT}
INSTANT_TYPES = tuple(_INSTANTS)


def instant_us(column: WatchedColumn) -> Column:
    """The instant that a column says: without a zone it is UTC; NULL where text is no timestamp."""
    return F.expr(instant_sql(column))


def instant_sql(column: WatchedColumn) -> str:
    """``instant_us`` as text."""
    return _INSTANTS[column.type_name].format(column.quoted)


def placed_us(column: WatchedColumn) -> Column:
    """The instant that a row is put into windows by; NULL also outside of ``FIRST_YEAR`` to ``LAST_YEAR``."""
    first, after = (F.lit((datetime(year, 1, 1, tzinfo=timezone.utc) - _EPOCH) // _MICROSECOND) for year in (FIRST_YEAR, LAST_YEAR + 1))
    instant = instant_us(column)
    return F.when((instant >= first) & (instant < after), instant)


def start_us(instant: Column, granularity: Granularity) -> Column:
    """Where the window that holds ``instant`` begins."""
    if granularity.microseconds is None:
        return F.unix_date(F.trunc(_day(instant), "year" if granularity.name == "1 year" else "month")).cast("bigint") * DAY_US
    return instant - F.pmod(instant - F.lit(granularity.origin_us), F.lit(granularity.microseconds))


def window(start: Column, granularity: Granularity | None) -> Column:
    """The window that begins at ``start``, its end excluded; an instant without a granularity."""
    if granularity is None:
        end = start
    elif granularity.microseconds is None:
        end = F.unix_date(F.add_months(_day(start), granularity.months or 1)).cast("bigint") * DAY_US
    else:
        end = start + F.lit(granularity.microseconds)
    return F.struct(F.timestamp_micros(start).alias("start"), F.timestamp_micros(end).alias("end"))


def timestamp_literal(microseconds: int) -> str:
    """The instant as SQL text, its zone said."""
    # strftime writes the year 999 in three digits, which Spark does not read.
    return f"TIMESTAMP '{(_EPOCH + timedelta(microseconds=microseconds)).isoformat(sep=' ', timespec='microseconds')}'"


def _day(instant: Column) -> Column:
    return F.date_from_unix_date(F.floor(instant / F.lit(DAY_US)).cast("int"))

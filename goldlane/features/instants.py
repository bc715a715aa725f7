"""Times as whole microseconds, whatever kind of time a column holds."""

from __future__ import annotations

import re
from datetime import date, datetime, timezone
from typing import TYPE_CHECKING

from goldlane.features.frames import column
from goldlane.features.online.values import microseconds_of

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

TIMES = ("timestamp", "timestamp_ntz", "date")

_DAY, _HOUR, _MINUTE, _SECOND = 86_400_000_000, 3_600_000_000, 60_000_000, 1_000_000


def microseconds(value: date) -> int:
    """A date or a time in microseconds since 1970, exact; without a zone it is UTC."""
    moment = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day, tzinfo=timezone.utc)
    return microseconds_of(moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc))


def kind(frame: DataFrame, name: str) -> str:
    """The type of a column, without its parameters: ``decimal`` for ``decimal(18,2)``."""
    return re.split(r"\W", frame.schema[name].dataType.simpleString(), maxsplit=1)[0]


def instant(frame: DataFrame, name: str) -> Column:
    """A column of ``TIMES`` in microseconds since 1970: of the world, or of the clock on the wall for times without a zone."""
    from pyspark.sql import functions as F

    time = column(name)
    if kind(frame, name) == "timestamp":
        return F.unix_micros(time)
    if kind(frame, name) == "date":
        return F.unix_date(time).cast("bigint") * _DAY
    # Cast to a timestamp it would fall into the session's zone, where some hours are missing and some come twice.
    seconds = (F.date_part(F.lit("SECOND"), time) * _SECOND).cast("bigint")
    clock = F.hour(time).cast("bigint") * _HOUR + F.minute(time).cast("bigint") * _MINUTE + seconds
    return F.unix_date(time.cast("date")).cast("bigint") * _DAY + clock

"""Text as it came -> typed values. What cannot be read is NULL: under Spark 4's ANSI rules a plain CAST would stop the update."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

# Spark reads "10:30" as today at 10:30, another value every day: a time must begin with its date.
_BEGINS_WITH_A_DATE = r"^\d{4}-\d{2}-\d{2}"


def parsed_text(name: str) -> Column:
    """The text without surrounding blanks; an empty one is NULL."""
    return F.nullif(F.trim(F.col(name)), F.lit("")).alias(name)


def parsed_value(name: str, data_type: str) -> Column:
    """The value as ``data_type``, NULL when the text is none; decimals round half up to their scale."""
    return F.trim(F.col(name)).try_cast(data_type).alias(name)


def parsed_time(name: str) -> Column:
    """The instant of an ISO 8601 time; without a zone it is read in the session's. NULL when it has no date or cannot be read."""
    text = F.trim(F.col(name))
    return F.when(text.rlike(_BEGINS_WITH_A_DATE), F.try_to_timestamp(text)).alias(name)


def optional_text(rows: DataFrame, name: str) -> Column:
    """``parsed_text``, or NULL as long as no file has brought the column."""
    return parsed_text(name) if name in rows.columns else F.lit(None).cast("string").alias(name)

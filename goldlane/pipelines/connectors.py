"""Sources that a laptop has not: brokers, databases and services, by the name of their Spark format.

A pipeline's reads of them are answered by files that the caller binds: ``--input kafka:TOPIC=PATH``, or ``--input kafka=PATH`` for
every topic. Brokers have fixed columns, so a pipeline that reads one can be planned, and the rest of it runs, without any.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from goldlane.pipelines.errors import PipelineError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

# The columns of each broker's messages, as its connector documents them.
BROKERS = {
    "kafka": "key BINARY, value BINARY, topic STRING, partition INT, offset BIGINT, timestamp TIMESTAMP, timestampType INT",
    "eventhubs": "body BINARY, partition STRING, offset STRING, sequenceNumber BIGINT, enqueuedTime TIMESTAMP, publisher STRING, "
    "partitionKey STRING, properties MAP<STRING, STRING>, systemProperties MAP<STRING, STRING>",
    "kinesis": "partitionKey STRING, data BINARY, stream STRING, shardId STRING, sequenceNumber STRING, "
    "approximateArrivalTimestamp TIMESTAMP",
    "pubsub": "messageId STRING, payload BINARY, attributes STRING, publishTimestampInMillis BIGINT, sequenceNumber BIGINT",
    "pulsar": "value BINARY, __key BINARY, __topic STRING, __messageId BINARY, __publishTime TIMESTAMP, __eventTime TIMESTAMP, "
    "__messageProperties MAP<STRING, STRING>",
}
_HEADERS = ", headers ARRAY<STRUCT<key: STRING, value: BINARY>>"
# Which option says what is read, in the order in which they are asked.
_SUBJECTS = ("subscribe", "topic", "topics", "eventhubs.name", "streamname", "subscriptionid", "topicid", "dbtable", "table", "query")


_DATABASES = {"jdbc", "postgresql", "mysql", "sqlserver", "oracle", "redshift", "snowflake", "bigquery", "mongodb"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """A read of something outside of this machine. ``real`` tries it with Spark's own connector, which some have installed."""

    format: str
    options: Mapping[str, str]
    streams: bool
    real: Callable[[], DataFrame]

    def frame(self) -> DataFrame:
        """What Spark reads there.

        Raises:
            PipelineError: there is no connector, or it cannot open the source.
        """
        from py4j.protocol import Py4JJavaError
        from pyspark.errors import PySparkException

        try:
            return self.real()
        except (PySparkException, Py4JJavaError) as error:
            raise _unreachable(self.format, self.options) from error


def is_elsewhere(source: str | None) -> bool:
    """Whether a format reads something outside of this machine."""
    return (source or "").lower() in {*BROKERS, *_DATABASES}


def is_binding(name: str) -> bool:
    """Whether an input binds a source, not a table."""
    return is_elsewhere(name.partition(":")[0])


def binding_of(source: Elsewhere, bound: Mapping[str, str]) -> str | None:
    """The path that answers for a source: bound by its subject, else for the whole format."""
    known = {name.lower(): path for name, path in bound.items()}
    return known.get(f"{source.format}:{_subject_of(source.options)}".lower()) or known.get(source.format.lower())


def _subject_of(options: Mapping[str, str]) -> str | None:
    """The topic, stream or table that the options name."""
    given = {key.lower(): value for key, value in options.items()}
    return next((given[key] for key in _SUBJECTS if key in given), None)


def columns_of(source: Elsewhere) -> str | None:
    """A broker's columns; None for what has its own in each place."""
    columns = BROKERS.get(source.format.lower())
    asked = {key.lower(): value.lower() for key, value in source.options.items()}
    return columns + _HEADERS if columns and asked.get("includeheaders") == "true" else columns


def as_messages(frame: DataFrame, columns: str) -> DataFrame:
    """``frame`` with the broker's columns: those it has are cast, the others are NULL."""
    from pyspark.sql import functions as F

    from goldlane.pipelines.schematext import schema_of

    given = {name.lower(): name for name in frame.columns}
    return frame.select(
        *(
            (F.col(f"`{given[field.name.lower()]}`") if field.name.lower() in given else F.lit(None)).cast(field.dataType).alias(field.name)
            for field in schema_of(columns)
        )
    )


def _unreachable(source: str, options: Mapping[str, str]) -> PipelineError:
    """The error for a source that nobody bound."""
    subject = _subject_of(options)
    name = f"{source}:{subject}" if subject and " " not in subject else source
    what = f"{source} {subject!r}" if subject else source
    return PipelineError(f"{what} cannot be reached from this machine", hint=f"bind rows to read in its place: --input {name}=PATH")

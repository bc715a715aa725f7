"""A session beside a storage: its SQL text knows ``event_log(...)``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from goldlane.errors import UsageError
from goldlane.sqlcalls import TableCall, replace_calls

_USAGE = "event_log takes a pipeline's id or TABLE(name): event_log('lane'), event_log(TABLE(silver))"


class StoredSession(SparkSession):
    """The same session of the JVM as ``base``; only the text of ``sql`` is read first."""

    def __init__(self, base: SparkSession, events: Path) -> None:
        super().__init__(base.sparkContext, base._jsparkSession)  # noqa: SLF001  the session itself, not another one
        self._events = events

    def sql(self, sqlQuery: str, args: Any = None, **kwargs: Any) -> DataFrame:  # noqa: N803  Spark's names
        """SQL in which ``event_log('<pipeline id>')`` and ``event_log(TABLE(name))`` are tables."""
        return super().sql(replace_calls(sqlQuery, {"event_log": self._event_log}), args, **kwargs)

    def _event_log(self, call: TableCall) -> str:
        return event_log_query(call, self._events)


def event_log_query(call: TableCall, events: Path, schema: str = "default") -> str:
    """A subquery of what ``event_log`` means: the events of one pipeline, or of those that define a table.

    Raises:
        UsageError: it was called with something else.
    """
    if len(call.arguments) != 1 or call.arguments[0].name is not None:
        raise UsageError(_USAGE)
    argument = call.arguments[0].value.strip()
    log = f"delta.`{events}`"
    if argument[:5].upper() != "TABLE":
        return f"(SELECT * FROM {log} WHERE origin.pipeline_id = {argument})"  # noqa: S608  the caller's own SQL text
    table = argument[5:].strip().strip("()").replace("`", "").strip()
    if not table:
        raise UsageError(_USAGE)
    name = (table if "." in table else f"{schema}.{table}").lower().replace("'", "")
    defined = f"event_type = 'dataset_definition' AND endswith(concat('.', lower(origin.dataset_name)), '.{name}')"
    return f"(SELECT * FROM {log} WHERE origin.pipeline_id IN (SELECT origin.pipeline_id FROM {log} WHERE {defined}))"  # noqa: S608  as above

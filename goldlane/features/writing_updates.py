"""Which update of a pipeline wrote a version of a Delta table, as the event log and the table's own history tell it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from goldlane.errors import GoldlaneError
from goldlane.expectations.delta_places import sql_name
from goldlane.features.delta_files import ask_of, open_delta
from goldlane.features.instants import microseconds

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from goldlane.features.pins import Pin

_COLUMNS = "origin.update_id AS update_id, timestamp, origin.dataset_name = '{name}' AND event_type = 'flow_progress' AS wrote"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The time in which an update could commit to a table, in microseconds: from its first flow there to its end."""

    update_id: str
    began: int
    ended: int


def writing_update(pin: Pin, spark: SparkSession) -> str | None:
    """The id of the update that wrote the pinned version, or the newest of it that any update wrote: upkeep commits, too.

    None where no log is there to tell: a table that no pipeline made, a log of somebody else's, or one that was cleaned up.
    """
    try:
        commits, spans = _of_folder(pin) if "/" in pin.place else _of_catalog(pin, spark)
    except GoldlaneError:
        return None
    return committed_in(spans, [moment for version, moment in sorted(commits) if version <= pin.version])


def committed_in(spans: Sequence[Span], commits: Sequence[int]) -> str | None:
    """The update in whose time the newest of ``commits`` (microseconds, oldest first) that any of them could write was made."""
    in_order = sorted(spans, key=lambda span: span.began)
    starts = [span.began for span in in_order]
    for moment in reversed(commits):
        place = bisect_right(starts, moment)
        if place and moment <= in_order[place - 1].ended:
            return in_order[place - 1].update_id
    return None


def _of_folder(pin: Pin) -> tuple[list[tuple[int, int]], list[Span]]:
    path = Path(pin.place)
    log = open_delta(path.parents[2] / "system" / "events", "the event log")
    asked = _COLUMNS.replace("origin.update_id", "origin['update_id']").replace("origin.dataset_name", "origin['dataset_name']")
    query = f"SELECT {asked.format(name=f'{path.parent.name}.{path.name}')} FROM events"  # noqa: S608  a folder's name
    rows = [row for batch in ask_of({"events": log}, query) for row in batch.to_pylist()]
    commits = [(int(one["version"]), int(one.get("timestamp") or 0) * 1000) for one in open_delta(path, path.name).history()]
    return commits, _spans(rows)


def _of_catalog(pin: Pin, spark: SparkSession) -> tuple[list[tuple[int, int]], list[Span]]:
    from pyspark.errors import PySparkException

    try:
        query = f"SELECT {_COLUMNS.format(name=pin.place)} FROM event_log(TABLE({pin.place}))"  # noqa: S608  a table's name
        rows = [row.asDict() for row in spark.sql(query).collect()]
        history = spark.sql(f"DESCRIBE HISTORY {sql_name(pin.place)}").select("version", "timestamp").collect()
    except PySparkException as refused:
        raise GoldlaneError(f"the event log of {pin.place} cannot be read") from refused
    return [(row["version"], microseconds(row["timestamp"])) for row in history], _spans(rows)


def _spans(rows: Iterable[dict[str, Any]]) -> list[Span]:
    began: dict[str, int] = {}
    ended: dict[str, int] = {}
    for row in rows:
        update, moment = row["update_id"], microseconds(row["timestamp"])
        ended[update] = max(moment, ended.get(update, moment))
        if row["wrote"]:
            began[update] = min(moment, began.get(update, moment))
    # Commits are told in whole milliseconds, and may seem to lie before what happened in the same one.
    return [Span(update_id=update, began=at - at % 1000, ended=ended[update]) for update, at in began.items()]

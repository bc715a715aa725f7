"""Whether a stream has anything to do: its checkpoint against its sources, in milliseconds, where starting it takes half a second.

Whoever is not certain says that there is something: then Spark looks itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from goldlane.pipelines.autoloader.local_files import is_local, listed
from goldlane.pipelines.quietcommits import is_quiet
from goldlane.pipelines.seenfiles import seen_files

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

# What keeps no state: without new rows nothing happens in them, whatever the time and the watermark.
_STATELESS = frozenset({"Project", "Filter", "SubqueryAlias", "CollectMetrics", "Generate", "View", "StreamingRelation", "Union"})
_FILE_SOURCES = frozenset({"text", "json", "csv", "parquet", "orc", "binaryFile", "avro", "xml"})
# The position before a version's first file: all that came before that version has been read.
_BEFORE_FIRST = -1


@dataclass(frozen=True, slots=True)
class _Source:
    """One source of a stream: its format, and its path where it has just one."""

    format: str
    path: str | None


def nothing_arrived(frame: DataFrame, checkpoint: Path) -> bool:
    """Whether starting ``frame`` with ``checkpoint`` would certainly find no new row, and finish no batch of before."""
    offsets = _committed_offsets(checkpoint)
    if offsets is None:
        return False
    plan = frame._jdf.queryExecution().analyzed()  # noqa: SLF001  the plan has no public Python face
    nodes = list(_nodes(plan))
    if not all(node.getClass().getSimpleName() in _STATELESS for node in nodes):
        return False
    sources = [_source(node) for node in nodes if node.getClass().getSimpleName() == "StreamingRelation"]
    if not sources or len(sources) != len(offsets):
        return False
    logs = (checkpoint / "sources" / str(number) for number in range(len(sources)))
    return all(_is_current(frame.sparkSession, *parts) for parts in zip(sources, offsets, logs, strict=False))


def has_ended_well(checkpoint: Path) -> bool:
    """Whether the last batch of a stream, if there was one, was committed."""
    return _committed_offsets(checkpoint) is not None


def _committed_offsets(checkpoint: Path) -> list[str] | None:
    """The sources' positions after the last batch; None when there is none, or it was not committed."""
    planned = [int(file.name) for file in _files(checkpoint / "offsets") if file.name.isdigit()]
    if not planned or not (checkpoint / "commits" / str(max(planned))).is_file():
        return None
    lines = (checkpoint / "offsets" / str(max(planned))).read_text(encoding="utf-8").splitlines()
    return lines[2:] if lines[0] == "v1" else None


def _files(folder: Path) -> Iterator[Path]:
    return folder.iterdir() if folder.is_dir() else iter(())


def _nodes(plan: Any) -> Iterator[Any]:
    """The parts of a plan that rows flow through; a batch that a stream is joined with brings no rows of its own."""
    children = [plan.children().apply(index) for index in range(plan.children().size())]
    streams = [child for child in children if child.isStreaming()]
    if plan.getClass().getSimpleName() == "Join" and len(streams) == 1:
        yield from _nodes(streams[0])
        return
    yield plan
    for child in children:
        yield from _nodes(child)


def _source(node: Any) -> _Source:
    source = node.dataSource()
    paths = source.paths()
    path = source.options().get("path")
    said = [paths.apply(index) for index in range(paths.size())] or ([path.get()] if path.isDefined() else [])
    return _Source(str(source.className()), str(said[0]) if len(said) == 1 else None)


def _is_current(session: SparkSession, source: _Source, offset: str, log: Path) -> bool:
    if source.path is None:
        return False
    position = json.loads(offset)
    if source.format == "delta":
        return _delta_is_current(session, source.path, position)
    if source.format not in _FILE_SOURCES or not is_local(source.path):
        return False
    seen = seen_files(log, position.get("logOffset"))
    return seen is not None and all(path in seen for _, path, _ in listed([source.path]))


def _delta_is_current(session: SparkSession, path: str, position: dict[str, Any]) -> bool:
    jvm: Any = session._jvm  # noqa: SLF001  Delta's log has no public Python face
    none = jvm.scala.Option.empty()
    snapshot = jvm.org.apache.spark.sql.delta.DeltaLog.forTable(session._jsparkSession, path).update(False, none, none)  # noqa: SLF001  as above
    return (
        position.get("index") == _BEFORE_FIRST
        and position.get("isStartingVersion") is False
        and position.get("reservoirId") == snapshot.metadata().id()
        and is_quiet(Path(path.removeprefix("file:")), int(position["reservoirVersion"]), int(snapshot.version()))
    )

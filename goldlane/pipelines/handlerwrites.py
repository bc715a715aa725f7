"""What a ``foreach_batch_sink`` handler or a job's task writes by name: tables of the storage, as its reads by name are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from goldlane.pipelines.reads import WritesByName, reads_or_none

if TYPE_CHECKING:
    from pathlib import Path


@contextmanager
def writes_by_name() -> Iterator[None]:
    """Let every writer that takes a table's name, and ``DeltaTable.forName``, mean the storage's tables while the body runs.

    That holds in handlers and tasks alone.
    """
    from delta.tables import DeltaTable
    from pyspark.sql import DataFrameWriter
    from pyspark.sql.classic.dataframe import DataFrame
    from pyspark.sql.streaming.readwriter import DataStreamWriter

    before: list[tuple[type, str]] = [(DataFrameWriter, "saveAsTable"), (DataFrameWriter, "insertInto"), (DataFrame, "writeTo")]
    before += [(DataStreamWriter, "toTable"), (DeltaTable, "forName")]
    originals = [(kind, name, vars(kind)[name]) for kind, name in before]
    try:
        for kind, name, original in originals:
            setattr(kind, name, _BY_PATH[name](original))
        yield
    finally:
        for kind, name, original in originals:
            setattr(kind, name, original)


def _save_as_table(original: Any) -> Any:
    def save(writer: Any, name: str, format: str | None = None, mode: str | None = None, partitionBy: Any = None, **options: Any) -> None:  # noqa: A002, N803  Spark's names
        path = _path(name)
        if path is None:
            original(writer, name, format, mode, partitionBy, **options)
        else:
            writer.save(str(path), format or "delta", mode, partitionBy, **options)

    return save


def _insert_into(original: Any) -> Any:
    def insert(writer: Any, tableName: str, overwrite: bool | None = None) -> None:  # noqa: FBT001, N803  Spark's own
        original(writer, _text(tableName), overwrite)

    return insert


def _write_to(original: Any) -> Any:
    def write(frame: Any, table: str) -> Any:
        return original(frame, _text(table))

    return write


def _to_table(original: Any) -> Any:
    def to_table(writer: Any, tableName: str, format: str | None = None, *given: Any, **options: Any) -> Any:  # noqa: A002, N803  Spark's names
        path = _path(tableName)
        if path is None:
            return original(writer, tableName, format, *given, **options)
        return writer.start(str(path), format or "delta", *given, **options)

    return to_table


def _for_name(original: Any) -> Any:
    def named(kind: Any, session: Any, name: str) -> Any:
        path = _path(name)
        return original.__func__(kind, session, name) if path is None else kind.forPath(session, str(path))

    return classmethod(named)


_BY_PATH: Mapping[str, Callable[[Any], Any]] = {
    "saveAsTable": _save_as_table,
    "insertInto": _insert_into,
    "writeTo": _write_to,
    "toTable": _to_table,
    "forName": _for_name,
}


def _text(name: str) -> str:
    """The name by which Spark finds the table's folder; ``name`` itself where it is the session's own."""
    path = _path(name)
    return name if path is None else f"delta.`{path}`"


def _path(name: str) -> Path | None:
    reads = reads_or_none()
    return reads.written(name) if isinstance(reads, WritesByName) else None

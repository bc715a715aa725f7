"""What a ``foreach_batch_sink`` handler or a job's task writes by name: tables of the storage, as its reads by name are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from goldlane.pipelines.reads import WritesByName, reads_or_none

if TYPE_CHECKING:
    from pathlib import Path


@contextmanager
def writes_by_name() -> Iterator[None]:
    """Let ``saveAsTable`` and ``DeltaTable.forName`` mean the storage's tables, in handlers and tasks alone, while the body runs."""
    from delta.tables import DeltaTable
    from pyspark.sql import DataFrameWriter

    before = [(DataFrameWriter, "saveAsTable"), (DeltaTable, "forName")]
    originals = [(kind, name, vars(kind)[name]) for kind, name in before]
    try:
        for kind, name, original in originals:
            setattr(kind, name, _by_path[name](original))
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


def _for_name(original: Any) -> Any:
    def named(kind: Any, session: Any, name: str) -> Any:
        path = _path(name)
        return original.__func__(kind, session, name) if path is None else kind.forPath(session, str(path))

    return classmethod(named)


_by_path = {"saveAsTable": _save_as_table, "forName": _for_name}


def _path(name: str) -> Path | None:
    reads = reads_or_none()
    return reads.written(name) if isinstance(reads, WritesByName) else None

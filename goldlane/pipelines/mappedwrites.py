"""The paths that a job's task writes to: mapped as those that it reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any

from goldlane.pipelines.readers import mapped

_BATCH = ("save", "parquet", "json", "csv", "orc", "text", "xml")


@contextmanager
def mapped_writes(storage: Path) -> Iterator[None]:
    """Let Spark's writers and ``DeltaTable.forPath`` take the platform's paths while the body runs; what is in ``storage`` stays."""
    from delta.tables import DeltaTable
    from pyspark.sql import DataFrameWriter
    from pyspark.sql.streaming.readwriter import DataStreamWriter

    def place(path: Any) -> Any:
        return path if path is None or Path(str(path)).is_relative_to(storage) else mapped(path)

    before: list[tuple[type, str]] = [(DataFrameWriter, name) for name in _BATCH]
    before += [(DataStreamWriter, "start"), (DeltaTable, "forPath"), (DeltaTable, "isDeltaTable")]
    originals = [(kind, name, vars(kind)[name]) for kind, name in before]
    try:
        for kind, name, original in originals:
            setattr(kind, name, _of_table(original, place) if kind is DeltaTable else _of_writer(original, place))
        yield
    finally:
        for kind, name, original in originals:
            setattr(kind, name, original)


def _of_writer(original: Any, place: Callable[[Any], Any]) -> Any:
    @wraps(original)
    def write(writer: Any, path: Any = None, *given: Any, **options: Any) -> Any:
        return original(writer, place(path), *given, **options)

    return write


def _of_table(original: Any, place: Callable[[Any], Any]) -> Any:
    """A class method of ``DeltaTable`` whose arguments are a session and a path."""

    def find(kind: Any, session: Any, *given: Any, **named: Any) -> Any:
        paths = [place(path) for path in given[:1]]
        mapped_names = {key: place(value) if key in ("path", "identifier") else value for key, value in named.items()}
        return original.__func__(kind, session, *paths, *given[1:], **mapped_names)

    return classmethod(find)

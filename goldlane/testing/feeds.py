"""The tables that a test feeds: one small Delta table each, so that streams read what is new."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from goldlane.errors import UsageError
from goldlane.pipelines.externals import read_path
from goldlane.pipelines.names import Namespace
from goldlane.testing.rows import arrow_rows
from goldlane.testing.workplace import Workplace

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa
    from pyspark.sql import DataFrame
    from pyspark.sql.types import StructType

MODES = ("append", "overwrite")


class Feeds:
    """Fed tables by name, under one folder."""

    def __init__(self, workplace: Workplace, namespace: Namespace) -> None:
        self._folder, self._spark, self._root = workplace.folder / "inputs", workplace.spark, workplace.root
        self._namespace = namespace
        self._names: dict[str, str] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """What was fed, as it was first written."""
        return tuple(self._names.values())

    @property
    def inputs(self) -> dict[str, str]:
        """The ``inputs`` of a run."""
        return {name: str(self._path(name)) for name in self.names}

    def frame(self, table: str) -> DataFrame | None:
        """What was fed to ``table``; None where nothing was."""
        path = self._path(table)
        return self._spark.read.format("delta").load(str(path)) if (path / "_delta_log").is_dir() else None

    def add(self, table: str, rows: Any, schema: str | StructType | Sequence[str] | None, mode: str) -> None:
        """Append rows to a table, or replace its content.

        Raises:
            UsageError: rows that are none, or do not fit the table.
        """
        if mode not in MODES:
            raise UsageError(f"mode {mode!r} is none of {', '.join(MODES)}")
        path = self._path(table)
        if isinstance(rows, str | Path):
            rows = self._read(rows, table)
        if schema is not None and hasattr(rows, "_jdf"):
            raise UsageError(
                f"rows of {table!r}: a DataFrame or file has types of its own, and schema= is for rows", hint="cast its columns"
            )
        if hasattr(rows, "_jdf"):
            _write_frame(rows, path, mode)
        else:
            _write_rows(arrow_rows(rows, schema, _schema(path) if mode == "append" else None, table=table), path, mode)
        self._names.setdefault(self._namespace.qualify(table).key, table)

    def _path(self, table: str) -> Path:
        return self._folder / self._namespace.qualify(table).key

    def _read(self, path: str | Path, table: str) -> DataFrame:
        found = self._root / path
        if not found.exists():
            raise UsageError(f"rows of {table!r}: there is no file {found}", hint="text is taken as the path of a file; rows are a list")
        return read_path(self._spark, found)


def _schema(path: Path) -> pa.Schema | None:
    import pyarrow as pa
    from deltalake import DeltaTable

    if not (path / "_delta_log").is_dir():
        return None
    exported: Any = DeltaTable(str(path)).schema().to_arrow()
    return pa.schema(exported)


def _write_frame(frame: DataFrame, path: Path, mode: str) -> None:
    evolution = "mergeSchema" if mode == "append" else "overwriteSchema"
    frame.write.format("delta").mode(mode).option(evolution, "true").save(str(path))


def _write_rows(rows: pa.Table, path: Path, mode: str) -> None:
    from deltalake import write_deltalake

    # Milliseconds, where a commit of Spark's costs half a second; a test feeds several tables.
    path.parent.mkdir(parents=True, exist_ok=True)
    if mode == "append":
        write_deltalake(str(path), rows, mode="append", schema_mode="merge")
    else:
        write_deltalake(str(path), rows, mode="overwrite", schema_mode="overwrite")

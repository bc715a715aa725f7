"""Tables that the pipeline reads and does not define: bound inputs, other tables of the storage, the session's catalog."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from goldlane.errors import UsageError
from goldlane.forgotten import NAME as FORGOTTEN
from goldlane.forgotten import ensure_forgotten
from goldlane.pipelines.connectors import Elsewhere, as_messages, binding_of, columns_of, is_binding
from goldlane.pipelines.errors import MissingTableError
from goldlane.pipelines.names import Namespace, TableName, fits, name_parts
from goldlane.pipelines.storage import Storage

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_FORMATS = {".parquet": "parquet", ".csv": "csv", ".json": "json", ".jsonl": "json", ".ndjson": "json"}
_OPTIONS = {"csv": {"header": "true", "inferSchema": "true"}}


class Externals:
    """Resolves names outside the pipeline; ``session`` is a plain one, whose ``table`` means the catalog."""

    def __init__(self, session: SparkSession, storage: Storage, namespace: Namespace, inputs: Mapping[str, str]) -> None:
        self._session, self._storage, self._namespace = session, storage, namespace
        self._elsewhere = {name: path for name, path in inputs.items() if is_binding(name)}
        tables = {name: Path(path) for name, path in inputs.items() if name not in self._elsewhere}
        self._inputs = {namespace.qualify(name).key: path for name, path in tables.items()}
        self._spellings = {name_parts(name): path for name, path in tables.items()}
        missing = [f"--input {name}={path}: there is no such path" for name, path in inputs.items() if not Path(path).exists()]
        if missing:
            raise UsageError("; ".join(missing))

    def on(self, session: SparkSession) -> Externals:
        """The same tables, read through another session."""
        other = copy.copy(self)
        other._session = session  # noqa: SLF001  a copy of our own
        return other

    def knows(self, name: TableName, written: str) -> bool:
        """Whether ``name`` is bound or in the storage."""
        return self._path(name, written) is not None

    def in_catalog(self, written: str) -> bool:
        """Whether the session's own catalog has the table, or its views."""
        from pyspark.errors import AnalysisException

        try:
            return self._session.catalog.tableExists(written)
        except AnalysisException:  # a catalog that this session does not have
            return False

    def batch(self, name: TableName, written: str, options: Mapping[str, str]) -> DataFrame:
        """The table's rows.

        Raises:
            MissingTableError: it is not bound, not in the storage and not in the catalog.
        """
        path = self._path(name, written)
        if path is not None:
            return self._read(path, streams=False, options=options)
        if self.in_catalog(written):
            return self._session.read.options(**options).table(written)
        raise self.missing(written)

    def location(self, name: TableName, written: str) -> Path | None:
        """Where the table lies, if it is bound or in the storage."""
        return self._path(name, written)

    def written(self, name: TableName, written: str) -> Path | None:
        """Where a table of that name is written: as it is bound, else in the storage; None where the session's catalog has it."""
        path = self._path(name, written)
        return path if path is not None or self.in_catalog(written) else self._storage.table(name)

    def stream(self, name: TableName, written: str, options: Mapping[str, str]) -> DataFrame:
        """What is new in the table.

        Raises:
            MissingTableError: see ``batch``.
        """
        path = self._path(name, written)
        if path is not None:
            return self._read(path, streams=True, options=options)
        if self.in_catalog(written):
            return self._session.readStream.options(**options).table(written)
        raise self.missing(written)

    def elsewhere(self, source: Elsewhere) -> DataFrame | None:
        """The rows bound in place of a broker or a database; None where nobody bound any."""
        path = binding_of(source, self._elsewhere)
        if path is None:
            return None
        frame, columns = self._read(Path(path), streams=source.streams, options={}), columns_of(source)
        return as_messages(frame, columns) if columns else frame

    def _path(self, name: TableName, written: str) -> Path | None:
        """Where the table lies: as it is bound, else in the storage, else as it is bound by a shorter or longer spelling."""
        if name.key in self._inputs:
            return self._inputs[name.key]
        table = self._storage.table(name)
        found = table if (table / "_delta_log").is_dir() else self._spelled_otherwise(name_parts(written))
        return self._forgotten(name, written) if found is None else found

    def _forgotten(self, name: TableName, written: str) -> Path | None:
        """The storage's own table of forgotten entities, which any pipeline may read, unless it has another one of that name."""
        is_meant = name.table.lower() == FORGOTTEN and not self.in_catalog(written)
        return ensure_forgotten(self._storage.root) if is_meant else None

    def _spelled_otherwise(self, parts: Sequence[str]) -> Path | None:
        fitting = {spelling: path for spelling, path in self._spellings.items() if fits(spelling, parts)}
        shorter = [spelling for spelling in fitting if len(spelling) < len(parts)]
        if shorter:
            return fitting[max(shorter, key=len)]
        return next(iter(fitting.values())) if len(fitting) == 1 else None

    def _read(self, path: Path, *, streams: bool, options: Mapping[str, str]) -> DataFrame:
        if (path / "_delta_log").is_dir():
            reader = self._session.readStream if streams else self._session.read
            return reader.format("delta").options(**options).load(str(path))
        batch = read_path(self._session, path)
        if not streams:
            return batch
        kind = _format(path)
        folder = path if path.is_dir() else path.parent
        glob = {} if path.is_dir() else {"pathGlobFilter": path.name}
        return self._session.readStream.schema(batch.schema).format(kind).options(**_OPTIONS.get(kind, {}), **glob).load(str(folder))

    def missing(self, written: str) -> MissingTableError:
        """The error for a table that nobody knows."""
        return MissingTableError(written, [str(key) for key in self._inputs])


def read_path(session: SparkSession, path: Path) -> DataFrame:
    """A Delta table, or parquet, csv (with a header) or json files, as a batch.

    Raises:
        UsageError: it is neither.
    """
    if (path / "_delta_log").is_dir():
        return session.read.format("delta").load(str(path))
    kind = _format(path)
    return session.read.format(kind).options(**_OPTIONS.get(kind, {})).load(str(path))


def _format(path: Path) -> str:
    files = [path] if path.is_file() else [file for file in sorted(path.rglob("*")) if file.suffix in _FORMATS and _is_data(file, path)]
    if not files or files[0].suffix not in _FORMATS:
        raise UsageError(f"--input {path}: neither a Delta table nor parquet, csv or json files")
    return _FORMATS[files[0].suffix]


def _is_data(file: Path, folder: Path) -> bool:
    """Spark skips what begins with a dot or an underscore."""
    return not any(part.startswith((".", "_")) for part in file.relative_to(folder).parts)

"""The stored schema of one source: numbered JSON files, written whole or not at all; the newest wins."""

from __future__ import annotations

import json
import os
import time
import uuid
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from goldlane.pipelines.autoloader.errors import AutoLoaderError

if TYPE_CHECKING:
    from pyspark.sql.types import StructType

_STARTED = "started"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSchema:
    """What was inferred, before hints: the files' ``columns`` and the ``partitions`` of their folders.

    ``uniform`` is False once CSV files of different headers were met (they are then read by name, file by file), or JSON lines that
    are arrays of records.
    """

    columns: StructType
    partitions: StructType
    uniform: bool = True
    version: int = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaStore:
    """The folder ``location``: schema versions ``0``, ``1``, ...; ``started``, the instant at which the source was first opened."""

    location: Path

    def newest(self) -> StoredSchema | None:
        """The newest version, or None when nothing was stored yet.

        Raises:
            AutoLoaderError: the newest version cannot be read.
        """
        versions = self._versions()
        return self._read(max(versions)) if versions else None

    def add(self, schema: StoredSchema) -> StoredSchema:
        """Store ``schema`` as the version after its own; when another process was first, its version is returned instead."""
        numbered = replace(schema, version=schema.version + 1)
        return numbered if self._write(str(numbered.version), _document(numbered)) else self._read(numbered.version)

    def started(self) -> float:
        """Seconds since 1970 at which the source was opened for the first time: this call, when none came before."""
        file = self.location / _STARTED
        if not file.exists():
            self._write(_STARTED, {"started": time.time()})
        return float(json.loads(file.read_text(encoding="utf-8"))["started"])

    def written_at(self, version: int) -> float:
        """Seconds since 1970 at which ``version`` was stored, or last compared with the files."""
        return (self.location / str(version)).stat().st_mtime

    def looked_at(self, version: int, instant: float) -> None:
        """Note that no file present at ``instant`` adds anything to ``version``."""
        os.utime(self.location / str(version), (instant, instant))

    def _versions(self) -> list[int]:
        return [int(file.name) for file in self.location.iterdir() if file.name.isdigit()] if self.location.is_dir() else []

    def _read(self, version: int) -> StoredSchema:
        from pyspark.sql.types import StructType

        file = self.location / str(version)
        try:
            found = json.loads(file.read_text(encoding="utf-8"))
            columns, partitions = StructType.fromJson(found["columns"]), StructType.fromJson(found["partitions"])
        except (ValueError, KeyError, TypeError) as error:
            hint = "restore the file, or delete this version to fall back on the one before"
            raise AutoLoaderError("the stored schema cannot be read", hint=hint, file=str(file)) from error
        return StoredSchema(columns=columns, partitions=partitions, uniform=bool(found["uniform"]), version=version)

    def _write(self, name: str, document: dict[str, Any]) -> bool:
        self.location.mkdir(parents=True, exist_ok=True)
        temporary = self.location / f".{name}.{uuid.uuid4().hex}"
        temporary.write_text(json.dumps(document, indent=1), encoding="utf-8")
        try:
            os.link(temporary, self.location / name)
        except FileExistsError:
            return False
        finally:
            temporary.unlink()
        return True


def _document(schema: StoredSchema) -> dict[str, Any]:
    return {"columns": schema.columns.jsonValue(), "partitions": schema.partitions.jsonValue(), "uniform": schema.uniform}

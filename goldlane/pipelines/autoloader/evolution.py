"""A schema that grows: the stop of a stream read back, the new files looked at, a new version stored."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import unquote

from goldlane.pipelines.autoloader.columnar import refreshed
from goldlane.pipelines.autoloader.errors import SchemaChange
from goldlane.pipelines.autoloader.files import plain_path, sample
from goldlane.pipelines.autoloader.inference import infer_columns, stored_schema
from goldlane.pipelines.autoloader.merging import added_names, merged

if TYPE_CHECKING:
    from pyspark.sql.types import StructType

    from goldlane.pipelines.autoloader.files import Source
    from goldlane.pipelines.autoloader.stops import Stop
    from goldlane.pipelines.autoloader.store import StoredSchema

# File systems and this process need not agree on the time to the second.
_CLOCK_SLACK = 2.0


def grow(source: Source, found: Stop) -> SchemaChange:
    """Store the version of the schema that holds what the new files add, all of it at once; what another process added counts, too."""
    stored_schema(source)
    stored = source.store.newest()
    if stored is None:
        return SchemaChange(columns=(), file=found.file, version=-1)
    if source.options.format not in {"json", "csv"}:
        grown = refreshed(source, stored)
        return SchemaChange(columns=added_names(stored.columns, grown.columns), file=found.file, version=grown.version)
    if found.columns and added_names(stored.columns, _named(found)) == () and not any("." in name for name in found.columns):
        return SchemaChange(columns=found.columns, file=found.file, version=stored.version)
    more = merged(_looked_up(source, found, stored), _named(found)) if found.columns else stored.columns
    uniform = stored.uniform and source.options.format == "json" and found.columns != ()
    version = source.store.add(replace(stored, columns=merged(stored.columns, more), uniform=uniform))
    return SchemaChange(columns=added_names(stored.columns, version.columns), file=found.file, version=version.version)


def _looked_up(source: Source, found: Stop, stored: StoredSchema) -> StructType:
    """What the stop's file and those modified since the stored version hold."""
    since = source.store.written_at(stored.version) - _CLOCK_SLACK
    newer = sample(source, since=since)
    return infer_columns(source, newer if _among(found.file, newer) else [*newer, unquote(found.file)])[0]


def _among(file: str, files: list[str]) -> bool:
    return plain_path(file) in {plain_path(one) for one in files}


def _named(found: Stop) -> StructType:
    """The columns that the stop named, as texts: they are new even where inference leaves them out."""
    from pyspark.sql.types import StructType

    schema = StructType()
    for name in found.columns:
        if "." not in name:
            schema = schema.add(name, "string")
    return schema

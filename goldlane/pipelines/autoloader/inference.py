"""The stored schema of a source: read back, or inferred from the files present and stored."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import unquote

from goldlane.pipelines.autoloader.columnar import FIXED, columnar_columns
from goldlane.pipelines.autoloader.csv_inference import csv_columns
from goldlane.pipelines.autoloader.errors import AutoLoaderUsageError
from goldlane.pipelines.autoloader.files import sample
from goldlane.pipelines.autoloader.json_inference import has_arrays, json_columns
from goldlane.pipelines.autoloader.store import StoredSchema

if TYPE_CHECKING:
    from pyspark.sql.types import StructType

    from goldlane.pipelines.autoloader.files import Source


def stored_schema(source: Source) -> StoredSchema:
    """The newest stored schema; the first call infers it, and stores it. A given schema is never stored, the folders' columns are.

    Raises:
        AutoLoaderUsageError: no files to infer from, and no schema given.
    """
    newest = source.store.newest()
    if newest is None:
        newest = _inferred(source)
    if source.given is None:
        return newest
    return StoredSchema(columns=source.given, partitions=newest.partitions, version=newest.version, uniform=newest.uniform)


def _inferred(source: Source) -> StoredSchema:
    from pyspark.sql.types import StructType

    before = time.time()
    files = sample(source)
    if not files and source.given is None and source.options.format not in FIXED:
        raise AutoLoaderUsageError(
            f"cloudFiles: {', '.join(source.paths)} holds no files to infer a schema from",
            hint="add a file, or give the schema with .schema(...)",
        )
    columns, uniform = infer_columns(source, files) if source.given is None else (StructType(), not _has_arrays(source, files))
    found = StoredSchema(columns=columns, partitions=_partitions(source, files), uniform=uniform)
    if not files:
        return found
    stored = source.store.add(found)
    source.store.looked_at(stored.version, before)
    return stored


def _has_arrays(source: Source, files: Sequence[str]) -> bool:
    return bool(files) and source.options.format == "json" and has_arrays(source.spark, files[0])


def infer_columns(source: Source, files: Sequence[str]) -> tuple[StructType, bool]:
    """The columns of ``files`` by the source's format, before hints; and whether they are uniform (see ``StoredSchema``)."""
    if source.options.format == "json":
        return json_columns(source.spark, files, source.options), not has_arrays(source.spark, files[0])
    if source.options.format == "csv":
        return csv_columns(source.spark, files, source.options)
    return columnar_columns(source, files), True


def _partitions(source: Source, files: Sequence[str]) -> StructType:
    """The ``key=value`` folders between the source's paths and ``files``, as texts unless types are inferred."""
    from pyspark.sql.types import StringType, StructType

    wanted = source.options.partition_columns
    values: dict[str, list[str]] = {}
    for file in files:
        for key, value in re.findall(r"/([^/=]+)=([^/]*)(?=/)", _below(source, file)):
            values.setdefault(key, []).append(unquote(value))
    schema = StructType()
    for name in values if wanted is None else wanted:
        kind = _type_of(values.get(name, [])) if source.options.infer_types else StringType()
        schema = schema.add(name, kind)
    return schema


def _below(source: Source, file: str) -> str:
    """The part of ``file`` below the source's path; all of it when the path is a glob."""
    decoded = unquote(file)
    tail = next((decoded.split(path, 1)[1] for path in source.paths if path in decoded), decoded)
    return "/" + tail.lstrip("/")


def _type_of(values: Sequence[str]) -> str:
    known = [value for value in values if value != "__HIVE_DEFAULT_PARTITION__"]
    if known and all(re.fullmatch(r"-?(0|[1-9]\d{0,17})", value) for value in known):
        return "integer" if all(abs(int(value)) < 2**31 for value in known) else "long"
    if known and all(re.fullmatch(r"\d{4}-\d\d-\d\d", value) for value in known):
        return "date"
    return "string"

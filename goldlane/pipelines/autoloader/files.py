"""The files of a source, and the stream over them: every sub-folder, each file once per checkpoint."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from itertools import accumulate
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from goldlane.pipelines.autoloader.errors import MissingPathError
from goldlane.pipelines.autoloader.local_files import is_local, listed

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession
    from pyspark.sql.types import StructType

    from goldlane.pipelines.autoloader.options import Options
    from goldlane.pipelines.autoloader.store import SchemaStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One ``cloudFiles`` source: where its files and its schema are, and how it reads them. ``given`` is the caller's schema.

    One that does not stream reads the files there are, once.
    """

    spark: SparkSession
    paths: tuple[str, ...]
    options: Options
    store: SchemaStore
    given: StructType | None
    request: Mapping[str, Any]
    streams: bool = True


def sample(source: Source, *, since: float | None = None) -> list[str]:
    """The files that a schema is inferred from: oldest first, within the sample's number of files and bytes; ties by path.

    ``since`` leaves out files that were modified before that instant (seconds since 1970).

    Raises:
        MissingPathError: a path does not exist.
    """
    files = _oldest(source, since)
    before = accumulate((size for _, size in files), initial=0)
    return [path for (path, size), total in zip(files, before, strict=False) if total < source.options.sample_bytes or total == 0]


def _oldest(source: Source, since: float | None) -> list[tuple[str, int]]:
    """Path and length of the sample's files."""
    options, count = source.options, source.options.sample_files
    if all(map(is_local, source.paths)) and not (options.modified_after or options.modified_before or "pathGlobFilter" in options.source):
        found = sorted((modified, path, size) for modified, path, size in listed(source.paths) if since is None or modified >= since)
        return [(path, size) for _, path, size in found[:count]]
    return _oldest_elsewhere(source, since)


def _oldest_elsewhere(source: Source, since: float | None) -> list[tuple[str, int]]:
    from pyspark.sql import functions as F

    files = _listing(source)
    if since is not None:
        files = files.where(F.col("modificationTime") >= F.lit(instant(since)))
    rows = files.select("path", "modificationTime", "length").orderBy("modificationTime", "path").limit(source.options.sample_files)
    return [(row["path"], row["length"]) for row in rows.collect()]


def _listing(source: Source) -> DataFrame:
    options = {key: value for key, value in source.options.source.items() if key in {"pathGlobFilter", "recursiveFileLookup"}}
    found = _opened(source, lambda: source.spark.read.format("binaryFile").options(**options).load(list(source.paths)))
    chosen = _in_time(source.options)
    return found if chosen is None else found.where(chosen)


def open_stream(source: Source, file_format: str, schema: StructType | str | None, options: Mapping[str, str] | None = None) -> DataFrame:
    """Spark's own file stream over the source's paths; its checkpoint gives each file once.

    Raises:
        MissingPathError: a path does not exist.
    """
    opening = source.spark.readStream if source.streams else source.spark.read
    reader = opening.format(file_format).options(**{**(options or {}), **source.options.source})
    if schema is not None:
        reader = reader.schema(schema)
    stream = _opened(source, lambda: reader.load(_one_path(source.paths)))
    chosen = _chosen(source)
    return stream if chosen is None else stream.where(chosen)


def _chosen(source: Source) -> Column | None:
    """The files that options select by their modification time; Spark's stream refuses such options, so the plan holds them."""
    from pyspark.sql import functions as F

    in_time = _in_time(source.options)
    if source.options.include_existing:
        return in_time
    later = F.col("_metadata.file_modification_time") > F.lit(instant(source.store.started()))
    return later if in_time is None else in_time & later


def _in_time(options: Options) -> Column | None:
    from pyspark.sql import functions as F

    modified, after, before = F.col("_metadata.file_modification_time"), options.modified_after, options.modified_before
    if after is None and before is None:
        return None
    since = modified > F.lit(after).cast("timestamp") if after else F.lit(True)
    return since & (modified < F.lit(before).cast("timestamp") if before else F.lit(True))


def plain_path(path: str) -> str:
    """A file's path in one spelling: Spark's listing and its metadata column differ in slashes and escapes."""
    _, scheme, rest = unquote(path).partition(":") if ":" in path.split("/", 1)[0] else ("", "", unquote(path))
    return "/" + rest.lstrip("/") if scheme or path.startswith("/") else rest


def instant(seconds: float) -> datetime:
    """Seconds since 1970 as a time with its zone."""
    return datetime.fromtimestamp(seconds, tz=timezone.utc)


def _one_path(paths: Sequence[str]) -> str:
    """One path for Spark's stream, which takes no more: a glob of alternatives below the common root."""
    if len(paths) == 1:
        return paths[0]
    root = os.path.commonpath(paths)
    return f"{root}/{{{','.join(os.path.relpath(path, root) for path in paths)}}}"


def _opened(source: Source, load: Any) -> DataFrame:
    from pyspark.errors import AnalysisException

    try:
        frame: DataFrame = load()
    except AnalysisException as error:
        if error.getCondition() not in {"PATH_NOT_FOUND", "DATA_SOURCE_NOT_FOUND"}:
            raise
        raise MissingPathError(
            f"cloudFiles: there is no {' or '.join(source.paths)}", hint="create the folder, mend the path, or map its prefix with --map"
        ) from error
    return frame

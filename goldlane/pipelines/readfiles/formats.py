"""The format of files by their names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

from goldlane.pipelines.errors import PipelineError

_SUFFIXES = {
    ".csv": "csv",
    ".tsv": "csv",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".parquet": "parquet",
    ".avro": "avro",
    ".orc": "orc",
    ".xml": "xml",
    ".txt": "text",
    ".text": "text",
}
_COMPRESSED = re.compile(r"\.(gz|gzip|bz2|snappy|zstd?|lz4|deflate)$", re.IGNORECASE)


def format_of(paths: Iterable[str], place: str) -> str:
    """The one format that the names of the files under ``place`` tell.

    Raises:
        PipelineError: there are no files, their names tell nothing, or they tell several formats.
    """
    names = [_COMPRESSED.sub("", path) for path in paths]
    suffixes = sorted({PurePosixPath(name).suffix.lower() for name in names})
    found = {_SUFFIXES.get(suffix) for suffix in suffixes}
    if len(found) == 1 and None not in found:
        return str(found.pop())
    told = f"files named {', '.join(f'*{suffix}' for suffix in suffixes)}" if names else "no files"
    raise PipelineError(f"read_files: {place} holds {told}, which tell no single format", hint="say it: format => 'json'")

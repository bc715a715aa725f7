"""Files that a test lands under the platform's paths (``/Volumes/...``, ``s3://...``): each root is a folder of the test's own."""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from goldlane.errors import UsageError
from goldlane.testing.rows import arrow_rows, records

_ROOT = re.compile(r"(dbfs:/[^/]*|[a-z][a-z0-9+.-]*://[^/]+|/[^/]+)")
# Never this machine's own, though it may have a folder of that name: files right below the root, and the platform's mounts.
_PLATFORM = re.compile(r"/(?:(?:mnt|dbfs|Volumes|Workspace|FileStore|databricks-datasets)(?:/|$)|[^/]*$)")
_WRITERS = (".json", ".jsonl", ".ndjson", ".csv", ".parquet")


class Landing:
    """The folders behind the platform's paths; ``paths`` are those that the test mapped itself."""

    def __init__(self, folder: Path, paths: Mapping[str, str]) -> None:
        self._folder = folder
        self.paths = dict(paths)
        self._number = 0

    def add(self, path: str, content: Any) -> Path:
        """Write one file: rows in the format of the path's suffix (JSON lines in a folder), text or bytes as they are, or a copy.

        Raises:
            UsageError: ``path`` is not absolute, or its suffix is no format that rows can be written in.
        """
        file = self._local(path)
        self._number += 1
        if isinstance(content, Path):
            file = file if file.suffix else file / content.name
        elif not file.suffix:
            file = file / f"{self._number:04}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Path):
            shutil.copyfile(content, file)
        elif isinstance(content, str | bytes):
            file.write_bytes(content.encode() if isinstance(content, str) else content)
        else:
            _write(file, records(content, path))
        return file

    def _local(self, path: str) -> Path:
        """The place on this machine: where ``paths`` lead, else below a root that is mapped now."""
        covering = [prefix for prefix in self.paths if path == prefix.rstrip("/") or path.startswith(prefix.rstrip("/") + "/")]
        if covering:
            prefix = max(covering, key=len)
            return Path(self.paths[prefix] + path[len(prefix.rstrip("/")) :])
        if Path(path).is_absolute() and Path(path).parent.is_dir() and not _PLATFORM.match(path):
            return Path(path)
        root = _ROOT.match(path)
        if root is None:
            raise UsageError(
                f"{path!r} is no absolute path", hint="name it as the pipeline does, as in /Volumes/raw/orders or s3://bucket/orders"
            )
        folder = self._folder / re.sub(r"[^\w.-]+", "_", root.group(1).strip("/"))
        self.paths[root.group(1)] = str(folder)
        return self._local(path)


def _write(file: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    if file.suffix == ".parquet":
        from pyarrow.parquet import write_table

        write_table(arrow_rows(rows, None, None, table=file.name), str(file))
    elif file.suffix == ".csv":
        listed = list(rows)
        columns = list(dict.fromkeys(name for row in listed for name in row))
        with file.open("w", newline="", encoding="utf-8") as handle:
            writer = csv.DictWriter(handle, columns)
            writer.writeheader()
            writer.writerows(listed)
    elif file.suffix in _WRITERS:
        file.write_text("".join(json.dumps(row, default=str) + "\n" for row in rows), encoding="utf-8")
    else:
        raise UsageError(f"{file.name}: rows are written as {', '.join(_WRITERS)}", hint="give text or bytes for any other format")

"""The files of an answers log: one after the other, of this process alone, each readable by itself."""

from __future__ import annotations

import os
import secrets
from datetime import datetime, timezone
from pathlib import Path
from typing import IO, TYPE_CHECKING

from goldlane.errors import UsageError
from goldlane.features.online.answer_lines import served_as, table_line

if TYPE_CHECKING:
    from goldlane.features.declarations import FeatureTable

PATTERN = "answers-*.jsonl"
_FULL = 64 * 1024 * 1024


class AnswerFiles:
    """Appends lines to ``answers-<time>-<process>-<n>.jsonl`` in a folder. Answers are personal: only the owner may read the files."""

    def __init__(self, folder: Path, *, full: int = _FULL) -> None:
        self._folder, self._full = folder, full
        self._file: IO[str] | None = None
        self._size = self._number = 0
        # Two hosts may share a folder, and numbers of processes come again.
        self._name = f"{os.getpid()}-{secrets.token_hex(4)}"
        self.salt = ""
        self._explained: set[str] = set()

    def explain(self, table: FeatureTable) -> str:
        """The hash of the definition, which stands in the file from here on, and the salt of its digests."""
        file, definition = self._open(), served_as(table)
        if definition not in self._explained:
            self._write(file, table_line(table, self.salt))
            self._explained.add(definition)
        return definition

    def append(self, line: str) -> None:
        """Add one line to the file that the last ``explain`` wrote to."""
        self._write(self._open(), line)

    def flush(self) -> None:
        """Hand what was written to the operating system; a full file is closed."""
        if self._file is None:
            return
        self._file.flush()
        if self._size >= self._full:
            self.close()

    def close(self) -> None:
        """End the file; the next line begins another."""
        if self._file is not None:
            file, self._file = self._file, None
            file.close()

    def _open(self) -> IO[str]:
        if self._file is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._number += 1
            path = self._folder / f"answers-{datetime.now(timezone.utc):%Y%m%dT%H%M%S}-{self._name}-{self._number:04}.jsonl"
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            self._file = os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogatepass", newline="\n")
            self._size, self.salt, self._explained = 0, secrets.token_hex(16), set()
        return self._file

    def _write(self, file: IO[str], line: str) -> None:
        self._size += file.write(f"{line}\n")


def check_folder(folder: Path) -> None:
    """Refuse what can never hold a log, before the first answer is given.

    Raises:
        UsageError: the path is a file, or the folder cannot be made or written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"the answers' folder {folder} cannot be made: {error.strerror}", hint="name a folder") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise UsageError(f"the answers' folder {folder} cannot be written to", hint="name another folder")

"""A sample of a store's answers, written down by a thread of its own: a read never waits for it."""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from zlib import crc32

from goldlane.errors import GoldlaneError, UsageError
from goldlane.features.online.answer_documents import Read, document, giving, versions
from goldlane.features.online.answer_files import AnswerFiles, check_folder
from goldlane.features.online.answer_lines import text_of

if TYPE_CHECKING:
    from goldlane.features.online.store import Key, Publication

_LOG = logging.getLogger(__name__)
_WAITING = 100_000
_EVERY_S = 0.2
_ALL = 2**32 - 1
# Spreads what a checksum of similar texts leaves together.
_SPREAD = 0x9E3779B1


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What the store said of itself between two moments of the monotonic clock."""

    begun: int
    ended: int
    tables: dict[str, Publication]


class AnswerLog:
    """Answers for ``sample`` of all keys; the same keys in every process. ``known`` asks the store for its publications.

    ``logged`` and ``dropped`` count answers: one is dropped when more than 100,000 wait for the disk, or the disk refuses it.
    """

    def __init__(self, folder: Path, sample: float, known: Callable[[], Iterable[Publication]]) -> None:
        if not isinstance(sample, (int, float)) or not 0 < sample <= 1:
            raise UsageError(f"sample is the share of keys whose answers are logged, above 0 and up to 1, not {sample!r}")
        check_folder(folder)
        self.folder, self.bound, self._known = folder, int(sample * (_ALL + 1)), known
        self.logged = self.dropped = 0
        self._thread: threading.Thread | None = None
        self._renew()
        atexit.register(_close, weakref.ref(self))

    def begin(self, key: Key) -> int:
        """The monotonic clock as the read of a sampled key begins; 0 for any other key, and for what is no key."""
        try:
            total = 0
            for name, value in key.items():
                total ^= crc32((value if value.__class__ is str else str(value)).encode(), _seed(name))
        except (AttributeError, TypeError, UnicodeEncodeError):
            return 0
        if total * _SPREAD & _ALL >= self.bound:
            return 0
        if not self._seen:
            self.prepare()
        return time.monotonic_ns()

    @property
    def is_prepared(self) -> bool:
        """Whether a read can begin without asking the store."""
        return bool(self._seen)

    def prepare(self) -> None:
        """Once per process: what the store holds before the first read."""
        with self._starting:
            if not self._seen:
                self._look()

    def take(self, read: Read) -> None:
        """Write the answer down soon."""
        if self._process != os.getpid():
            self._renew()
        if self._thread is None:
            self._start()
        if len(self._waiting) >= _WAITING:
            self.dropped += 1
        else:
            self._waiting.append(read)

    def close(self) -> None:
        """Write down what waits, and end the file; a later answer begins another."""
        if self._process != os.getpid():
            return
        with self._starting:
            thread, self._thread = self._thread, None
            if thread is not None:
                self._ending.set()
                thread.join()
                self._ending.clear()
            self._write()
            self._files.close()

    def _renew(self) -> None:
        """A process begins with its own thread and file: after a fork the parent's thread is not there, and its file is the parent's."""
        self._process, self._thread = os.getpid(), None
        self._starting, self._ending = threading.Lock(), threading.Event()
        self._waiting: deque[Read] = deque()
        self._seen: deque[_Seen] = deque(maxlen=8)
        self._files: AnswerFiles = AnswerFiles(self.folder)

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="goldlane-answers", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while not self._ending.wait(_EVERY_S):
            self._write()

    def _write(self) -> None:
        reads = [self._waiting.popleft() for _ in range(len(self._waiting))]
        if not reads:
            return
        self._look()
        try:
            written = sum([self._append(read) for read in reads])
            self._files.flush()
        except OSError as error:
            written = 0
            _LOG.warning("answers are not logged in %s: %s", self.folder, error)
            self._files = AnswerFiles(self.folder)
        self.logged += written
        self.dropped += len(reads) - written

    def _look(self) -> None:
        """Ask the store what it holds now: all reads that wait began before, and those to come begin after."""
        begun = time.monotonic_ns()
        try:
            tables = {publication.table.name: publication for publication in self._known()}
        except GoldlaneError:
            # Then the versions of these answers are not known, which the replay says.
            tables = {}
        self._seen.append(_Seen(begun=begun, ended=time.monotonic_ns(), tables=tables))

    def _append(self, read: Read) -> bool:
        now = self._seen[-1].tables.get(read.table)
        before = next((seen.tables.get(read.table) for seen in reversed(self._seen) if seen.ended <= read.begun), None)
        publication = giving(read.answer, before, now)
        if publication is None:
            return False
        definition = self._files.explain(publication.table)
        self._files.append(text_of(document(read, definition, self._files.salt, publication, versions(read, before, now))))
        return True


@lru_cache(maxsize=1024)
def _seed(name: str) -> int:
    """Where the hash of a key's column begins; what callers make up is not kept forever."""
    return crc32(name.encode("utf-8", "surrogatepass"))


def _close(log: weakref.ref[AnswerLog]) -> None:
    alive = log()
    if alive is not None:
        alive.close()

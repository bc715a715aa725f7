"""What reading a table means right now: while loading, planning or writing. One seam for every spelling of a read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from goldlane.pipelines.connectors import Elsewhere
from goldlane.pipelines.errors import MissingTableError, PipelineError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame
    from pyspark.sql.types import StructType


NO_OPTIONS: Mapping[str, str] = {}


class Reads(Protocol):
    """Answers the reads of one flow."""

    def batch(self, name: str, options: Mapping[str, str] = NO_OPTIONS) -> DataFrame:
        """The whole of a table; ``options`` are the reader's, such as ``versionAsOf`` and ``readChangeFeed``.

        Raises:
            MissingTableError: nobody knows ``name``.
        """

    def stream(self, name: str, options: Mapping[str, str]) -> DataFrame:
        """What is new in a table since the flow's checkpoint."""

    def cloud_files(self, paths: Sequence[str], options: Mapping[str, str], schema: StructType | None) -> DataFrame:
        """Files as they arrive (Auto Loader)."""

    def elsewhere(self, source: Elsewhere) -> DataFrame:
        """A broker or a database that this machine has not: what the caller bound in its place."""

    def knows(self, name: str) -> bool:
        """Whether ``name`` is the pipeline's, bound by the caller, or in the storage: then SQL text is pointed to it."""

    def missing(self, name: str) -> MissingTableError:
        """The error for a table that nobody knows."""

    def location(self, name: str) -> Path | None:
        """The folder of a table's Delta log, where it has one of ours."""

    def path(self, path: str) -> str:
        """``path`` with the caller's ``--map`` prefixes replaced by folders of this machine."""


@runtime_checkable
class WritesByName(Protocol):
    """Reads that also say where a table lies that is written by its name."""

    def written(self, name: str) -> Path | None:
        """The folder of the table's Delta log, there or not yet; None where it is the session's own."""

    def target(self, name: str) -> str | None:
        """``written`` as SQL text says it."""


_current: ContextVar[Reads | None] = ContextVar("goldlane_reads", default=None)
# What threads of the user's own making read, in a process that runs nothing but one task.
_everywhere: list[Reads] = []


@contextmanager
def reading(reads: Reads) -> Iterator[None]:
    """Answer this thread's reads from ``reads``."""
    token = _current.set(reads)
    try:
        yield
    finally:
        _current.reset(token)


def answer_everywhere(reads: Reads) -> None:
    """Answer the reads of every thread from ``reads``, as long as the process lives: for one that runs a single task."""
    _everywhere[:] = [reads]


def reads_or_none() -> Reads | None:
    """The reads of the flow in progress in this thread, if any."""
    found = _current.get()
    return found if found is not None or not _everywhere else _everywhere[0]


def current_reads() -> Reads:
    """The reads of the flow in progress.

    Raises:
        PipelineError: no pipeline is loading or running in this thread.
    """
    reads = reads_or_none()
    if reads is None:
        raise PipelineError("a table of a pipeline was read outside of it", hint="run the file with `goldlane run FILE --storage DIR`")
    return reads

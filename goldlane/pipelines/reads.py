"""What reading a table means right now: while loading, planning or writing. One seam for every spelling of a read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

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


_current: ContextVar[Reads | None] = ContextVar("goldlane_reads", default=None)


@contextmanager
def reading(reads: Reads) -> Iterator[None]:
    """Answer this thread's reads from ``reads``."""
    token = _current.set(reads)
    try:
        yield
    finally:
        _current.reset(token)


def reads_or_none() -> Reads | None:
    """The reads of the flow in progress in this thread, if any."""
    return _current.get()


def current_reads() -> Reads:
    """The reads of the flow in progress.

    Raises:
        PipelineError: no pipeline is loading or running in this thread.
    """
    reads = _current.get()
    if reads is None:
        raise PipelineError("a table of a pipeline was read outside of it", hint="run the file with `goldlane run FILE --storage DIR`")
    return reads

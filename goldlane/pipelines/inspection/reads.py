"""Reads at module level, in a check: tables are the platform's, so their rows are unknown."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from goldlane.pipelines.connectors import Elsewhere
from goldlane.pipelines.definitions import Problem
from goldlane.pipelines.errors import MissingTableError
from goldlane.pipelines.files import FileReads
from goldlane.pipelines.inspection.unknown import Unknown
from goldlane.pipelines.places import place_of_caller
from goldlane.pipelines.reads import NO_OPTIONS

if TYPE_CHECKING:
    from pyspark.sql.types import StructType


class InspectionReads:
    """Answers every table with an unknown one, and notes it: what a file makes of its rows is not seen."""

    def __init__(self, files: FileReads, note: Callable[[Problem], None]) -> None:
        self._files, self._note = files, note

    def batch(self, name: str, options: Mapping[str, str] = NO_OPTIONS) -> Any:
        """An unknown frame."""
        del options
        return self._unknown(f"table {name!r}", streams=False)

    def stream(self, name: str, options: Mapping[str, str]) -> Any:
        """An unknown stream."""
        del options
        return self._unknown(f"table {name!r}", streams=True)

    def cloud_files(self, paths: Sequence[str], options: Mapping[str, str], schema: StructType | None) -> Any:
        """An unknown stream."""
        del options, schema
        return self._unknown(f"cloudFiles of {', '.join(paths)}", streams=True)

    def elsewhere(self, source: Elsewhere) -> Any:
        """An unknown frame or stream."""
        return self._unknown(source.format, streams=source.streams)

    def knows(self, name: str) -> bool:
        """Nothing is known before a run."""
        del name
        return False

    def missing(self, name: str) -> MissingTableError:
        """The error for a table that nobody knows."""
        return MissingTableError(name, ())

    def location(self, name: str) -> Path | None:
        """Nowhere before a run."""
        del name
        return None

    def path(self, path: str) -> str:
        """The mapped path."""
        return self._files.path(path)

    def _unknown(self, what: str, *, streams: bool) -> Unknown:
        message = f"{what} is read at module level, and check has no rows of it"
        self._note(Problem(code="read_at_module_level", message=message, place=place_of_caller(), severity="warning"))
        return Unknown(streams=streams)

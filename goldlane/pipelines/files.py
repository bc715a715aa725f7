"""File reads of a pipeline: mapped paths, and Auto Loader with a schema place per flow and read."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from goldlane.pipelines.definitions import Flow
from goldlane.pipelines.paths import mapped_path
from goldlane.pipelines.storage import Storage

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType


class FileReads:
    """What all flows share: the plain session, the storage, and the caller's path prefixes, the longest first."""

    def __init__(self, session: SparkSession, storage: Storage, mapped: Mapping[str, str]) -> None:
        self.session, self.storage = session, storage
        self._mapped = mapped
        self._new_schemas: list[Path] = []

    def on(self, session: SparkSession) -> FileReads:
        """The same files, read through another session."""
        other = copy.copy(self)
        other.session = session
        return other

    def path(self, path: str) -> str:
        """``path`` with the first fitting prefix replaced."""
        return mapped_path(path, self._mapped)

    def schema_place(self, flow: Flow, number: int) -> Path:
        """Where the ``number``-th Auto Loader read of ``flow`` keeps its schema."""
        place = self.storage.file_schema(flow.target, flow.name, self.storage.generation(flow.target), number)
        if not place.exists():
            self._new_schemas.append(place)
        return place

    def forget_new_schemas(self) -> None:
        """Undo what opening the files for a plan stored: a plan that failed must not fix a schema for the plan that mends it."""
        for place in self._new_schemas:
            shutil.rmtree(place, ignore_errors=True)

    def of(self, flow: Flow) -> FlowFiles:
        """The reads of one run of a flow's function."""
        return FlowFiles(self, flow)


class FlowFiles:
    """Counts the Auto Loader reads of a function, so that each finds its schema again in the next run."""

    def __init__(self, shared: FileReads, flow: Flow) -> None:
        self._shared, self._flow, self._count = shared, flow, 0

    def cloud_files(self, paths: Sequence[str], options: Mapping[str, str], schema: StructType | None) -> DataFrame:
        """The stream of arriving files."""
        from goldlane.pipelines.autoloader import cloud_files

        return cloud_files(self._shared.session, paths, options, schema, schema_location=self._place())

    def planned_files(self, paths: Sequence[str], options: Mapping[str, str], schema: StructType | None) -> DataFrame:
        """Its columns, as a stream that is not for starting."""
        from goldlane.pipelines.autoloader import planned_files

        return planned_files(self._shared.session, paths, options, schema, schema_location=self._place())

    def _place(self) -> Path:
        self._count += 1
        return self._shared.schema_place(self._flow, self._count - 1)

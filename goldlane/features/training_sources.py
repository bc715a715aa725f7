"""Where a training set's labels and feature rows come from: Delta tables held at a version wherever possible."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from goldlane.errors import UsageError
from goldlane.features.declarations import FeatureTable
from goldlane.features.errors import TrainingError
from goldlane.features.forgotten_frames import without_forgotten_of
from goldlane.features.frames import column
from goldlane.features.gold import gold_path
from goldlane.features.pins import Pin, newest, pinned_frame
from goldlane.features.window_checks import is_frame

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

Place: TypeAlias = "DataFrame | str | Path"
Tables: TypeAlias = "Mapping[FeatureTable, Place] | Iterable[FeatureTable]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Rows, and the version they are of; a frame of the caller's has none."""

    frame: DataFrame
    pin: Pin | None = None


class Sources:
    """Opens what a training set is made of, and remembers in ``mistakes`` what could not be opened."""

    def __init__(self, spark: SparkSession) -> None:
        self._spark = spark
        self.mistakes: list[str] = []

    def newest(self, place: Place, whose: str) -> Source | None:
        """A frame as it is, or the newest version of a Delta table."""
        if not isinstance(place, (str, Path)):
            return Source(frame=place)
        try:
            pin = newest(self._spark, place)
        except UsageError as missing:
            self.mistakes.append(f"{whose}: {missing}")
            return None
        return self.pinned(pin, whose)

    def pinned(self, pin: Pin, whose: str) -> Source | None:
        """The version that a record names."""
        try:
            return Source(frame=pinned_frame(self._spark, pin), pin=pin)
        except UsageError as missing:
            self.mistakes.append(f"{whose}: {missing}")
            return None

    def rows_of(self, table: FeatureTable, pin: Pin) -> Source | None:
        """A feature table in the version that a record names, without those whom its storage has forgotten since."""
        return _without_forgotten(self.pinned(pin, table.name), table)

    def tables(self, tables: Tables, storage: str | Path | None) -> dict[FeatureTable, Source]:
        """Every feature table that can be opened."""
        found = {}
        for table, place in self._places(tables, storage):
            source = _without_forgotten(self.newest(place, table.name), table)
            if source is not None:
                found[table] = source
        return found

    def _places(self, tables: Tables, storage: str | Path | None) -> list[tuple[FeatureTable, Place]]:
        places: list[tuple[FeatureTable, Place]] = []
        if not isinstance(tables, Iterable):
            self.mistakes.append(f"the tables are a {type(tables).__name__}; list them, or map them to where their rows are")
            return places
        for table in tables:
            if not isinstance(table, FeatureTable):
                self.mistakes.append(f"{table!r} is no FeatureTable")
            elif isinstance(tables, Mapping):
                places.append((table, tables[table]))
            elif storage is None:
                self.mistakes.append(
                    f"{table.name}: nothing says where its rows are; name the storage, or map it to a Delta table or a frame"
                )
            else:
                try:
                    places.append((table, gold_path(table, Path(storage))))
                except UsageError as wrong:
                    self.mistakes.append(str(wrong))
        return places


def _without_forgotten(source: Source | None, table: FeatureTable) -> Source | None:
    if source is None or source.pin is None or "/" not in source.pin.place:
        return source
    return replace(source, frame=without_forgotten_of(source.frame, Path(source.pin.place), table.keys))


def session_of(labels: Place | None) -> SparkSession:
    """The session of the labels' frame; the session there is, or a local one, when they are no frame.

    Raises:
        TrainingError: the labels are neither a frame nor a table's place.
    """
    from goldlane.session import local_spark

    if labels is None or isinstance(labels, (str, Path)):
        return local_spark()
    if not is_frame(labels):
        kinds = "a DataFrame of Spark, or a Delta table's folder or name"
        raise TrainingError("training set", [f"the labels are {kinds}, not a {type(labels).__name__}"])
    return labels.sparkSession


def identity(labels: DataFrame) -> tuple[int, str]:
    """How many rows, and a fingerprint of their columns and values that no order of rows changes; one pass."""
    from pyspark.sql import functions as F

    values = [F.struct(column(name)) for name in labels.columns]
    # A NULL leaves a hash as it was, so its place is hashed beside the value.
    nulls = [column(name).isNull() for name in labels.columns]
    hashed = F.xxhash64(*values, *nulls).cast("decimal(38,0)")
    rows, total = labels.agg(F.count(F.lit(1)), F.sum(hashed)).collect()[0]
    return rows, hashlib.sha256(f"{labels.schema.simpleString()} {rows} {total}".encode()).hexdigest()[:16]

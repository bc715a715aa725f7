"""A training set, and each Delta table it was made of, as datasets of an MLflow run."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from mlflow.data.code_dataset_source import CodeDatasetSource
from mlflow.data.delta_dataset_source import DeltaDatasetSource
from mlflow.data.meta_dataset import MetaDataset

if TYPE_CHECKING:
    from mlflow.data.dataset_source import DatasetSource

    from goldlane.features.pins import Pin
    from goldlane.features.records import TrainingRecord


class RecordedDataset(MetaDataset):
    """Rows that can be found again, and how many there are where that is known; MLflow sees none of them."""

    def __init__(self, source: DatasetSource, name: str, digest: str, rows: int | None = None) -> None:
        self._rows = rows
        super().__init__(source=source, name=name, digest=digest)

    @property
    def profile(self) -> dict[str, int] | None:
        """The number of rows."""
        return None if self._rows is None else {"num_rows": self._rows}

    def to_dict(self) -> dict[str, str]:
        """As MLflow stores it."""
        return {**super().to_dict(), **({"profile": json.dumps(self.profile)} if self.profile else {})}


def described(record: TrainingRecord, updates: Mapping[str, str]) -> dict[str, str]:
    """A training set in a few words: the tags of its run and of its model. ``updates`` are those that wrote its tables, by table."""
    told = {
        "training_set": record.digest,
        "definitions": record.definitions,
        "label": record.label,
        "rows": str(record.rows),
        "sources": ", ".join(f"{name}@{pin.version}" for name, pin in pins(record)),
        "updates": ", ".join(f"{name}@{pin.version}: {updates[name]}" for name, pin in pins(record) if name in updates),
        "unpinned": ", ".join(record.unpinned),
    }
    return {f"goldlane.{name}": value for name, value in told.items()}


def datasets(record: TrainingRecord, updates: Mapping[str, str]) -> Iterator[tuple[RecordedDataset, str, Mapping[str, str]]]:
    """Each dataset with its context (``training`` for the whole, ``source`` for a table) and its tags."""
    whole = CodeDatasetSource(tags=described(record, updates))
    yield RecordedDataset(whole, f"{record.label} by {record.question.label_time}", record.digest, record.rows), "training", {}
    for name, pin in pins(record):
        tags = {"goldlane.version": str(pin.version), **({"goldlane.update_id": updates[name]} if name in updates else {})}
        yield RecordedDataset(_delta(pin), name, f"{pin.table_id[:8]}@{pin.version}"), "source", tags


def pins(record: TrainingRecord) -> Iterator[tuple[str, Pin]]:
    """Every Delta table that was read, with what it is to the training set."""
    if record.labels.pin is not None:
        yield "labels", record.labels.pin
    yield from ((table.declaration.name, table.pin) for table in record.tables if table.pin is not None)


def _delta(pin: Pin) -> DeltaDatasetSource:
    place = {"path": pin.place} if "/" in pin.place else {"delta_table_name": pin.place}
    return DeltaDatasetSource(**place, delta_table_version=pin.version, delta_table_id=pin.table_id)

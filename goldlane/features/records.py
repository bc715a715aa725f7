"""What a training set was made of, as data: enough to make it again, row by row."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

from goldlane.errors import first_line
from goldlane.features.as_of import AsOf
from goldlane.features.declarations import FeatureTable
from goldlane.features.definitions import definition_hash
from goldlane.features.durations import ttl_of
from goldlane.features.errors import TrainingError
from goldlane.features.pins import Pin


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedLabels:
    """How many labels there were, and which: a pinned table's, or those of a frame with this fingerprint."""

    rows: int
    pin: Pin | None = None
    fingerprint: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedTable:
    """A feature table as it was declared, and the version that was read; without a pin it was a frame, and cannot be read again."""

    declaration: FeatureTable
    pin: Pin | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRecord:
    """Labels, tables with their versions and declarations, and the question that joined them. ``to_json`` and back loses nothing."""

    label: str
    question: AsOf
    labels: RecordedLabels
    tables: tuple[RecordedTable, ...]
    goldlane: str
    spark: str

    @property
    def rows(self) -> int:
        """The rows of the training set: one per label."""
        return self.labels.rows

    @property
    def features(self) -> tuple[str, ...]:
        """The columns of the training set that are features, as they are called there."""
        return tuple(name for table in self.tables for name in self.question.features(table.declaration).values())

    @property
    def definitions(self) -> str:
        """The hash of all declarations: equal when every feature means the same."""
        return definition_hash(table.declaration for table in self.tables)

    @property
    def unpinned(self) -> tuple[str, ...]:
        """The tables that were given as frames: with any of them the training set cannot be rebuilt."""
        return tuple(table.declaration.name for table in self.tables if table.pin is None)

    @property
    def digest(self) -> str:
        """Sixteen hex digits of the whole record."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()[:16]

    def to_json(self) -> str:
        """One JSON object; ``definitions`` and ``rows`` stand in it for readers."""
        question = asdict(self.question)
        ttl = question.pop("ttl")
        document = {
            "label": self.label,
            "question": {**question, "ttl_s": None if ttl is None else ttl.total_seconds()},
            "labels": asdict(self.labels),
            "tables": [
                {
                    "name": table.declaration.name,
                    "definition": definition_hash([table.declaration]),
                    "pin": None if table.pin is None else asdict(table.pin),
                    "declaration": json.loads(table.declaration.to_json()),
                }
                for table in self.tables
            ],
            "definitions": self.definitions,
            "rows": self.rows,
            "goldlane": self.goldlane,
            "spark": self.spark,
        }
        return json.dumps(document, ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> TrainingRecord:
        """The record that ``to_json`` wrote.

        Raises:
            TrainingError: the text is none.
        """
        try:
            return _record(json.loads(text))
        except (ValueError, KeyError, TypeError) as wrong:
            why = f"this is no record that TrainingRecord.to_json wrote: {type(wrong).__name__}: {first_line(wrong)}"
            raise TrainingError("reading a training record", [why]) from wrong


def _record(stored: dict[str, Any]) -> TrainingRecord:
    question, labels = stored["question"], stored["labels"]
    ttl = ttl_of(question.pop("ttl_s"))
    return TrainingRecord(
        label=stored["label"],
        question=AsOf(**{**question, "tie_break": tuple(question["tie_break"])}, ttl=ttl),
        labels=RecordedLabels(**{**labels, "pin": _pin(labels["pin"])}),
        tables=tuple(
            RecordedTable(declaration=FeatureTable.from_json(json.dumps(table["declaration"])), pin=_pin(table["pin"]))
            for table in stored["tables"]
        ),
        goldlane=stored["goldlane"],
        spark=stored["spark"],
    )


def _pin(stored: dict[str, Any] | None) -> Pin | None:
    return None if stored is None else Pin(**stored)

"""What an update did: frozen results per dataset and rule, equal in Python, in JSON and on the terminal."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from goldlane.errors import UsageError
from goldlane.expectations import Action
from goldlane.pipelines.definitions import Kind
from goldlane.pipelines.errors import UpdateFailedError
from goldlane.pipelines.failures import Failure
from goldlane.pipelines.streamreports import StreamReport

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


class Status(str, Enum):
    """How an update or a dataset ended; compares equal to its text."""

    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"
    UNCHANGED = "UNCHANGED"
    CANCELED = "CANCELED"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleResult:
    """How many rows passed and failed one rule. ``dataset`` is where the rule stands, which may be a view."""

    name: str
    dataset: str
    action: Action
    passed: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowCounts:
    """Rows of one write, or of several added up. ``late`` were older than a stream's watermark and ignored by it.

    ``report`` is what the newest micro-batch told beside its rows.
    """

    output_rows: int = 0
    dropped_rows: int = 0
    late_rows: int = 0
    upserted_rows: int | None = None
    deleted_rows: int | None = None
    rules: tuple[RuleResult, ...] = ()
    report: StreamReport | None = None

    def __add__(self, other: FlowCounts) -> FlowCounts:
        return FlowCounts(
            output_rows=self.output_rows + other.output_rows,
            dropped_rows=self.dropped_rows + other.dropped_rows,
            late_rows=self.late_rows + other.late_rows,
            upserted_rows=_sum(self.upserted_rows, other.upserted_rows),
            deleted_rows=_sum(self.deleted_rows, other.deleted_rows),
            rules=_merged((*self.rules, *other.rules)),
            report=other.report or self.report,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetResult:
    """One dataset of an update. ``path`` is its Delta table, None for a view."""

    name: str
    kind: Kind
    status: Status
    counts: FlowCounts = field(default_factory=FlowCounts)
    seconds: float = 0.0
    path: Path | None = None
    error: Failure | None = None

    @property
    def output_rows(self) -> int:
        """Rows written; for AUTO CDC rows inserted or updated."""
        return self.counts.output_rows

    @property
    def dropped_rows(self) -> int:
        """Rows that broke at least one DROP rule."""
        return self.counts.dropped_rows

    @property
    def expectations(self) -> tuple[RuleResult, ...]:
        """The rules that its flows passed, those of views they read included."""
        return self.counts.rules

    def to_json(self) -> dict[str, Any]:
        """The shape of ``run --json``."""
        rules = [
            {"name": rule.name, "action": rule.action.value, "passed": rule.passed, "failed": rule.failed} for rule in self.expectations
        ]
        place = self.error.place if self.error else None
        error = self.error and {
            "class": self.error.kind,
            "message": self.error.message,
            "file": place.file if place else None,
            "line": place.line if place else None,
        }
        return {
            "name": self.name,
            "kind": self.kind.value,
            "status": self.status.value,
            "output_rows": self.output_rows,
            "dropped_rows": self.dropped_rows,
            "late_rows": self.counts.late_rows,
            "seconds": round(self.seconds, 3),
            "path": str(self.path) if self.path else None,
            "expectations": rules,
            "error": error,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """One run of a pipeline."""

    update_id: str
    status: Status
    seconds: float
    datasets: tuple[DatasetResult, ...]
    events_path: Path
    spark: SparkSession = field(repr=False)

    def __getitem__(self, name: str) -> DatasetResult:
        for dataset in self.datasets:
            if dataset.name.lower() == name.lower() or dataset.name.split(".")[-1].lower() == name.lower():
                return dataset
        raise UsageError(f"the update has no dataset {name!r}", hint=f"it has {', '.join(dataset.name for dataset in self.datasets)}")

    def table(self, name: str) -> DataFrame:
        """The rows of a dataset as they are now.

        Raises:
            UsageError: it is a view, or was never written.
        """
        path = self[name].path
        if path is None or not (path / "_delta_log").is_dir():
            raise UsageError(f"{name!r} has no table: it is a view, or no update wrote it yet")
        return self.spark.read.format("delta").load(str(path))

    def events(self) -> DataFrame:
        """The event log's rows of this update."""
        return self.spark.read.format("delta").load(str(self.events_path)).where(f"origin.update_id = '{self.update_id}'")

    def raise_for_status(self) -> Update:
        """Itself, or the first failure as an exception.

        Raises:
            UpdateFailedError: a dataset failed.
        """
        for dataset in self.datasets:
            if dataset.error is not None and dataset.status is Status.FAILED:
                place = dataset.error.place
                raise UpdateFailedError(
                    f"{dataset.name}: {dataset.error.message}", file=place.file if place else None, line=place.line if place else None
                )
        return self

    def to_json(self) -> dict[str, Any]:
        """The document of ``run --json``."""
        return {
            "update_id": self.update_id,
            "status": self.status.value,
            "seconds": round(self.seconds, 3),
            "datasets": [dataset.to_json() for dataset in self.datasets],
        }


def _sum(left: int | None, right: int | None) -> int | None:
    return None if left is None and right is None else (left or 0) + (right or 0)


def _merged(rules: tuple[RuleResult, ...]) -> tuple[RuleResult, ...]:
    totals: dict[tuple[str, str, Action], tuple[int, int]] = {}
    for rule in rules:
        key = (rule.dataset, rule.name, rule.action)
        passed, failed = totals.get(key, (0, 0))
        totals[key] = (passed + rule.passed, failed + rule.failed)
    return tuple(
        RuleResult(name=name, dataset=dataset, action=action, passed=passed, failed=failed)
        for (dataset, name, action), (passed, failed) in totals.items()
    )

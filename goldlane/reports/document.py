"""What a report says, as frozen data: one update of a pipeline, and its rules over the updates before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from goldlane.drawing.graphs import Arrow
from goldlane.features.online.json_values import with_plain_numbers_inside
from goldlane.reports.drifts import DriftSheet


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateSummary:
    """One update. ``status`` is the last that its log tells: RUNNING also where its process was killed."""

    update_id: str
    status: str
    started: datetime
    seconds: float
    output_rows: int
    dropped_rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why a dataset failed or was skipped. Values of masked columns are left out of the message."""

    kind: str
    message: str
    file: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetReport:
    """One dataset in the update. ``offset`` is how many seconds after the update's beginning it began."""

    name: str
    kind: str
    status: str
    output_rows: int
    deleted_rows: int
    dropped_rows: int
    offset: float
    seconds: float
    error: Cause | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """How many rows passed and failed a rule in one update."""

    update_id: str
    passed: int
    failed: int

    @property
    def share(self) -> float | None:
        """The failed among all; None where no row was judged."""
        rows = self.passed + self.failed
        return self.failed / rows if rows else None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleReport:
    """One rule, as one dataset's write counted it. ``declared_on`` is where it stands, which may be a view that several datasets read.

    ``why`` is what the project's rules say about it. ``trend`` goes from old to new and ends with this update; ``examples`` are
    quarantined rows of this update.
    """

    dataset: str
    declared_on: str
    name: str
    action: str
    predicate: str
    passed: int
    failed: int
    why: str = ""
    trend: tuple[Judged, ...] = ()
    examples: tuple[Mapping[str, Any], ...] = ()

    @property
    def share(self) -> float | None:
        """The failed among all rows; None where no row was judged."""
        return Judged(update_id="", passed=self.passed, failed=self.failed).share


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineReport:
    """A table of quarantined rows: how many came in this update, how many it holds, and the same by reason.

    A row may have several reasons. ``problem`` says why the table could not be read.
    """

    table: str
    rows: int = 0
    total: int = 0
    reasons: Mapping[str, tuple[int, int]] | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything a page, the terminal or a program is told about one update."""

    pipeline: str
    user: str
    update: UpdateSummary
    datasets: tuple[DatasetReport, ...]
    edges: tuple[Arrow, ...]
    rules: tuple[RuleReport, ...]
    quarantine: tuple[QuarantineReport, ...]
    updates: tuple[UpdateSummary, ...]
    masked: tuple[str, ...]
    drift: tuple[DriftSheet, ...] = ()

    @property
    def failures(self) -> tuple[DatasetReport, ...]:
        """Datasets that failed, before those that were skipped because of them."""
        return tuple(sorted((one for one in self.datasets if one.error), key=lambda one: one.status != "FAILED"))

    @property
    def distinct_rules(self) -> tuple[RuleReport, ...]:
        """The rules for people, most broken first: readers of one view that counted the same share a line, ``dataset`` naming all."""
        lines: dict[tuple[Any, ...], list[RuleReport]] = {}
        for rule in self.rules:
            lines.setdefault((rule.declared_on, rule.name, rule.passed, rule.failed), []).append(rule)
        merged = (replace(line[0], dataset=" and ".join(rule.dataset for rule in line), why=_longest(line)) for line in lines.values())
        return tuple(sorted(merged, key=lambda rule: -rule.failed))

    def to_json(self) -> dict[str, Any]:
        """The document of ``goldlane report --json``; NaN and the infinities, of which JSON has none, are text."""
        document = asdict(self)
        document["edges"] = [{"from": edge.source, "to": edge.target, "rows": edge.rows} for edge in self.edges]
        document["rules"] = [{**asdict(rule), "share": rule.share} for rule in self.rules]
        document["quarantine"] = [_quarantine(table) for table in self.quarantine]
        for dataset in document["datasets"]:
            dataset["error"] = dataset["error"] and {"class": dataset["error"].pop("kind"), **dataset["error"]}
        spelled: dict[str, Any] = with_plain_numbers_inside(document)
        return spelled


def _quarantine(table: QuarantineReport) -> dict[str, Any]:
    reasons = [{"rule": rule, "rows": rows, "total": total} for rule, (rows, total) in (table.reasons or {}).items()]
    return {"table": table.table, "rows": table.rows, "total": table.total, "reasons": reasons, "problem": table.problem}


def _longest(line: Sequence[RuleReport]) -> str:
    return max((rule.why for rule in line), key=len)

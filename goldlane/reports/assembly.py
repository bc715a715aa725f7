"""A report out of a storage: the event log, the quarantine tables, and how many rows tables hold. No JVM."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from goldlane.errors import UsageError
from goldlane.expectations import Rules
from goldlane.features.delta_files import open_delta
from goldlane.pipelines.eventlog import read_events
from goldlane.reports.document import Cause, DatasetReport, Judged, Report, RuleReport, UpdateSummary
from goldlane.reports.drifts import DriftSheet, drift_sheet, has_metrics
from goldlane.reports.edges import Flowed
from goldlane.reports.logged import LoggedDataset, LoggedUpdate, RuleKey, logged_updates
from goldlane.reports.masking import Mask
from goldlane.reports.naming import Names
from goldlane.reports.quarantines import Quarantine, is_quarantine, read_quarantine
from goldlane.reports.reasons import Reasons

_UPDATES = 20


def report_of(
    storage: Path,
    *,
    update: str = "last",
    masked: Iterable[str] = (),
    declared: Mapping[str, Rules] | None = None,
    is_monitored: Callable[[str], bool] = lambda _: True,
) -> Report:
    """What ``update`` (an id, its beginning, or ``last``) did, with its rules over the updates of its pipeline before it.

    ``masked`` names columns whose values are never shown, nor any text that mentions one of them. ``declared`` are the project's rules
    by table: they say why. ``is_monitored`` says of a table's full name whether it still is; without it, each that has metric tables is.

    Raises:
        UsageError: the folder is no storage, or has no such update.
    """
    rows = read_events(storage)
    told = _updates(rows, update, storage)
    return _Assembly(storage, told, Mask(masked), Reasons(declared or {})).report(is_monitored)


def _updates(rows: Sequence[Mapping[str, Any]], wanted: str, storage: Path) -> list[LoggedUpdate]:
    """The wanted update, last, after those of the same pipeline before it."""
    ids = list(dict.fromkeys(row["origin"]["update_id"] for row in rows))
    found = [one for one in ids if one.startswith(wanted)] if wanted != "last" else ids[-1:]
    if len(found) != 1:
        problem = "holds no update yet" if not ids else f"has {'several updates' if found else 'no update'} {wanted!r}"
        raise UsageError(f"storage {storage} {problem}", hint="`goldlane events --storage DIR` lists the updates")
    pipeline = next(row["origin"]["pipeline_id"] for row in rows if row["origin"]["update_id"] == found[0])
    same = {row["origin"]["update_id"] for row in rows if row["origin"]["pipeline_id"] == pipeline}
    kept = [one for one in ids[: ids.index(found[0]) + 1] if one in same][-_UPDATES:]
    return list(logged_updates(row for row in rows if row["origin"]["update_id"] in kept).values())


class _Assembly:
    def __init__(self, storage: Path, updates: Sequence[LoggedUpdate], mask: Mask, reasons: Reasons) -> None:
        self._storage, self._updates, self._mask, self._reasons = storage, updates, mask, reasons
        self._update = updates[-1]
        self._names = Names(self._update.datasets)

    def report(self, is_monitored: Callable[[str], bool]) -> Report:
        quarantines = list(self._quarantines())
        summaries = tuple(_summary(update) for update in self._updates)
        flowed = Flowed(self._update.datasets, self._names, self._held)
        return Report(
            pipeline=self._update.pipeline,
            user=self._update.user,
            update=summaries[-1],
            datasets=tuple(self._dataset(dataset) for dataset in self._update.datasets.values()),
            edges=tuple(flowed.arrows()),
            rules=tuple(self._rules(quarantines)),
            quarantine=tuple(quarantine.report for quarantine in quarantines),
            updates=summaries,
            masked=tuple(sorted(self._mask.names)),
            drift=tuple(self._drift(is_monitored)),
        )

    def _drift(self, is_monitored: Callable[[str], bool]) -> Iterator[DriftSheet]:
        """Those of the update's datasets that are monitored, or were."""
        for dataset in self._update.datasets.values():
            place, name = self._path(dataset.name), self._names.short(dataset.name)
            if dataset.kind != "view" and has_metrics(place):
                sheet = drift_sheet(place, name, is_monitored=is_monitored(dataset.name))
                yield from () if sheet is None else (sheet,)

    def _dataset(self, dataset: LoggedDataset) -> DatasetReport:
        return DatasetReport(
            name=self._names.short(dataset.name),
            kind=dataset.kind,
            status=dataset.status,
            output_rows=_written(dataset),
            deleted_rows=dataset.rows["num_deleted_rows"],
            dropped_rows=dataset.rows["dropped"],
            offset=(min(dataset.times) - self._update.started).total_seconds() if dataset.times else 0.0,
            seconds=dataset.seconds,
            error=self._cause(dataset),
        )

    def _cause(self, dataset: LoggedDataset) -> Cause | None:
        if dataset.error is None:
            return Cause(kind="SkippedError", message=dataset.skipped) if dataset.skipped else None
        first = dataset.error["exceptions"][0]
        place = (first["stack"] or [{}])[0]
        message = self._mask.message(first["message"])
        return Cause(kind=first["class_name"], message=message, file=place.get("file_name"), line=place.get("line_number"))

    def _rules(self, quarantines: Sequence[Quarantine]) -> Iterator[RuleReport]:
        """Those that were counted, and those that were declared and not reached; the latter with no rows."""
        counted: set[RuleKey] = set()
        for dataset in self._update.datasets.values():
            for key, (passed, failed) in dataset.judged.items():
                counted.add((self._names.find(key[0]) or key[0], key[1]))
                yield self._rule(dataset, key, (passed, failed), quarantines)
        for dataset in self._update.datasets.values():
            for declared in dataset.declared:
                if (dataset.name, declared["name"]) not in counted:
                    yield self._rule(dataset, (dataset.name, declared["name"]), (0, 0), quarantines)

    def _rule(self, dataset: LoggedDataset, key: RuleKey, counts: tuple[int, int], quarantines: Sequence[Quarantine]) -> RuleReport:
        stands = self._names.find(key[0]) or key[0]
        holder = self._update.datasets.get(stands, dataset)
        declared: Mapping[str, str] = next((rule for rule in holder.declared if rule["name"] == key[1]), {})
        found = next((quarantine.examples[key[1]] for quarantine in quarantines if counts[1] and key[1] in quarantine.examples), ())
        return RuleReport(
            dataset=self._names.short(dataset.name),
            declared_on=self._names.short(stands),
            name=key[1],
            action=declared.get("action", "warn"),
            predicate=declared.get("predicate", ""),
            passed=counts[0],
            failed=counts[1],
            why=self._reasons.why(self._names.short(dataset.name), key[1]),
            trend=tuple(_trend(self._updates, dataset.name, key)),
            examples=tuple(self._mask.row(row) for row in found),
        )

    def _quarantines(self) -> Iterator[Quarantine]:
        for dataset in self._update.datasets.values():
            if is_quarantine(dataset.columns) and dataset.kind != "view":
                yield read_quarantine(self._names.short(dataset.name), self._path(dataset.name), self._update.started, self._update.ended)

    def _held(self, name: str) -> int | None:
        """How many rows a table held when the update was over; None where its log does not say."""
        try:
            delta = open_delta(self._path(name), name)
            delta.load_as_version(_after(self._update.ended))
            return int(delta.count())
        except Exception:  # noqa: BLE001  a count is a nicety: whatever delta-rs cannot do, the report does without
            return None

    def _path(self, name: str) -> Path:
        schema, _, table = name.rpartition(".")
        return self._storage / "tables" / schema / table


def _after(moment: datetime) -> datetime:
    return moment.replace(microsecond=999_999)


def _summary(update: LoggedUpdate) -> UpdateSummary:
    datasets = update.datasets.values()
    return UpdateSummary(
        update_id=update.update_id,
        status=update.state,
        started=update.started,
        seconds=(update.ended - update.started).total_seconds(),
        output_rows=sum(_written(dataset) for dataset in datasets),
        dropped_rows=sum(dataset.rows["dropped"] for dataset in datasets),
    )


def _written(dataset: LoggedDataset) -> int:
    return dataset.rows["num_output_rows"] + dataset.rows["num_upserted_rows"]


def _trend(updates: Iterable[LoggedUpdate], dataset: str, key: RuleKey) -> Iterator[Judged]:
    for update in updates:
        judged = update.datasets[dataset].judged.get(key) if dataset in update.datasets else None
        if judged:
            yield Judged(update_id=update.update_id, passed=judged[0], failed=judged[1])

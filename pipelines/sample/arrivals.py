"""A planned sample, and its delivery batch by batch."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from goldlane.errors import UsageError
from pipelines.sample.chargebacks import REASONS, Chargebacks
from pipelines.sample.delivery import arrival_seconds, deliver, put
from pipelines.sample.faults import KINDS, Lines
from pipelines.sample.ledger import LEDGER, Entry, Ledger, read_ledger
from pipelines.sample.period import batch_of, iso

if TYPE_CHECKING:
    from pipelines.sample.changes import Change
    from pipelines.sample.dice import Ints
    from pipelines.sample.lines import Writing

Row: TypeAlias = Mapping[str, object]

_ISSUER_ZONE = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Everything that will be delivered, in memory. ``blank`` is the ledger before the first delivery."""

    blank: Ledger
    lines: Lines
    writing: Writing
    customers: Sequence[Change]
    merchants: Sequence[Change]
    disputed: Chargebacks

    def deliver(self, directory: Path, batch: int) -> Ledger:
        """Writes one batch of every feed and the ledger of all batches so far; a batch delivered again is replaced by the same bytes.

        Raises:
            UsageError: there is no such batch, an earlier one is missing, or the folder holds something else.
        """
        directory = Path(directory)
        ledger = self._so_far(directory, batch)
        try:
            entry = self._write(directory, batch)
            entries = {known.batch: known for known in ledger.batches} | {batch: entry}
            ledger = replace(ledger, batches=tuple(entries.values()))
            put(directory / LEDGER, ledger.to_json().encode())
        except (PermissionError, NotADirectoryError, FileExistsError) as refused:
            raise UsageError(f"cannot write to {directory}: {refused.strerror}", hint="name a folder that you may write to") from refused
        return ledger

    def _write(self, directory: Path, batch: int) -> Entry:
        arrived = arrival_seconds(batch, self.blank.planned)
        lines, feeds = self.lines.of_batch(batch), self._feeds(batch)
        deliver(directory / "transactions", batch, arrived, lines, self.writing.text)
        for feed, rows in feeds.items():
            deliver(directory / feed, batch, arrived, slice(0, len(rows)), _as_lines(rows))
        return Entry(batch=batch, counts=self._counts(lines) | {feed: len(rows) for feed, rows in feeds.items()})

    def _so_far(self, directory: Path, batch: int) -> Ledger:
        if not 1 <= batch <= self.blank.planned:
            raise UsageError(f"there is no batch {batch}: the sample has batches 1 to {self.blank.planned}")
        ledger = read_ledger(directory) if (directory / LEDGER).exists() else self.blank
        if ledger is self.blank:
            refuse_what_is_not_empty(directory)
        if not ledger.is_of_the_same_plan(self.blank):
            raise UsageError(
                f"{directory} holds a sample with other settings", hint="name an empty folder, or deliver the sample that it holds"
            )
        if batch > len(ledger.batches) + 1:
            raise UsageError(f"batch {batch} comes after batch {len(ledger.batches) + 1}, which is not in {directory} yet")
        return ledger

    def _feeds(self, batch: int) -> dict[str, list[Row]]:
        return {
            "customers": [_change(change, "customer_id", "C{:06d}") for change in self.customers if change.batch == batch],
            "merchants": [_change(change, "merchant_id", "M{:05d}") for change in self.merchants if change.batch == batch],
            "chargebacks": _chargebacks(self.disputed, batch_of(self.disputed.at, self.blank.planned) == batch),
        }

    def _counts(self, lines: slice) -> dict[str, int]:
        of_kind = np.bincount(self.lines.fault[lines] + 1, minlength=len(KINDS) + 1)[1:]
        faults = {kind: int(count) for kind, count in zip(KINDS, of_kind, strict=True)}
        return {"rows": lines.stop - lines.start, **faults, "new_column_rows": self.writing.carries_device(lines)}


def refuse_what_is_not_empty(directory: Path) -> None:
    """Raises UsageError unless ``directory`` is missing or an empty folder."""
    if directory.exists() and not directory.is_dir():
        raise UsageError(f"{directory} is not a folder", hint="name a folder that is empty or does not exist")
    if directory.is_dir() and any(directory.iterdir()):
        raise UsageError(f"{directory} is not empty", hint="name a folder that is empty or does not exist")


def _as_lines(rows: Sequence[Row]) -> Callable[[slice], bytes]:
    def text(part: slice) -> bytes:
        return "".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows[part]).encode()

    return text


def _change(change: Change, key: str, form: str) -> Row:
    about = {"operation": change.operation, "sequence": change.sequence, "changed_at": iso(change.at), key: form.format(change.key + 1)}
    return about | dict(change.row or {})


def _chargebacks(disputed: Chargebacks, arriving: Ints) -> list[Row]:
    return [
        {"transaction_id": f"T{sale + 1:09d}", "reported_at": iso(int(at), _ISSUER_ZONE), "reason": REASONS[reason]}
        for sale, at, reason in zip(disputed.sale[arriving], disputed.at[arriving], disputed.reason[arriving], strict=True)
    ]

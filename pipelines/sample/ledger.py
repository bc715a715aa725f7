"""The account of a sample: how many lines of each kind were delivered, batch by batch, for a run to be checked against."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from goldlane.errors import UsageError
from pipelines.sample.faults import KINDS

LEDGER = "_faults.json"
COUNTS = ("rows", *KINDS, "new_column_rows", "customers", "merchants", "chargebacks")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One arrival batch. ``counts`` has every name in ``COUNTS``: the last three count lines of their feeds, the others of transactions."""

    batch: int
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """What was delivered so far, and from which plan: ``planned`` batches of ``transactions`` with a share ``faults`` of faulty lines."""

    seed: int
    transactions: int
    faults: float
    planned: int
    batches: tuple[Entry, ...] = ()

    @property
    def total(self) -> dict[str, int]:
        """Each count, summed over the delivered batches."""
        return {name: sum(entry.counts[name] for entry in self.batches) for name in COUNTS}

    def is_of_the_same_plan(self, other: Ledger) -> bool:
        """Whether both account for the same sample, whatever was delivered of it."""
        mine, theirs = ((one.seed, one.transactions, one.faults, one.planned) for one in (self, other))
        return mine == theirs

    def to_json(self) -> str:
        """The text of ``_faults.json``."""
        document = {
            "seed": self.seed,
            "transactions": self.transactions,
            "faults": self.faults,
            "planned_batches": self.planned,
            "batches": [{"batch": entry.batch, **entry.counts} for entry in self.batches],
            "total": self.total,
        }
        return json.dumps(document, indent=2) + "\n"


def read_ledger(directory: Path) -> Ledger:
    """The ledger of a sample's folder.

    Raises:
        UsageError: there is none, or it is no ledger.
    """
    file = Path(directory) / LEDGER
    try:
        return _ledger(json.loads(file.read_text(encoding="utf-8")))
    except (FileNotFoundError, NotADirectoryError) as missing:
        raise UsageError(f"{directory} holds no sample: there is no {LEDGER}", hint=f"goldlane sample {directory}") from missing
    except (ValueError, KeyError, TypeError) as broken:
        raise UsageError(f"not a ledger of sample data: {broken!r}", hint="write the sample anew", file=str(file)) from broken


def _ledger(document: Mapping[str, Any]) -> Ledger:
    return Ledger(
        seed=int(document["seed"]),
        transactions=int(document["transactions"]),
        faults=float(document["faults"]),
        planned=int(document["planned_batches"]),
        batches=tuple(_entries(document["batches"])),
    )


def _entries(rows: Iterable[Mapping[str, int]]) -> Iterable[Entry]:
    return (Entry(batch=int(row["batch"]), counts={name: int(row[name]) for name in COUNTS}) for row in rows)

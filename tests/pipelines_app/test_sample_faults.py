"""Every fault is counted again from the files, by a reader that knows nothing of how they were made."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import pytest

from pipelines.sample import Ledger, write

KINDS = (
    "duplicate",
    "late",
    "null_transaction_id",
    "negative_amount",
    "unparsable_amount",
    "unknown_currency",
    "truncated_line",
)
CURRENCIES = {"EUR", "USD", "GBP", "CHF", "SEK", "PLN", "JPY"}
LONG_AGO = datetime(2000, 1, 1, tzinfo=timezone.utc)

SAMPLES = {
    "small": {"transactions": 200, "faults": 0.001},
    "usual": {"transactions": 8_000, "faults": 0.05},
    "half broken": {"transactions": 3_000, "faults": 0.5, "batches": 3},
    "one batch": {"transactions": 1_000, "faults": 0.05, "batches": 1},
    "daily": {"transactions": 2_000, "faults": 0.05, "batches": 90},
    "clean": {"transactions": 1_000, "faults": 0.0},
    "tiny": {"transactions": 5, "faults": 0.3},
}


def batch_lines(folder: Path) -> Iterator[tuple[int, dict[str, Any] | None]]:
    """The batch of each line, in the order of delivery, and the line; None for one that is no JSON."""
    for file in sorted((folder / "transactions").iterdir()):
        text = file.read_text()
        assert text.endswith("\n")
        for line in text.splitlines():
            yield int(file.name.split("-")[1]), readable(line)


def readable(line: str) -> dict[str, Any] | None:
    try:
        return json.loads(line)
    except ValueError:
        return None


def broken_rules(row: dict[str, Any] | None) -> list[str]:
    if row is None:
        return ["truncated_line"]
    broken = []
    try:
        broken += ["negative_amount"] if Decimal(row["amount"]) <= 0 else []
    except InvalidOperation:
        broken += ["unparsable_amount"]
    broken += ["null_transaction_id"] if row["transaction_id"] is None else []
    broken += ["unknown_currency"] if row["currency"] not in CURRENCIES else []
    return broken


def recount(folder: Path) -> dict[int, Counter[str]]:
    """The ledger's counts of each batch, found by reading the files in order."""
    counts: dict[int, Counter[str]] = {}
    seen: set[str] = set()
    current, newest, limit = 0, LONG_AGO, LONG_AGO
    for batch, row in batch_lines(folder):
        if batch != current:
            current, limit = batch, newest - timedelta(days=3)
        found = counts.setdefault(batch, Counter())
        found["rows"] += 1
        broken = broken_rules(row)
        assert len(broken) <= 1
        found.update(broken)
        if row is None:
            continue
        found["new_column_rows"] += "device_id" in row
        event_time = datetime.fromisoformat(row["event_time"].replace("Z", "+00:00"))
        newest = max(newest, event_time)
        if not broken:
            found["duplicate" if row["transaction_id"] in seen else "first"] += 1
            found["late"] += event_time < limit
            assert not (event_time < limit and row["transaction_id"] in seen)
            seen.add(row["transaction_id"])
    return counts


@pytest.fixture(scope="module", params=SAMPLES.values(), ids=SAMPLES.keys())
def sample(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ledger]:
    folder = tmp_path_factory.mktemp("landing")
    return folder, write(folder, **request.param)


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ledger]:
    folder = tmp_path_factory.mktemp("usual")
    return folder, write(folder, **SAMPLES["usual"])


def test_the_ledger_counts_every_kind_of_every_batch_as_a_plain_reader_does(sample: tuple[Path, Ledger]) -> None:
    folder, ledger = sample

    found = recount(folder)

    for entry in ledger.batches:
        expected = {name: entry.counts[name] for name in ("rows", *KINDS, "new_column_rows")}
        assert {name: found.get(entry.batch, Counter())[name] for name in expected} == expected


def test_every_transaction_is_delivered_and_only_resends_come_on_top(sample: tuple[Path, Ledger]) -> None:
    folder, ledger = sample

    kept = sum(counts["first"] for counts in recount(folder).values())

    broken = sum(ledger.total[kind] for kind in KINDS[2:])
    assert ledger.total["rows"] == ledger.transactions + ledger.total["duplicate"]
    assert kept + broken == ledger.transactions


def test_a_clean_sample_has_no_faults(tmp_path: Path) -> None:
    ledger = write(tmp_path, transactions=1_000, faults=0)

    assert {ledger.total[kind] for kind in KINDS} == {0}


@pytest.mark.parametrize("faults", [1e-9, 0.01, 0.5])
def test_from_200_transactions_on_every_kind_occurs(tmp_path: Path, faults: float) -> None:
    ledger = write(tmp_path, transactions=200, faults=faults)

    assert min(ledger.total[kind] for kind in KINDS) >= 1


def test_the_share_of_faulty_lines_is_the_one_asked_for(usual: tuple[Path, Ledger]) -> None:
    _, ledger = usual

    share = sum(ledger.total[kind] for kind in KINDS) / ledger.total["rows"]

    assert share == pytest.approx(0.05, abs=0.001)


def test_what_lateness_is_measured_against_is_a_clean_line(tmp_path: Path) -> None:
    write(tmp_path, transactions=2_000, faults=0.5, batches=20)
    newest: dict[int, tuple[datetime, bool]] = {}

    for batch, row in batch_lines(tmp_path):
        if row:
            event_time = datetime.fromisoformat(row["event_time"].replace("Z", "+00:00"))
            newest[batch] = max(newest.get(batch, (LONG_AGO, True)), (event_time, not broken_rules(row)))

    assert all(is_clean for _, is_clean in newest.values())


def test_late_lines_come_in_every_batch_but_the_first(usual: tuple[Path, Ledger]) -> None:
    _, ledger = usual

    late = [entry.counts["late"] for entry in ledger.batches]

    assert late[0] == 0
    assert min(late[1:]) > 0


def test_half_of_the_resent_lines_correct_the_amount_and_nothing_else(usual: tuple[Path, Ledger]) -> None:
    folder, ledger = usual
    first: dict[str, dict[str, Any]] = {}
    changed = []

    for _, row in batch_lines(folder):
        if row and not broken_rules(row) and first.setdefault(row["transaction_id"], row) is not row:
            changed.append({name for name in row if row[name] != first[row["transaction_id"]][name]})

    assert len(changed) == ledger.total["duplicate"]
    assert all(names in (set(), {"amount"}) for names in changed)
    assert 0.3 < sum(map(len, changed)) / len(changed) < 0.7


def test_some_lines_are_resent_in_a_later_batch_and_some_in_the_same(usual: tuple[Path, Ledger]) -> None:
    folder, _ = usual
    batch_of: dict[str, int] = {}
    later = Counter[bool]()

    for batch, row in batch_lines(folder):
        if row and not broken_rules(row) and batch_of.setdefault(row["transaction_id"], batch) != batch:
            later[True] += 1
    resent = sum(counts["duplicate"] for counts in recount(folder).values())

    assert 0 < later[True] < resent


def test_the_new_column_appears_with_events_of_the_second_half(usual: tuple[Path, Ledger]) -> None:
    folder, _ = usual
    half = datetime(2026, 2, 15, tzinfo=timezone.utc)

    rows = [row for _, row in batch_lines(folder) if row]

    assert all(("device_id" in row) == (datetime.fromisoformat(row["event_time"].replace("Z", "+00:00")) >= half) for row in rows)


def test_event_times_carry_several_zones_and_milliseconds(usual: tuple[Path, Ledger]) -> None:
    folder, _ = usual

    zones = {row["event_time"][23:] for _, row in batch_lines(folder) if row}

    assert {"Z", "+01:00", "+02:00", "-05:00", "-04:00", "+09:00"} <= zones

"""The feeds of changes: one state per key however the lines arrive, and nobody buys before being known."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from pipelines.sample import Ledger, write

KEYS = {"customers": "customer_id", "merchants": "merchant_id"}
CHANGED = {"customers": {"email", "email_verified", "home_country"}, "merchants": {"name", "mcc"}}

feeds = pytest.mark.parametrize("feed", ["customers", "merchants"])


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ledger]:
    folder = tmp_path_factory.mktemp("landing")
    return folder, write(folder, transactions=20_000, faults=0)


def delivered(folder: Path, feed: str) -> list[tuple[int, dict[str, Any]]]:
    files = sorted((folder / feed).iterdir())
    return [(int(file.name.split("-")[1]), json.loads(line)) for file in files for line in file.read_text().splitlines()]


def by_key(folder: Path, feed: str) -> dict[str, list[dict[str, Any]]]:
    """Each change of each key once, by sequence."""
    once = {row["sequence"]: row for _, row in delivered(folder, feed)}
    histories = defaultdict(list)
    for sequence in sorted(once):
        histories[once[sequence][KEYS[feed]]].append(once[sequence])
    return histories


def time_of(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


@feeds
def test_a_sequence_belongs_to_one_change_and_grows_with_its_time(landing: tuple[Path, Ledger], feed: str) -> None:
    rows = [row for _, row in delivered(landing[0], feed)]

    changes = sorted({(row["sequence"], json.dumps(row)) for row in rows})
    times = [time_of(json.loads(text)["changed_at"]) for _, text in changes]

    assert len({sequence for sequence, _ in changes}) == len(changes)
    assert times == sorted(times)


@feeds
def test_a_key_is_inserted_once_and_first_and_deleted_last(landing: tuple[Path, Ledger], feed: str) -> None:
    for history in by_key(landing[0], feed).values():
        operations = [change["operation"] for change in history]

        assert operations[0] == "INSERT"
        assert set(operations[1:-1]) <= {"UPDATE"}
        assert operations[-1] != "INSERT" or len(operations) == 1


@feeds
def test_replaying_the_updates_changes_known_attributes_and_only_those(landing: tuple[Path, Ledger], feed: str) -> None:
    changed = set()
    for history in by_key(landing[0], feed).values():
        rows = [change for change in history if change["operation"] != "DELETE"]
        for before, after in pairwise(rows):
            assert before.keys() == after.keys()
            changed |= {name for name in after if before[name] != after[name]} - {"operation", "sequence", "changed_at"}

    assert changed == CHANGED[feed]


@feeds
def test_a_delete_carries_only_its_key(landing: tuple[Path, Ledger], feed: str) -> None:
    deletes = [row for _, row in delivered(landing[0], feed) if row["operation"] == "DELETE"]

    assert deletes
    assert all(row.keys() == {"operation", "sequence", "changed_at", KEYS[feed]} for row in deletes)


@feeds
def test_some_changes_arrive_a_batch_after_their_successor(landing: tuple[Path, Ledger], feed: str) -> None:
    first_batch: dict[int, int] = {}
    key_of = {}
    for batch, row in delivered(landing[0], feed):
        first_batch.setdefault(row["sequence"], batch)
        key_of[row["sequence"]] = row[KEYS[feed]]

    newest: dict[str, int] = {}
    overtaken = 0
    for sequence in sorted(first_batch, reverse=True):
        overtaken += first_batch[sequence] > newest.get(key_of[sequence], 99)
        newest[key_of[sequence]] = min(first_batch[sequence], newest.get(key_of[sequence], 99))

    assert overtaken > 0


@feeds
def test_some_lines_are_replayed_exactly(landing: tuple[Path, Ledger], feed: str) -> None:
    copies = Counter(json.dumps(row) for _, row in delivered(landing[0], feed))

    assert max(copies.values()) > 1


@feeds
def test_nobody_buys_or_sells_before_the_insert_was_delivered_or_after_the_delete(landing: tuple[Path, Ledger], feed: str) -> None:
    folder, key = landing[0], KEYS[feed]
    inserted = {row[key]: (batch, row) for batch, row in reversed(delivered(folder, feed)) if row["operation"] == "INSERT"}
    deleted = {row[key]: time_of(row["changed_at"]) for _, row in delivered(folder, feed) if row["operation"] == "DELETE"}

    for batch, sale in delivered(folder, "transactions"):
        insert_batch, insert = inserted[sale[key]]

        assert insert_batch <= batch
        assert time_of(insert["changed_at"]) < time_of(sale["event_time"])
        assert sale[key] not in deleted or time_of(sale["event_time"]) < deleted[sale[key]]


def test_a_sale_carries_the_category_that_its_merchant_had_at_the_time(landing: tuple[Path, Ledger]) -> None:
    histories = by_key(landing[0], "merchants")

    for _, sale in delivered(landing[0], "transactions"):
        known = [change for change in histories[sale["merchant_id"]] if time_of(change["changed_at"]) <= time_of(sale["event_time"])]

        assert known[-1]["mcc"] == sale["mcc"]
        assert known[-1]["country"] == sale["merchant_country"]


@feeds
def test_the_ledger_counts_the_lines_of_each_batch(landing: tuple[Path, Ledger], feed: str) -> None:
    folder, ledger = landing

    lines = Counter(batch for batch, _ in delivered(folder, feed))

    assert {entry.batch: entry.counts[feed] for entry in ledger.batches} == lines

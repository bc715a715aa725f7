from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from goldlane.errors import UsageError
from goldlane.features.declarations import FeatureTable
from goldlane.features.forgotten_entities import enter, entity_of
from goldlane.features.online import OnlineStore, Publication, open_store
from goldlane.features.publishing import publish
from goldlane.features.replay import Replayed
from goldlane.features.replay import replay as replay_answers

Gold = Callable[..., Any]
pytestmark = pytest.mark.usefixtures("spark")


@pytest.fixture
def answers(tmp_path: Path) -> Path:
    return tmp_path / "answers"


@pytest.fixture
def logged(path: Path, answers: Path) -> Iterator[OnlineStore]:
    store = open_store(f"sqlite:///{path}", answers=answers, sample=1.0)
    yield store
    store.close()


@pytest.fixture
def replayed(storage: Path, logged: OnlineStore, answers: Path) -> Callable[..., dict[str, Any]]:
    def run(*tables: FeatureTable) -> dict[str, Any]:
        logged.close()
        found: Replayed = replay_answers(storage, logged, answers, tables=tables)
        return found.document()

    return run


@pytest.fixture
def spoil(path: Path) -> Callable[[str], None]:
    """Change the store behind its publisher's back."""

    def change(sql: str) -> None:
        with closing(sqlite3.connect(path)) as broken, broken:
            broken.execute(sql)

    return change


@pytest.fixture
def publish_rows(merchants: FeatureTable, gold: Gold, storage: Path, logged: OnlineStore) -> Callable[..., None]:
    def add(rows: Any) -> None:
        gold(rows)
        publish(merchants, storage, logged)

    return add


def read(store: OnlineStore, *keys: str) -> None:
    """One answer after the other, each key written down at once, so that its version is known to a hair."""
    store.lookup_many("merchants", [{"merchant_id": key} for key in keys], "empty")
    store.close()


def feature(document: dict[str, Any], name: str) -> dict[str, Any]:
    return next(each for each in document["features"] if each["feature"] == name)


def verdicts(document: dict[str, Any]) -> dict[str, int]:
    return {name: document[name] for name in ("matched", "mismatched", "missing", "extra")}


MATCHED = {"matched": 0, "mismatched": 0, "missing": 0, "extra": 0}


def test_answers_equal_the_join_whatever_happened_to_gold_afterwards(
    logged: OnlineStore, merchants: FeatureTable, gold: Gold, storage: Path, replayed: Callable[..., dict[str, Any]]
) -> None:
    gold([("M1", 1, "low", 1), ("M2", 1, "low", 2), ("M3", 1, None, None)])
    publish(merchants, storage, logged)
    read(logged, "M1", "M2", "M3", "M9")
    gold([("M1", 2, "low", 5)])  # published below: until then the store is behind
    read(logged, "M1")
    publish(merchants, storage, logged)
    read(logged, "M1")
    gold([("M1", 1.5, "late", 4)])  # a late event
    gold([("M1", 2, "high", 6)]).delete("tier = 'low' AND velocity = 5")  # a correction
    gold([]).delete("merchant_id = 'M2'")
    read(logged, "M1", "M2")
    publish(merchants, storage, logged)
    read(logged, "M1", "M2")

    document = replayed()

    assert verdicts(document) == {**MATCHED, "matched": 10}
    assert document["stale"] == 3
    assert feature(document, "tier")["revised"] == feature(document, "velocity")["revised"] == 2
    assert feature(document, "tier")["example"]["offline"] == "high"


def test_a_row_that_the_store_holds_otherwise_is_found_and_named(
    logged: OnlineStore, publish_rows: Callable[..., None], spoil: Callable[[str], None], replayed: Callable[..., dict[str, Any]]
) -> None:
    publish_rows([("M1", 1, "low", 1), ("M2", 1, "low", 2)])
    spoil("UPDATE merchants SET velocity = velocity * 2 WHERE merchant_id = 'M2'")
    read(logged, "M1", "M2")

    document = replayed()

    assert verdicts(document) == {**MATCHED, "matched": 1, "mismatched": 1}
    assert (feature(document, "velocity")["mismatched"], feature(document, "tier")["mismatched"]) == (1, 0)
    example = feature(document, "velocity")["example"]
    assert (example["key"], example["online"], example["offline"]) == ({"merchant_id": "M2"}, 4, 2)


def test_rows_that_only_one_side_knows_are_missing_or_extra(
    logged: OnlineStore, publish_rows: Callable[..., None], spoil: Callable[[str], None], replayed: Callable[..., dict[str, Any]]
) -> None:
    publish_rows([("M1", 1, "low", 1), ("M2", 1, None, 2)])
    spoil("UPDATE merchants SET merchant_id = 'M3' WHERE merchant_id = 'M2'")
    read(logged, "M1", "M2", "M3")

    document = replayed()

    assert verdicts(document) == {"matched": 1, "mismatched": 0, "missing": 1, "extra": 1}
    assert {name: feature(document, "velocity")[name] for name in ("missing", "extra")} == {"missing": 1, "extra": 1}
    assert {name: feature(document, "tier")[name] for name in ("missing", "extra")} == {"missing": 0, "extra": 0}


def test_an_expired_answer_is_expired_offline_too(
    logged: OnlineStore, merchants: FeatureTable, gold: Gold, storage: Path, replayed: Callable[..., dict[str, Any]]
) -> None:
    gold([("M1", 1, "low", 1)])
    publish(replace(merchants, ttl=timedelta(days=1)), storage, logged)
    assert logged.lookup("merchants", {"merchant_id": "M1"}).expired

    assert verdicts(replayed()) == {**MATCHED, "matched": 1}


def test_an_answer_from_the_future_is_told_apart(
    logged: OnlineStore, merchants: FeatureTable, gold: Gold, storage: Path, replayed: Callable[..., dict[str, Any]]
) -> None:
    gold([("M1", 10**6, "low", 1)])
    publish(merchants, storage, logged)
    read(logged, "M1")

    document = replayed()

    assert (document["compared"], document["apart"]["ahead"]) == (0, 1)


def test_a_version_that_was_vacuumed_is_told_apart(
    logged: OnlineStore, merchants: FeatureTable, gold: Gold, storage: Path, replayed: Callable[..., dict[str, Any]]
) -> None:
    gold([("M1", 1, "low", 1)])
    publish(merchants, storage, logged)
    read(logged, "M1")
    delta = gold([("M1", 2, "low", 2)], mode="overwrite")
    publish(merchants, storage, logged)
    read(logged, "M1")
    delta.vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)

    document = replayed()

    assert (document["matched"], document["apart"]["gone"]) == (1, 1)
    assert list(document["gone"]) == ["merchants version 0"]


def test_a_gold_table_that_was_replaced_is_told_apart(
    logged: OnlineStore, merchants: FeatureTable, gold: Gold, storage: Path, replayed: Callable[..., dict[str, Any]]
) -> None:
    import shutil

    gold([("M1", 1, "low", 1)])
    publish(merchants, storage, logged)
    read(logged, "M1")
    shutil.rmtree(storage / "tables" / "default" / "merchants")
    gold([("M1", 1, "low", 2)])

    document = replayed()

    assert (document["compared"], document["apart"]["replaced"]) == (0, 1)


def test_answers_of_a_stream_equal_its_own_table(
    logged: OnlineStore, merchants: FeatureTable, frame: Callable[..., Any], storage: Path, replayed: Callable[..., dict[str, Any]]
) -> None:
    from deltalake import write_deltalake

    (storage / "tables" / "default").mkdir(parents=True)
    for number in (1, 2, 3):
        rows = frame([("M1", number, "low", number)])
        with logged.publishing(merchants) as writer:
            writer.upsert(rows.to_batches())
            writer.record(Publication(table=merchants, source_id="a stream", version=number))
        read(logged, "M1")  # the store comes first
        write_deltalake(str(storage / "tables" / "default" / "merchants_live"), rows, mode="append")
        read(logged, "M1")

    assert verdicts(replayed()) == {**MATCHED, "matched": 6}


def test_who_was_forgotten_is_told_apart(
    logged: OnlineStore, publish_rows: Callable[..., None], merchants: FeatureTable, storage: Path, replayed: Callable[..., dict[str, Any]]
) -> None:
    publish_rows([("M1", 1, "low", 1), ("M2", 1, "low", 2)])
    read(logged, "M1", "M2")
    logged.forget(merchants, {"merchant_id": "M1"})
    enter(storage, entity_of(merchants, {"merchant_id": "M1"}), "merchants")
    read(logged, "M1")

    document = replayed()

    assert (document["matched"], document["compared"], document["apart"]["forgotten"]) == (1, 1, 2)


def test_the_lag_is_the_time_from_the_commit_to_the_publication(
    logged: OnlineStore, merchants: FeatureTable, gold: Gold, storage: Path, replayed: Callable[..., dict[str, Any]]
) -> None:
    import time

    gold([("M1", 1, "low", 1)])
    publish(merchants, storage, logged)
    gold([("M1", 2, "low", 2)])
    time.sleep(1.2)
    publish(merchants, storage, logged)
    read(logged, "M1")

    lag = replayed()["lag_s"]

    assert 1.2 <= lag["p50"] == lag["p95"] < 10


def test_what_a_declaration_of_today_tells_otherwise_is_a_mismatch_while_the_store_serves_the_old_one(
    logged: OnlineStore, merchants: FeatureTable, gold: Gold, storage: Path, replayed: Callable[..., dict[str, Any]]
) -> None:
    gold([("M1", 1, "low", 1)])
    publish(merchants, storage, logged)
    read(logged, "M1")
    today = replace(merchants, ttl=timedelta(days=1))

    before = replayed(today)
    publish(today, storage, logged, mode="snapshot")
    after = replayed(today)

    assert verdicts(before) == {**MATCHED, "mismatched": 1}
    assert before["definitions"][0]["changes"] == ["merchants.ttl_s was None and is 86400.0"]
    assert verdicts(after) == {**MATCHED, "matched": 1}
    assert (after["definitions"][0]["answers"], after["definitions"][0]["still_served"]) == (1, False)


def test_half_a_line_of_a_killed_process_is_counted(
    logged: OnlineStore, publish_rows: Callable[..., None], answers: Path, replayed: Callable[..., dict[str, Any]]
) -> None:
    publish_rows([("M1", 1, "low", 1)])
    read(logged, "M1", "M2")
    (file,) = answers.iterdir()
    file.write_text(file.read_text()[:-30])

    document = replayed()

    assert (document["matched"], document["broken_lines"]) == (1, 1)


def test_a_folder_without_answers_is_no_log(store: OnlineStore, storage: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there are no answers in"):
        replay_answers(storage, store, tmp_path / "nothing")


def test_a_file_of_something_else_is_no_log(store: OnlineStore, storage: Path, tmp_path: Path) -> None:
    (tmp_path / "other.jsonl").write_text(json.dumps({"line": "other"}) + "\n")

    with pytest.raises(UsageError, match="holds no log of answers: none of its 1 lines is one"):
        replay_answers(storage, store, tmp_path / "other.jsonl")

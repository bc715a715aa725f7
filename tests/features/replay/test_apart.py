"""Answers that are left out of the comparison; no Spark is needed to say so."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from goldlane.features.declarations import Feature, FeatureTable
from goldlane.features.forgotten_entities import enter, entity_of
from goldlane.features.gold import gold_path
from goldlane.features.online import open_store
from goldlane.features.online.answer_lines import digest
from goldlane.features.online.values import microseconds_of
from goldlane.features.replay import replay, table_replay
from goldlane.features.replay.logs import Logged, Served
from goldlane.features.replay.offline import Question, Told
from goldlane.features.replay.table_replay import TableReplay
from goldlane.forgotten import ensure_forgotten
from tests.features.conftest import START, hour

if TYPE_CHECKING:
    import pytest

Gold = Callable[..., Any]
PAIRS = FeatureTable(
    name="pairs",
    keys=("customer_id", "merchant_id"),
    event_time="as_of",
    features=(Feature(name="visits", type="bigint", description="visits"),),
)


def test_answers_of_pairs_with_a_forgotten_customer_are_forgotten(tmp_path: Path) -> None:
    import pyarrow as pa

    from goldlane.features.arrow_batches import arrow_schema
    from goldlane.features.publishing import publish

    store = open_store(f"sqlite:///{tmp_path}/online.db", answers=tmp_path / "answers", sample=1.0)
    rows = [{"customer_id": "C1", "merchant_id": merchant, "as_of": START, "visits": 1} for merchant in ("M1", "M2")]
    publish(PAIRS, pa.Table.from_pylist(rows, schema=arrow_schema(PAIRS)), store)
    store.lookup_many(PAIRS, [{"customer_id": "C1", "merchant_id": merchant} for merchant in ("M1", "M2", "M3")], "empty")
    store.close()
    ensure_forgotten(tmp_path)
    customers = FeatureTable(name="customers", keys=("customer_id",), event_time="as_of", features=PAIRS.features)
    enter(tmp_path, entity_of(customers, {"customer_id": "C1"}), "customers")

    document = replay(tmp_path, store, tmp_path / "answers").document()

    assert (document["answers"], document["apart"]["forgotten"]) == (3, 3)


def test_an_answer_whose_version_may_have_been_vacuumed_is_no_mismatch(
    merchants: FeatureTable, gold: Gold, storage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gold([("M1", 1, "low", 1)])
    gold([("M1", 2, "low", 2)], mode="overwrite").vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)

    def joined(_: FeatureTable, questions: Iterable[Question], rows: Mapping[int, Any]) -> dict[Question, Told]:
        told = Told(features={"tier": "low", "velocity": 2}, as_of=microseconds_of(hour(2)))
        return {question: told for question in questions if question.version in rows}

    monkeypatch.setattr(table_replay, "offline_answers", joined)
    work = TableReplay(merchants, gold_path(merchants, storage), lambda _: None)
    logged = Logged(
        served=Served(table=merchants, definition="d", salt="00"),
        key=("M1",),
        features={"tier": "low", "velocity": 1},
        as_of=microseconds_of(hour(1)),
        at=microseconds_of(hour(3)),
        read_at=microseconds_of(hour(3)),
        versions=(0, 1),
        source_id=work.history.id,
        published_at=None,
    )

    (outcome,) = work.outcomes([logged])

    assert (outcome.verdict, outcome.apart, outcome.differing) == (None, "gone", {})


def test_digests_are_compared_as_digests_though_todays_declaration_is_not_sensitive(
    merchants: FeatureTable, gold: Gold, storage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gold([("M1", 1, "low", 1)])

    def joined(_: FeatureTable, questions: Iterable[Question], rows: Mapping[int, Any]) -> dict[Question, Told]:
        told = Told(features={"tier": "low", "velocity": 1}, as_of=microseconds_of(hour(1)))
        return {question: told for question in questions if question.version in rows}

    monkeypatch.setattr(table_replay, "offline_answers", joined)
    tier, velocity = merchants.features
    secret = replace(merchants, features=(replace(tier, sensitive=True), velocity))
    work = TableReplay(secret, gold_path(merchants, storage), lambda _: None)
    logged = Logged(
        served=Served(table=secret, definition="d", salt="00"),
        key=("M1",),
        features={"tier": digest("low", "00"), "velocity": 1},
        as_of=microseconds_of(hour(1)),
        at=microseconds_of(hour(3)),
        read_at=microseconds_of(hour(3)),
        versions=(0, 0),
        source_id=work.history.id,
        published_at=None,
    )
    outcomes = work.outcomes([logged])

    work.redefined(outcomes, replace(merchants, ttl=timedelta(days=1)))

    assert [(each.verdict, each.differing) for each in outcomes] == [("matched", {})]

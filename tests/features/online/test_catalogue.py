from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from goldlane.expectations import Rule, Rules, row_count_between
from goldlane.features.declarations import FeatureTable
from goldlane.features.online import OnlineStore
from goldlane.features.online.catalogue import (
    HISTORY,
    Catalogue,
    CountedRule,
    Drift,
    GraphNode,
    PastPublish,
    stored_catalogue,
    with_a_key_less,
)
from goldlane.features.publishing import publish

Frame = Callable[..., Any]
NOON = datetime(2026, 1, 31, 12, tzinfo=timezone.utc)
WHOLE = Catalogue(
    source="merchant_features",
    pipeline="payments",
    update_id="u1",
    updated_at=NOON,
    nodes=(GraphNode(name="bronze", kind="streaming_table"), GraphNode(name="merchant_features", kind="materialized_view")),
    edges=(("bronze", "merchant_features"),),
    gate=(CountedRule(dataset="merchant_features", name="known", action="fail", predicate="tier IS NOT NULL", passed=3, counted_at=NOON),),
    upstream=(CountedRule(dataset="bronze", name="priced", action="drop", why="No price, no sale.", passed=9, failed=1),),
    rows=3,
    newest=NOON,
    history=(PastPublish(at=NOON, mode="snapshot", rows_written=3, version=7, seconds=0.2),),
    drift=(Drift(feature="tier", measure="psi", value=0.3, limit=0.2, at=NOON),),
)


def told(store: OnlineStore) -> Catalogue:
    (publication,) = store.publications()
    assert publication.catalogue is not None
    return publication.catalogue


def at(hour: float) -> datetime:
    return datetime(2026, 1, 1, tzinfo=timezone.utc) + timedelta(hours=hour)


@pytest.mark.parametrize("catalogue", [WHOLE, Catalogue(), replace(WHOLE, drift=())], ids=["whole", "empty", "monitored"])
def test_a_catalogue_comes_back_from_its_json_as_it_was(catalogue: Catalogue) -> None:
    assert Catalogue.from_json(catalogue.to_json()) == catalogue


def test_fields_of_a_later_version_are_left_out() -> None:
    later = json.loads(WHOLE.to_json()) | {"format": 2, "owner": "risk"}
    later["gate"][0]["severity"] = "high"

    assert Catalogue.from_json(json.dumps(later)) == WHOLE


def test_the_graph_is_as_the_command_line_prints_one() -> None:
    assert WHOLE.graph()["edges"] == [["bronze", "merchant_features"]]
    assert WHOLE.graph()["nodes"][0] == {"name": "bronze", "kind": "streaming_table"}


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"format": 1, "gate": [{}]}', '{"format": 1, "nodes": [3]}', '{"format": 1, "newest": "x"}']
)
def test_a_damaged_catalogue_is_no_catalogue_and_rows_are_read_all_the_same(
    store: OnlineStore, path: Path, merchants: FeatureTable, frame: Frame, text: str
) -> None:
    publish(merchants, frame([("M1", 1, "low", 4)]), store)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE goldlane_tables SET catalogue = ?", (text,))

    assert stored_catalogue(text) is None
    assert store.publications()[0].catalogue is None
    assert store.lookup("merchants", {"merchant_id": "M1"}).features["velocity"] == 4


def test_rows_and_the_newest_time_are_those_of_the_store_after_every_publish(
    store: OnlineStore, merchants: FeatureTable, gold: Callable[..., Any], storage: Path
) -> None:
    counts = []
    for rows in ([("M1", 1, "low", 1), ("M2", 5, "low", 1)], [("M2", 4, "low", 1), ("M3", 7, "low", 1)]):
        gold(rows)
        publish(merchants, storage, store)
        counts.append((told(store).rows, told(store).newest))
    gold([]).delete("merchant_id = 'M1'")
    publish(merchants, storage, store)
    publish(merchants, storage, store)

    assert counts == [(2, at(5)), (3, at(7))]
    assert told(store).rows == 2
    assert [past.rows_written for past in told(store).history] == [2, 2, 0]
    assert told(store).history[-1].rows_deleted == 1


def test_frames_are_counted_too(store: OnlineStore, merchants: FeatureTable, frame: Frame) -> None:
    publish(merchants, frame([("M1", 3, "low", 1), ("M2", 1, "low", 1)]), store)
    publish(merchants, frame([("M1", 2, "low", 1), ("M2", 2, "low", 1), ("M3", 1, "low", 1)]), store)
    upserted = told(store)
    publish(merchants, frame([("M9", 1, "low", 1)]), store, mode="snapshot")

    assert (upserted.rows, upserted.newest) == (3, at(3))
    assert (told(store).rows, told(store).newest) == (1, at(1))


def test_rows_are_unknown_where_an_earlier_goldlane_published_and_known_again_after_a_snapshot(
    store: OnlineStore, path: Path, merchants: FeatureTable, frame: Frame
) -> None:
    publish(merchants, frame([("M1", 3, "low", 1)]), store)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE goldlane_tables SET catalogue = NULL")

    publish(merchants, frame([("M2", 3, "low", 1)]), store)
    unknown = told(store).rows
    publish(merchants, frame([("M2", 3, "low", 1)]), store, mode="snapshot")

    assert unknown is None
    assert told(store).rows == 1


def test_a_forgotten_key_is_counted_no_more(store: OnlineStore, merchants: FeatureTable, frame: Frame) -> None:
    publish(merchants, frame([("M1", 3, "low", 1), ("M2", 3, "low", 1)]), store, catalogue=WHOLE)

    store.forget("merchants", {"merchant_id": "M1"})
    store.forget("merchants", {"merchant_id": "never seen"})

    assert told(store).rows == 1
    assert told(store).nodes == WHOLE.nodes


def test_a_forgotten_key_takes_nothing_else_out_of_a_later_version_s_catalogue() -> None:
    later = json.dumps({**json.loads(WHOLE.to_json()), "owner": "risk"})

    assert json.loads(with_a_key_less(later) or "") == {**json.loads(later), "rows": 2}
    assert with_a_key_less("damaged") == "damaged"
    assert with_a_key_less(None) is None


def test_the_gate_s_rules_have_their_counts_their_predicate_and_their_reason(
    store: OnlineStore, merchants: FeatureTable, gold: Callable[..., Any], storage: Path
) -> None:
    gold([("M1", 1, "low", 1), ("M2", 1, "odd", 1)])
    rules = Rules(Rule(name="tier_is_known", predicate="tier IN ('low')", why="Agents act on it."), row_count_between(1, 9))

    publish(merchants, storage, store, rules=rules, catalogue=replace(WHOLE, source="merchants"))

    gate = {rule.name: rule for rule in told(store).gate}
    known = gate["tier_is_known"]
    assert (known.dataset, known.action, known.predicate, known.why, known.passed, known.failed) == (
        "merchants", "warn", "tier IN ('low')", "Agents act on it.", 1, 1,
    )  # fmt: skip
    assert gate["row_count_is_in_range"].predicate == "the number of rows is 1 to 9"
    assert "merchant_id and as_of are unique and never NULL" in {rule.predicate for rule in gate.values()}


def test_a_rule_that_the_gate_asks_is_not_told_twice(
    store: OnlineStore, merchants: FeatureTable, gold: Callable[..., Any], storage: Path
) -> None:
    gold([("M1", 1, "low", 1)])
    update = CountedRule(dataset="merchants", name="tier_is_known", action="warn", passed=1)
    asked = replace(WHOLE, source="merchants", upstream=(*WHOLE.upstream, update))

    publish(merchants, storage, store, rules=Rules(Rule(name="tier_is_known", predicate="tier IN ('low')")), catalogue=asked)

    assert [rule.name for rule in told(store).upstream] == ["priced"]


def test_what_is_not_told_again_stays(store: OnlineStore, merchants: FeatureTable, gold: Callable[..., Any], storage: Path) -> None:
    gold([("M1", 1, "low", 1)])
    publish(merchants, storage, store, catalogue=WHOLE)

    publish(merchants, storage, store, mode="snapshot")

    assert (told(store).nodes, told(store).edges, told(store).drift) == (WHOLE.nodes, WHOLE.edges, WHOLE.drift)
    assert (told(store).pipeline, told(store).updated_at) == ("payments", NOON)


def test_the_drift_of_a_table_that_is_monitored_no_more_is_forgotten(
    store: OnlineStore, merchants: FeatureTable, gold: Callable[..., Any], storage: Path
) -> None:
    gold([("M1", 1, "low", 1)])
    publish(merchants, storage, store, catalogue=WHOLE)

    publish(merchants, storage, store, catalogue=replace(WHOLE, drift=None))

    assert told(store).drift is None


def test_the_history_keeps_the_newest_publishes(store: OnlineStore, merchants: FeatureTable, frame: Frame) -> None:
    first = replace(WHOLE, history=())
    for count in range(HISTORY + 2):
        publish(merchants, frame([(f"M{number}", 1, "low", 1) for number in range(count + 1)]), store, catalogue=first)

    assert [past.rows_written for past in told(store).history] == list(range(3, HISTORY + 3))
    assert all(past.seconds > 0 and past.mode == "triggered" for past in told(store).history)


def test_no_value_of_a_row_is_part_of_it(store: OnlineStore, merchants: FeatureTable, gold: Callable[..., Any], storage: Path) -> None:
    gold([("secret-key", 1, "secret-tier", 424242), ("secret-key", 1, "secret-tier", 424243)])

    publish(merchants, storage, store, catalogue=WHOLE)

    assert "secret" not in told(store).to_json()
    assert "42424" not in told(store).to_json()

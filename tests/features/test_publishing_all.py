"""All tables of a project published as a job does it, and where a job finds its tables."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from features import FEATURE_TABLES
from goldlane.errors import UsageError
from goldlane.expectations import Action, Rule, Rules
from goldlane.features import FeatureTable, Published
from goldlane.features.errors import FeatureError
from goldlane.features.gate import GateError
from goldlane.features.lakehouse import Lakehouse, lakehouse
from goldlane.features.online import OnlineStore
from goldlane.features.publishing_all import publish_all, require_published

NEVER = Rules(Rule(name="never", predicate="velocity < 0", action=Action.FAIL))


def test_a_refused_table_keeps_no_other_from_being_published(
    merchants: FeatureTable, gold: Callable[..., Any], storage: Path, store: OnlineStore
) -> None:
    gold([("m1", 1, "low", 5)])
    other = replace(merchants, name="others", source="merchants")
    where = Lakehouse(storage=storage)

    refused = list(publish_all([merchants, other], where, store, rules={"merchants": NEVER}))
    done = list(publish_all([merchants, other], where, store))

    assert [type(each) for each in refused] == [GateError, GateError]
    with pytest.raises(FeatureError, match=r"merchants is not published: .*; others is not published"):
        require_published(refused)
    with pytest.raises(GateError, match="never: 1 of 1 rows break it"):
        require_published(refused[:1])
    assert [(each.table, each.rows_written) for each in require_published(done)] == [("merchants", 1), ("others", 1)]


def test_gold_tables_are_found_in_the_schema_of_the_job(
    merchants: FeatureTable, gold: Callable[..., Any], storage: Path, store: OnlineStore
) -> None:
    gold([("m1", 1, "low", 5)])
    shutil.move(storage / "tables" / "default", storage / "tables" / "dev.payments")
    asked: list[str] = []
    where = lakehouse(catalog="dev", schema="payments", storage=storage)

    (done,) = publish_all([merchants], where, store, catalogue=asked.append)  # type: ignore[func-returns-value]  # it knows none

    assert (done.table, asked) == ("merchants", ["dev.payments.merchants"])
    assert store.lookup("merchants", {"merchant_id": "m1"}).features["velocity"] == 5


def test_gold_tables_that_are_missing_are_named_before_any_is_published(
    merchants: FeatureTable, gold: Callable[..., Any], storage: Path, store: OnlineStore
) -> None:
    gold([("m1", 1, "low", 5)])
    missing = [replace(merchants, name=name) for name in ("one", "two")]

    with pytest.raises(UsageError, match=r"one: there is no Delta table .*; two: there is no Delta table"):
        list(publish_all([merchants, *missing], Lakehouse(storage=storage), store))

    with pytest.raises(UsageError, match="there is no store"):
        store.lookup("merchants", {"merchant_id": "m1"})


def test_a_catalog_is_not_published_to_a_store_of_ours(merchants: FeatureTable, store: OnlineStore) -> None:
    with pytest.raises(UsageError, match=r"published from the folders of a storage, and there is none \(databricks://"):
        list(publish_all([merchants], Lakehouse(schema="main.payments"), store))


class Platform:
    """As much of a platform's store as publishing asks."""

    def __init__(self) -> None:
        self.published: list[tuple[str, Any, str]] = []

    def publish_table(self, table: FeatureTable, source: Any, mode: str) -> Published:
        self.published.append((table.name, source, mode))
        return Published(table=table.name, mode="snapshot", rows_written=0)


def test_a_platform_publishes_its_own_tables_but_those_with_tiles() -> None:
    platform = Platform()

    list(publish_all(FEATURE_TABLES, Lakehouse(schema="main.payments"), platform, "snapshot"))  # type: ignore[arg-type]  # a fake

    assert platform.published == [(name, "main.payments", "snapshot") for name in ("merchant_features", "customer_features")]


def test_a_workspace_finds_tables_by_name_and_this_machine_in_folders(
    merchants: FeatureTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    here = lakehouse(catalog="main", schema="payments")
    monkeypatch.setenv("GOLDLANE_STORAGE", str(tmp_path / "of_a_job"))
    of_a_job = lakehouse()
    monkeypatch.setenv("DATABRICKS_RUNTIME_VERSION", "17.0")
    there = lakehouse(catalog="main", schema="payments")

    assert here.place("shops") == (tmp_path / ".goldlane/storage/tables/main.payments/shops").resolve()
    assert of_a_job.place("shops") == (tmp_path / "of_a_job/tables/default/shops").resolve()
    assert there.place("shops") == "main.payments.shops"
    assert (here.model_name("fraud"), there.model_name("fraud")) == ("fraud", "main.payments.fraud")
    assert there.gold(merchants).source == "main.payments.merchants"
    assert there.gold(replace(merchants, source="elsewhere.shops")).source == "elsewhere.shops"

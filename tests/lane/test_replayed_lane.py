"""The declared pipeline in two deliveries with late lines, deletes and chargebacks; read, restarted, published again, and replayed."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import goldlane
from features import FEATURE_TABLES, MERCHANT_FEATURES, REAL_TIME_FEATURES
from goldlane.cli.app import main
from goldlane.features import Rolling, open_store, publish
from goldlane.features.replay import replay
from pipelines.sample import plan

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

PIPELINE = Path(__file__).resolve().parents[2] / "pipelines" / "dlt"
DELIVERIES = 2

pytestmark = pytest.mark.slow


@dataclass(frozen=True, kw_only=True)
class Lane:
    """A storage, the store it was published to, and the answers that were read from it between the deliveries."""

    folder: Path
    answers: int

    @property
    def url(self) -> str:
        return f"sqlite:///{self.folder}/online.db"

    @property
    def storage(self) -> Path:
        return self.folder / "storage"


@pytest.fixture(scope="module")
def lane(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Lane:
    folder = tmp_path_factory.mktemp("replayed")
    sample = plan(transactions=300, seed=22, faults=0.2, batches=DELIVERIES)
    found, read = Lane(folder=folder, answers=0), 0
    for delivery in range(1, DELIVERIES + 1):
        sample.deliver(folder / "landing", delivery)
        landing = {"payments.landing": str(folder / "landing")}
        goldlane.run(PIPELINE, storage=found.storage, spark=spark, configuration=landing).raise_for_status()
        # Before the delivery is published the store is behind; afterwards its readers are new ones.
        read += _read(found) if delivery > 1 else 0
        store = open_store(found.url)
        for table in FEATURE_TABLES:
            publish(table, found.storage, store)
        store.close()
        read += _read(found)
    return replace(found, answers=read)


def _read(lane: Lane, folder: str = "answers") -> int:
    store = open_store(lane.url, answers=lane.folder / folder, sample=1.0)
    for table, (keys, newest) in _entities(lane.folder / "online.db").items():
        store.lookup_many(table, keys, "empty")
        store.lookup_many(table, keys, "empty", at=newest + timedelta(minutes=7))
    store.close()
    answers: Any = store
    return int(answers.answers.logged)


def _entities(database: Path) -> dict[str, tuple[list[dict[str, str]], datetime]]:
    """Every key of every table, one that nobody knows, and the newest event time."""
    found = {}
    with closing(sqlite3.connect(database)) as connection:
        for table in FEATURE_TABLES:
            (key,) = table.keys
            names = [row[0] for row in connection.execute(f"SELECT {key} FROM {table.name}")]
            (newest,) = connection.execute(f"SELECT max({table.event_time}) FROM {table.name}").fetchone()
            found[table.name] = ([{key: name} for name in (*names, "NOBODY")], datetime.fromtimestamp(newest / 1e6).astimezone())
    return found


def test_every_answer_of_the_lane_equals_the_offline_join(lane: Lane) -> None:
    document = replay(lane.storage, open_store(lane.url), lane.folder / "answers", tables=FEATURE_TABLES).document()

    assert (document["matched"], document["apart"]) == (lane.answers, dict.fromkeys(document["apart"], 0))
    assert document["stale"] > 0


def test_a_feature_that_the_store_computes_otherwise_is_named(lane: Lane, capsys: pytest.CaptureFixture[str]) -> None:
    with closing(sqlite3.connect(lane.folder / "online.db")) as store, store:
        store.execute(f"UPDATE {MERCHANT_FEATURES.name} SET weekly_velocity = weekly_velocity + 1")
    _read(lane, "spoilt")

    document, code = _replayed(lane, "spoilt", capsys)

    assert code == 1
    assert [each["feature"] for each in document["features"] if each["mismatched"]] == ["weekly_velocity"]
    (velocity,) = (each for each in document["features"] if each["feature"] == "weekly_velocity")
    assert velocity["example"]["online"] == velocity["example"]["offline"] + 1


def test_a_window_that_is_declared_otherwise_is_named(lane: Lane) -> None:
    count, *rest = REAL_TIME_FEATURES.features
    today = replace(REAL_TIME_FEATURES, features=(replace(count, rolling=Rolling(function="count", window="60m", hop="1m")), *rest))

    document = replay(lane.storage, open_store(lane.url), lane.folder / "answers", tables=[today]).document()

    assert {each["feature"] for each in document["features"] if each["mismatched"]} == {"txn_count_5m"}


def _replayed(lane: Lane, folder: str, capsys: pytest.CaptureFixture[str]) -> tuple[dict[str, Any], int]:
    capsys.readouterr()
    options = ["--storage", str(lane.storage), "--store", lane.url, "--answers", str(lane.folder / folder), "--json"]
    with pytest.raises(SystemExit) as ended:
        main(["replay", *options])
    return json.loads(capsys.readouterr().out), int(ended.value.code or 0)

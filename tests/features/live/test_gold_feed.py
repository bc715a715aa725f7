"""Every new version of a gold table reaches the store: no JVM, deletes included."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable, write_deltalake

from goldlane.errors import UsageError
from goldlane.expectations import Action, Rule, Rules
from goldlane.features.arrow_batches import arrow_schema
from goldlane.features.live import Live
from goldlane.features.online import open_store
from goldlane.features.publishing import publish
from tests.features.live.conftest import ROWS, Desk, Landing, minute


@pytest.fixture
def gold_desk(tmp_path: Path, landing: Landing) -> Desk:
    (tmp_path / "storage").mkdir()
    return Desk(landing, tmp_path / "storage", open_store(f"sqlite:///{tmp_path / 'online.db'}"))


def write(desk: Desk, *rows: tuple[str, float, str, int]) -> DeltaTable:
    import pyarrow as pa

    place = desk.storage / "tables" / "default" / "merchants"
    place.parent.mkdir(parents=True, exist_ok=True)
    schema = arrow_schema(ROWS)
    data = [dict(zip(schema.names, (key, minute(at), *values), strict=True)) for key, at, *values in rows]
    write_deltalake(
        str(place), pa.Table.from_pylist(data, schema=schema), mode="append", configuration={"delta.enableChangeDataFeed": "true"}
    )
    return DeltaTable(str(place))


def velocities(desk: Desk, *keys: str) -> list[Any]:
    return [desk.features(ROWS, key)["velocity"] for key in keys]


def test_each_version_is_applied_as_it_comes_deletes_included(gold_desk: Desk) -> None:
    write(gold_desk, ("M1", 1, "low", 1), ("M2", 1, "low", 2))
    steps = iter(
        [lambda: write(gold_desk, ("M1", 3, "low", 3)), lambda: write(gold_desk, ("M3", 1, "low", 4)).delete("merchant_id = 'M2'")]
    )

    published = gold_desk.publish(ROWS, times=3, then=lambda _: next(steps, lambda: None)())

    assert velocities(gold_desk, "M1", "M3") == [3, 4]
    answers = [applied.number for applied in gold_desk.applied]
    assert answers == sorted(answers)
    assert published.mode == "continuous"
    # The write of M3 and the deletion of M2 are two versions, which may have been applied as one.
    if published.version == 3:
        assert velocities(gold_desk, "M2") == [None]
    assert publish(ROWS, gold_desk.storage, gold_desk.store).version == 3
    assert velocities(gold_desk, "M2") == [None]


def test_a_version_that_breaks_a_rule_is_left_out_and_the_next_one_is_served(gold_desk: Desk) -> None:
    write(gold_desk, ("M1", 1, "low", 1))
    rules = Rules(Rule(name="velocity_is_small", predicate="velocity < 100", action=Action.FAIL))
    notices: list[str] = []

    def noticed(text: str) -> None:
        notices.append(text)
        DeltaTable(str(gold_desk.storage / "tables" / "default" / "merchants")).delete("velocity > 100")

    def applied(done: Any) -> None:
        gold_desk.applied.append(done)
        if done.number == 0:
            write(gold_desk, ("M1", 2, "low", 200), ("M2", 2, "low", 20))
        else:
            live.stop.ask()

    live = Live(every_s=0.02, on_applied=applied, on_notice=noticed)

    publish(ROWS, gold_desk.storage, gold_desk.store, mode="continuous", live=live, rules=rules)

    assert len(notices) == 1
    assert "version 1 of its gold table breaks 1 of its rules" in notices[0]
    assert velocities(gold_desk, "M1", "M2") == [1, 20]


def test_a_table_made_anew_is_published_in_full(gold_desk: Desk) -> None:
    import shutil

    write(gold_desk, ("M1", 1, "low", 1))
    write(gold_desk, ("M1", 2, "low", 2))

    def made_anew(_: Any) -> None:
        if len(gold_desk.applied) == 1:
            shutil.rmtree(gold_desk.storage / "tables" / "default" / "merchants")
            write(gold_desk, ("M9", 1, "low", 9))

    gold_desk.publish(ROWS, times=2, then=made_anew)

    assert velocities(gold_desk, "M1", "M9") == [None, 9]


def test_asking_to_stop_ends_an_idle_publisher(gold_desk: Desk) -> None:
    write(gold_desk, ("M1", 1, "low", 1))
    publish(ROWS, gold_desk.storage, gold_desk.store)
    live = Live(every_s=0.02)
    threading.Timer(0.3, live.stop.ask).start()

    published = publish(ROWS, gold_desk.storage, gold_desk.store, mode="continuous", live=live)

    assert (published.rows_written, published.seconds < 5) == (0, True)


def test_a_gold_table_that_is_not_there_is_said_at_once(gold_desk: Desk) -> None:
    with pytest.raises(UsageError, match="there is no Delta table at"):
        gold_desk.publish(ROWS)

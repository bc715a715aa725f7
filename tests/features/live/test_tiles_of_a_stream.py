"""Tiles added up batch by batch are the tiles of all events at once."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from deltalake import write_deltalake

from goldlane.features.live import increments
from goldlane.features.online import open_store
from goldlane.features.publishing import publish
from tests.features.live.conftest import SCHEMA, TILES, Desk, minute

Event = tuple[Any, ...]


def events_of(seed: int, count: int) -> list[Event]:
    """Late ones, several at an instant, and some that no window reaches any more."""
    dice = random.Random(seed)  # noqa: S311  test data

    def event(number: int) -> Event:
        late = dice.choice([number / 4, number / 4 - dice.randrange(200), 30])
        return (dice.choice(["M1", "M2"]), late, dice.choice(["a", "b", None]), dice.randrange(9), f"{dice.randrange(999)}.5")

    return [event(number) for number in range(count)]


def stored(path: Path) -> dict[str, Any]:
    with sqlite3.connect(path) as connection:
        return {name: connection.execute(f"SELECT * FROM {name} ORDER BY 1, 2, 3").fetchall() for name in ("cards", "cards__tiles")}


def close(left: Any, right: Any) -> bool:
    """Equal; floating point numbers to the last digits, for they were added in another order."""
    return left == (pytest.approx(right, rel=1e-9) if isinstance(right, float) else right)


def published_from_gold(desk: Desk, folder: Path) -> Desk:
    """The events of every batch, as a gold table that is published at once."""
    assert desk.spark is not None
    events = desk.spark.read.schema(SCHEMA).json(str(desk.landing.folder))
    write_deltalake(str(folder / "tables" / "default" / "cards_events"), events.where("merchant_id IS NOT NULL").toArrow())
    gold = Desk(desk.landing, folder, open_store(f"sqlite:///{folder / 'gold.db'}"))
    publish(TILES, folder, gold.store)
    return gold


def test_a_stream_leaves_what_publishing_all_events_from_gold_leaves(desk: Desk, tmp_path: Path) -> None:
    events = events_of(1, 90)
    events.append((None, 1, "a", 1, "1.00"))
    desk.landing.land(*events[:40])
    desk.publish(TILES)
    desk.landing.land(*events[40:60])
    desk.publish(TILES, times=2, then=lambda _: len(desk.applied) == 2 and desk.landing.land(*events[60:]))  # type: ignore[func-returns-value]
    (tmp_path / "gold").mkdir()

    gold = published_from_gold(desk, tmp_path / "gold")

    reads = [minute(number) for number in (22.5, 23, 24.01, 26, 31, 60, 100, 900)]
    for key in ("M1", "M2"):
        for at in reads:
            live, expected = desk.features(TILES, key, at), gold.features(TILES, key, at)
            assert all(close(live[name], expected[name]) for name in expected), (key, at, live, expected)
    live_rows, gold_rows = stored(tmp_path / "online.db"), stored(tmp_path / "gold" / "gold.db")
    assert [row[:4] for row in live_rows["cards__tiles"]] == [row[:4] for row in gold_rows["cards__tiles"]]
    assert sum(applied.rows_rejected for applied in desk.applied) == 1
    assert sum(applied.rows_late for applied in desk.applied) > 0


def test_a_replayed_batch_is_not_counted_twice(desk: Desk) -> None:
    from goldlane.features.live.stream import stream_folder

    desk.landing.land(("M1", 1, "a", 1, "2.50"))
    desk.publish(TILES)
    desk.landing.land(("M1", 2, "a", 1, "2.50"))
    desk.publish(TILES)
    commits = stream_folder(TILES, desk.storage).checkpoint / "commits"
    (commits / "1").unlink()
    (commits / ".1.crc").unlink()

    desk.publish(TILES)

    assert desk.features(TILES, "M1", minute(3))["count_5m"] == 2
    assert [sorted(row) for row in desk.kept(TILES)] == [
        ["_live_at", "_live_batch", "amount", "as_of", "merchant_id", "tier", "velocity"]
    ] * 2


def test_tiles_that_were_published_over_from_gold_are_restored_from_the_live_table(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(increments, "_FEW", 0)  # Spark makes the tiles of large batches
    desk.landing.land(("M1", 1, "a", 1, "2.50"))
    desk.publish(TILES)
    write_deltalake(str(desk.storage / "tables" / "default" / "cards_events"), published_events(desk))
    publish(TILES, desk.storage, desk.store)
    desk.landing.land(("M1", 2, "b", 1, "2.50"))

    desk.publish(TILES)

    assert {name: desk.features(TILES, "M1", minute(3))[name] for name in ("count_5m", "tiers")} == {"count_5m": 2, "tiers": 2}


def published_events(desk: Desk) -> Any:
    assert desk.spark is not None
    return desk.spark.read.schema(SCHEMA).json(str(desk.landing.folder)).toArrow()

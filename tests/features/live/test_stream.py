"""From a stream into a store: newest rows, late rows, bad rows, replays, restarts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from goldlane.errors import Mistakes, UsageError
from goldlane.features.declarations import Feature
from goldlane.features.live import Live
from goldlane.features.live.live_table import live_path
from goldlane.features.live.stream import stream_folder
from goldlane.features.online.store import StoreError
from goldlane.features.publishing import publish
from tests.features.live.conftest import ROWS, Desk, minute

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def velocity(desk: Desk, key: str) -> Any:
    return desk.features(ROWS, key)["velocity"]


def test_an_older_event_never_overwrites_a_newer_row_and_is_counted_as_late(desk: Desk) -> None:
    desk.landing.land(("M1", 5, "low", 5), ("M1", 4, "low", 4), ("M2", 1, "low", 1))
    land_later = [("M1", 3, "low", 3), ("M2", 2, "high", 2)]

    published = desk.publish(ROWS, times=2, then=lambda applied: applied.number or desk.landing.land(*land_later))  # type: ignore[func-returns-value]

    assert (velocity(desk, "M1"), velocity(desk, "M2")) == (5, 2)
    assert (published.mode, published.rows_written, published.rows_late, published.rows_rejected) == ("continuous", 3, 2, 0)
    assert published.note == "stopped after micro-batch 1"
    assert sorted((row["merchant_id"], row["velocity"], row["_live_batch"]) for row in desk.kept(ROWS)) == [
        ("M1", 3, 1), ("M1", 4, 0), ("M1", 5, 0), ("M2", 1, 0), ("M2", 2, 1)
    ]  # fmt: skip


def test_the_store_tells_of_a_stream_as_one_entry_of_its_history(desk: Desk) -> None:
    desk.landing.land(("M1", 1, "low", 1), ("M2", 5, "low", 1))
    desk.publish(ROWS)
    desk.landing.land(("M3", 2, "low", 1))

    desk.publish(ROWS)

    (publication,) = desk.store.publications()
    assert publication.catalogue is not None
    assert (publication.catalogue.rows, publication.catalogue.newest) == (3, minute(5))
    assert [(past.mode, past.rows_written) for past in publication.catalogue.history] == [("continuous", 3)]


def test_a_restart_goes_on_where_it_stopped(desk: Desk) -> None:
    desk.landing.land(("M1", 1, "low", 1))
    desk.publish(ROWS)
    desk.landing.land(("M2", 1, "low", 2))

    desk.publish(ROWS)

    assert [(applied.number, applied.rows_written) for applied in desk.applied] == [(0, 1), (1, 1)]
    assert (velocity(desk, "M1"), velocity(desk, "M2")) == (1, 2)
    assert len(desk.kept(ROWS)) == 2


@pytest.mark.parametrize("kept", [False, True], ids=["before-the-live-table", "before-the-checkpoint"])
def test_a_batch_that_was_cut_short_is_replayed_without_doubling_a_row(desk: Desk, kept: bool) -> None:  # noqa: FBT001  a case
    desk.landing.land(("M1", 1, "low", 1))
    desk.publish(ROWS)
    desk.landing.land(("M2", 1, "low", 2))
    desk.publish(ROWS)
    # As after a crash: the second batch is in the store (and in the live table), and Spark does not know.
    commits = stream_folder(ROWS, desk.storage).checkpoint / "commits"
    (commits / "1").unlink()
    (commits / ".1.crc").unlink()
    if not kept:
        from deltalake import DeltaTable

        log = live_path(ROWS, desk.storage) / "_delta_log" / f"{1:020}.json"
        log.unlink()
        assert DeltaTable(str(live_path(ROWS, desk.storage))).version() == 0

    published = desk.publish(ROWS)

    assert published.rows_written == 0
    assert sorted((row["merchant_id"], row["_live_batch"]) for row in desk.kept(ROWS)) == [("M1", 0), ("M2", 1)]


def test_a_store_that_was_lost_is_restored_from_the_live_table(desk: Desk, tmp_path: Path) -> None:
    desk.landing.land(("M1", 1, "low", 1), ("M1", 2, "low", 2), ("M3", 9, "low", 3))
    desk.publish(ROWS)
    desk.store.close()
    for file in tmp_path.glob("online.db*"):
        file.unlink()
    desk.landing.land(("M2", 1, "low", 2))

    desk.publish(ROWS)

    assert [velocity(desk, key) for key in ("M1", "M2", "M3")] == [2, 2, 3]
    assert desk.notices == ["the store lacks what merchants_live holds: restoring it from there"]


def test_bad_rows_are_rejected_and_counted_and_the_others_are_served(desk: Desk) -> None:
    too_much = 2**40  # an int is declared
    desk.landing.land(("M1", 1, "low", 1), (None, 1, "low", 1), ("M1", None, "low", 1), ("M2", 1, "low", too_much), ("M3", 1, None, None))

    published = desk.publish(ROWS)

    assert (published.rows_written, published.rows_rejected) == (2, 3)
    assert [velocity(desk, key) for key in ("M1", "M2", "M3")] == [1, None, None]
    assert desk.store.lookup(ROWS, {"merchant_id": "M3"}).as_of == minute(1)
    assert {row["merchant_id"] for row in desk.kept(ROWS)} == {"M1", "M3"}


def test_a_store_that_cannot_be_reached_for_a_moment_is_tried_again(desk: Desk) -> None:
    failures = [StoreError("the store is asleep"), StoreError("the store is asleep")]
    desk.store = Flaky(desk.store, failures)  # type: ignore[assignment]  # all of a store
    desk.landing.land(("M1", 1, "low", 1))

    published = desk.publish(ROWS)

    assert published.rows_written == 1
    assert desk.notices == [f"the store is asleep; trying again in {wait} s" for wait in (0.1, 0.2)]
    assert len(desk.kept(ROWS)) == 1


def test_a_store_that_stays_away_ends_the_publisher_and_loses_nothing(desk: Desk) -> None:
    store = desk.store
    desk.store = Flaky(store, [StoreError("the store is asleep")] * 99)  # type: ignore[assignment]  # all of a store
    desk.landing.land(("M1", 1, "low", 1))
    with pytest.raises(StoreError, match="the store is asleep"):
        desk.publish(ROWS, patience_s=0.0)
    desk.store = store

    desk.publish(ROWS)

    assert velocity(desk, "M1") == 1


def test_a_second_publisher_of_the_table_is_refused(desk: Desk) -> None:
    desk.landing.land(("M1", 1, "low", 1))

    with desk.store.claiming(ROWS), pytest.raises(UsageError, match="merchants is already published continuously into"):
        desk.publish(ROWS)


def test_a_stream_that_does_not_fit_is_refused_with_all_of_its_mistakes(desk: Desk, spark: SparkSession) -> None:
    table = replace(
        ROWS,
        features=(
            *ROWS.features,
            Feature(name="age", type="int", description="an age"),
            Feature(name="amount", type="date", description="a day"),
        ),
    )
    desk.landing.land(("M1", 1, "low", 1))

    with pytest.raises(Mistakes, match="there is no column 'age'; amount is decimal128"):
        desk.publish(table)
    with pytest.raises(UsageError, match="the frame is not a stream"):
        publish(ROWS, spark.range(1), desk.store, mode="continuous", live=Live(storage=desk.storage))


def test_rows_of_a_stream_whose_checkpoint_is_gone_are_not_mixed_with_another_ones(desk: Desk) -> None:
    import shutil

    desk.landing.land(("M1", 1, "low", 1))
    desk.publish(ROWS)
    shutil.rmtree(stream_folder(ROWS, desk.storage).root)

    with pytest.raises(UsageError, match="merchants_live was written by another stream, whose checkpoint is gone"):
        desk.publish(ROWS)


class Flaky:
    """A store whose first transactions fail."""

    def __init__(self, store: Any, failures: list[StoreError]) -> None:
        self._store, self._failures = store, failures

    def __getattr__(self, name: str) -> Any:
        if name == "publishing" and self._failures:
            raise self._failures.pop(0)
        return getattr(self._store, name)

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from goldlane.errors import Mistakes, UsageError
from goldlane.features.changes import GoldTable
from goldlane.features.declarations import Feature, FeatureTable
from goldlane.features.errors import FeatureError
from goldlane.features.gold import gold_path
from goldlane.features.online import OnlineStore, open_store
from goldlane.features.online.answer_log import AnswerLog
from goldlane.features.online.logged import LoggedStore
from goldlane.features.publishing import publish

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Frame = Callable[..., Any]
Gold = Callable[..., Any]


def velocities(store: OnlineStore, *keys: str) -> list[Any]:
    answers = store.lookup_many("merchants", [{"merchant_id": key} for key in keys], unknown="empty")
    return [answer.features["velocity"] for answer in answers]


def test_the_first_publish_is_a_snapshot_and_says_so(store: OnlineStore, merchants: FeatureTable, gold: Gold, storage: Path) -> None:
    gold([("M1", 1, "low", 1), ("M1", 3, "low", 3), ("M1", 2, "low", 2), ("M2", 1, "low", 9)])

    published = publish(merchants, storage, store)

    assert velocities(store, "M1", "M2") == [3, 9]
    assert (published.mode, published.rows_written, published.rows_late, published.version) == ("snapshot", 2, 0, 0)
    assert published.note == "published in full: it is the first time"


def test_a_second_publish_writes_the_touched_keys_only(store: OnlineStore, merchants: FeatureTable, gold: Gold, storage: Path) -> None:
    gold([("M1", 1, "low", 1), ("M2", 1, "low", 1)])
    publish(merchants, storage, store)
    gold([("M1", 2, "low", 2), ("M3", 1, "low", 3)])

    published = publish(merchants, storage, store)

    assert velocities(store, "M1", "M2", "M3") == [2, 1, 3]
    assert (published.mode, published.rows_written, published.rows_deleted, published.version) == ("triggered", 2, 0, 1)
    assert published.note is None


def test_publishing_the_same_version_again_does_nothing(store: OnlineStore, merchants: FeatureTable, gold: Gold, storage: Path) -> None:
    gold([("M1", 1, "low", 1)], feed=False)
    publish(merchants, storage, store)

    published = publish(merchants, storage, store)

    assert (published.mode, published.rows_written, published.version) == ("triggered", 0, 0)


def test_a_key_gets_its_newest_row_even_when_that_is_older_than_the_published_one(
    store: OnlineStore, merchants: FeatureTable, gold: Gold, storage: Path
) -> None:
    gold([("M1", 1, "low", 1), ("M1", 2, "low", 2)])
    publish(merchants, storage, store)
    gold([("M2", 1, "low", 1)]).delete("velocity = 2")

    publish(merchants, storage, store)

    assert velocities(store, "M1") == [1]


def test_a_key_that_is_gone_is_deleted(store: OnlineStore, merchants: FeatureTable, gold: Gold, storage: Path) -> None:
    delta = gold([("M1", 1, "low", 1), ("M2", 1, "low", 2)])
    publish(merchants, storage, store)
    delta.delete("merchant_id = 'M1'")

    published = publish(merchants, storage, store)

    assert velocities(store, "M1", "M2") == [None, 2]
    assert (published.mode, published.rows_written, published.rows_deleted) == ("triggered", 0, 1)


def test_a_value_that_changed_at_an_equal_time_is_published(store: OnlineStore, merchants: FeatureTable, gold: Gold, storage: Path) -> None:
    delta = gold([("M1", 1, "low", 9), ("M2", 1, "low", 9)])
    publish(merchants, storage, store)
    delta.update(updates={"velocity": "4"}, predicate="merchant_id = 'M1'")

    published = publish(merchants, storage, store)

    assert velocities(store, "M1", "M2") == [4, 9]
    assert published.mode == "triggered"


def test_a_rewritten_table_is_followed_through_its_feed(store: OnlineStore, merchants: FeatureTable, gold: Gold, storage: Path) -> None:
    gold([("M1", 5, "low", 5), ("M2", 5, "low", 5)])
    publish(merchants, storage, store)
    gold([("M1", 4, "low", 4), ("M3", 1, "low", 3)], mode="overwrite")

    published = publish(merchants, storage, store)

    assert velocities(store, "M1", "M2", "M3") == [4, None, 3]
    assert (published.mode, published.rows_deleted) == ("triggered", 1)


def test_several_versions_are_caught_up_with_at_once(store: OnlineStore, merchants: FeatureTable, gold: Gold, storage: Path) -> None:
    gold([("M1", 1, "low", 1)])
    publish(merchants, storage, store)
    gold([("M2", 1, "low", 2)])
    gold([("M2", 2, "low", 3)]).delete("merchant_id = 'M1'")
    gold([("M1", 0, "low", 7)])

    publish(merchants, storage, store)

    assert velocities(store, "M1", "M2") == [7, 3]


def test_without_a_change_feed_everything_is_published_and_said_so(
    store: OnlineStore, merchants: FeatureTable, gold: Gold, storage: Path
) -> None:
    gold([("M1", 1, "low", 1), ("M2", 1, "low", 1)], feed=False)
    publish(merchants, storage, store)
    gold([("M3", 1, "low", 3)], mode="overwrite", feed=False)

    published = publish(merchants, storage, store)

    assert velocities(store, "M1", "M3") == [None, 3]
    assert (published.mode, published.rows_deleted) == ("snapshot", 2)
    assert "no change data feed" in str(published.note)


def test_changes_from_before_the_feed_was_on_are_not_lost(store: OnlineStore, merchants: FeatureTable, gold: Gold, storage: Path) -> None:
    delta = gold([("M0", 1, "low", 0), ("M1", 1, "low", 1)], feed=False)
    publish(merchants, storage, store)
    delta.update(updates={"velocity": "7"}, predicate="merchant_id = 'M1'")
    gold([("M2", 1, "low", 2)], feed=False).alter.set_table_properties({"delta.enableChangeDataFeed": "true"})
    gold([("M3", 1, "low", 3)]).delete("merchant_id = 'M0'")

    publish(merchants, storage, store)

    assert velocities(store, "M0", "M1", "M2", "M3") == [None, 7, 2, 3]


def test_a_table_that_was_made_anew_is_published_in_full(store: OnlineStore, merchants: FeatureTable, gold: Gold, storage: Path) -> None:
    gold([("M1", 9, "low", 9), ("M2", 1, "low", 1)])
    publish(merchants, storage, store)
    shutil.rmtree(gold_path(merchants, storage))
    gold([("M1", 1, "low", 1)])

    published = publish(merchants, storage, store)

    assert velocities(store, "M1", "M2") == [1, None]
    assert published.mode == "snapshot"


def test_an_added_feature_is_published_for_every_key(
    store: OnlineStore, merchants: FeatureTable, frame: Frame, gold: Gold, storage: Path
) -> None:
    from deltalake import write_deltalake

    gold([("M1", 1, "low", 1), ("M2", 1, "low", 2)])
    publish(merchants, storage, store)
    wider = replace(merchants, features=(*merchants.features, Feature(name="risk", type="double", description="added later")))
    rows = frame([("M1", 1, "low", 1), ("M2", 1, "low", 2)]).append_column("risk", [[0.1, 0.2]])
    write_deltalake(str(gold_path(merchants, storage)), rows, mode="overwrite", schema_mode="overwrite")

    published = publish(wider, storage, store)

    assert store.lookup("merchants", {"merchant_id": "M2"}).features["risk"] == 0.2
    assert (published.mode, published.note) == ("snapshot", "published in full: its declaration changed")


def test_after_a_snapshot_of_a_frame_the_gold_table_is_published_in_full(
    store: OnlineStore, merchants: FeatureTable, frame: Frame, gold: Gold, storage: Path
) -> None:
    gold([("M1", 1, "low", 1)])
    publish(merchants, storage, store)
    publish(merchants, frame([("M2", 1, "low", 2)]), store, mode="snapshot")

    published = publish(merchants, storage, store)

    assert velocities(store, "M1", "M2") == [1, None]
    assert published.mode == "snapshot"


def test_rows_without_key_or_time_are_refused_and_counted(store: OnlineStore, merchants: FeatureTable, gold: Gold, storage: Path) -> None:
    gold([("M1", 1, "low", 1), (None, 2, "low", 2), ("M1", None, "low", 3)])
    full = publish(merchants, storage, store)
    gold([("M1", 2, "low", 4), ("M1", None, "low", 3)])

    triggered = publish(merchants, storage, store)

    assert velocities(store, "M1") == [4]
    assert (full.rows_written, full.rows_rejected) == (1, 2)
    assert (triggered.rows_written, triggered.rows_rejected) == (1, 2)


def test_a_table_with_composite_keys_is_followed(store: OnlineStore, merchants: FeatureTable, gold: Gold, storage: Path) -> None:
    table = replace(merchants, keys=("merchant_id", "tier"), key_types={}, features=merchants.features[1:])
    delta = gold([("M1", 1, "a", 1), ("M1", 1, "b", 2), ("M2", 1, "a", 3)])
    publish(table, storage, store)
    delta.delete("merchant_id = 'M1' AND tier = 'a'")
    gold([("M1", 2, "b", 4)])

    published = publish(table, storage, store)

    keys = [{"merchant_id": key, "tier": tier} for key, tier in (("M1", "a"), ("M1", "b"), ("M2", "a"))]
    assert [answer.features["velocity"] for answer in store.lookup_many(table, keys, unknown="empty")] == [None, 4, 3]
    assert (published.mode, published.rows_written, published.rows_deleted) == ("triggered", 1, 1)


def newest_read(merchants: FeatureTable, storage: Path, memory: str) -> tuple[list[Any], dict[Any, int]]:
    """The keys as they come, and the newest row of each."""
    keys: list[Any] = []
    newest: dict[Any, int] = {}
    for batch in GoldTable(merchants, gold_path(merchants, storage)).rows(memory):
        for row in batch.to_pylist():
            keys.append(row["merchant_id"])
            newest[row["merchant_id"]] = max(row["velocity"], newest.get(row["merchant_id"], -1))
    return keys, newest


def test_reading_in_order_loses_and_repeats_nothing(merchants: FeatureTable, gold: Gold, storage: Path) -> None:
    gold([(f"M{number % 11}'", number, "low", number) for number in range(200)] + [(None, 1, "low", 200)])

    keys, newest = newest_read(merchants, storage, "192M")

    assert newest == {**{f"M{n % 11}'": n for n in range(200)}, None: 200}
    assert keys == [*sorted(f"M{n}'" for n in range(11)), None]


def test_what_does_not_fit_into_the_memory_to_sort_in_comes_unsorted(merchants: FeatureTable, gold: Gold, storage: Path) -> None:
    gold([(f"M{number % 11}", number, "low" * 500, number) for number in range(2000)])

    keys, newest = newest_read(merchants, storage, "300K")

    assert newest == {f"M{n % 11}": n for n in range(1989, 2000)}
    assert keys != sorted(keys)


def test_a_missing_gold_table_is_named_with_its_place_and_no_store_is_made(
    store: OnlineStore, merchants: FeatureTable, storage: Path, path: Path
) -> None:
    with pytest.raises(UsageError, match=r"merchants: there is no Delta table at .*tables/default/merchants"):
        publish(merchants, storage, store)

    assert not path.exists()


def test_a_missing_storage_is_named(store: OnlineStore, merchants: FeatureTable, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no storage at"):
        publish(merchants, tmp_path / "nowhere", store)


def test_a_gold_table_that_does_not_fit_says_all_that_is_wrong(
    store: OnlineStore, merchants: FeatureTable, gold: Gold, storage: Path
) -> None:
    gold([("M1", 1, "low", 1)])
    risk = Feature(name="risk", type="double", description="not there")
    table = replace(merchants, features=(replace(merchants.features[0], type="double"), risk))

    with pytest.raises(Mistakes, match=r"there is no column 'risk'; tier is string(_view)?, declared double"):
        publish(table, storage, store)


def test_a_broken_gold_table_leaves_the_store_as_it_was(store: OnlineStore, merchants: FeatureTable, gold: Gold, storage: Path) -> None:
    gold([("M1", 1, "low", 1)])
    publish(merchants, storage, store)
    gold([("M1", 2, "low", 2)])
    for file in gold_path(merchants, storage).glob("*.parquet"):
        file.write_bytes(b"not parquet")

    with pytest.raises(FeatureError, match="cannot be read"):
        publish(merchants, storage, store, mode="snapshot")

    assert velocities(store, "M1") == [1]


@pytest.mark.parametrize(
    "source,place",
    [(None, "default/merchants"), ("gold", "default/gold"), ("lane.gold", "lane/gold"), ("main.lane.gold", "main.lane/gold")],
)
def test_a_source_is_found_in_its_schema(merchants: FeatureTable, storage: Path, source: str | None, place: str) -> None:
    assert gold_path(replace(merchants, source=source), storage) == storage / "tables" / place


def test_a_source_that_is_a_stream_is_no_gold_table(merchants: FeatureTable, storage: Path) -> None:
    with pytest.raises(UsageError, match="its source is a stream"):
        gold_path(replace(merchants, source=lambda _: None), storage)  # type: ignore[arg-type,return-value]


def test_two_publishers_take_turns(store: OnlineStore, merchants: FeatureTable, gold: Gold, storage: Path, path: Path) -> None:
    gold([(f"M{number}", 1, "low", number) for number in range(2000)])
    stores = [open_store(f"sqlite:///{path}") for _ in range(4)]
    failures: list[BaseException] = []

    def run(target: OnlineStore) -> None:
        try:
            for _ in range(3):
                publish(merchants, storage, target, mode="snapshot")
        except BaseException as error:  # noqa: BLE001  handed to the test's thread
            failures.append(error)

    threads = [threading.Thread(target=run, args=(target,)) for target in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert velocities(store, "M7", "M1999") == [7, 1999]


def test_a_reader_sees_old_rows_or_new_ones_never_both(store: OnlineStore, merchants: FeatureTable, frame: Frame, path: Path) -> None:
    states = [frame([(f"M{number}", turn, "low", turn) for number in range(300)]) for turn in range(6)]
    publish(merchants, states[0], store)
    keys = [{"merchant_id": f"M{number}"} for number in range(0, 300, 10)]
    done, seen = threading.Event(), []

    def read() -> None:
        reader = open_store(f"sqlite:///{path}")
        while not done.is_set():
            seen.append({answer.features["velocity"] for answer in reader.lookup_many("merchants", keys)})
        reader.close()

    thread = threading.Thread(target=read)
    thread.start()
    for turn in range(1, 60):
        publish(merchants, states[turn % 6], store, mode="snapshot" if turn % 2 else "triggered")
    done.set()
    thread.join()

    assert len(seen) > 20
    assert all(len(velocities_seen) == 1 for velocities_seen in seen)


def test_a_table_that_spark_wrote_and_changed_is_followed(
    spark: SparkSession, store: OnlineStore, merchants: FeatureTable, storage: Path
) -> None:
    place = f"delta.`{gold_path(merchants, storage)}`"
    spark.sql(
        f"CREATE TABLE {place} (merchant_id STRING, as_of TIMESTAMP, tier STRING, velocity BIGINT) USING delta "
        "TBLPROPERTIES (delta.enableChangeDataFeed = true, delta.enableDeletionVectors = true)"
    )
    rows = ", ".join(f"('M{n}', TIMESTAMP '2026-01-01 0{n % 3}:00:00Z', 'low', {n})" for n in range(9))
    spark.sql(f"INSERT INTO {place} VALUES {rows}")
    publish(merchants, storage, store)
    spark.sql(f"DELETE FROM {place} WHERE merchant_id = 'M1'")
    spark.sql(f"UPDATE {place} SET velocity = 70 WHERE merchant_id = 'M7'")

    published = publish(merchants, storage, store)

    assert velocities(store, "M0", "M1", "M7", "M8") == [0, None, 70, 8]
    assert (published.rows_deleted, published.version) == (1, 3)
    assert store.lookup("merchants", {"merchant_id": "M8"}).as_of == datetime(2026, 1, 1, 2, tzinfo=timezone.utc)


def test_a_spark_frame_is_published(spark: SparkSession, store: OnlineStore, merchants: FeatureTable) -> None:
    rows = [
        ("x", "M1", datetime(2026, 1, 1, 1, tzinfo=timezone.utc), "low", 1),
        ("x", "M1", datetime(2026, 1, 1, tzinfo=timezone.utc), "low", 2),
    ]
    frame = spark.createDataFrame(rows, "other STRING, merchant_id STRING, as_of TIMESTAMP, tier STRING, velocity INT")

    published = publish(merchants, frame, store)

    assert velocities(store, "M1") == [1]
    assert (published.rows_written, published.rows_late) == (1, 1)


def test_a_table_whose_first_keys_are_all_null_is_one_range(merchants: FeatureTable, gold: Callable[..., Any], storage: Path) -> None:
    gold([(None, 1, "low", 1), (None, 2, "low", 2)])

    assert GoldTable(merchants, gold_path(merchants, storage)).ranges(1) == [""]


def test_a_platform_whose_answers_are_logged_publishes_by_itself(merchants: FeatureTable, tmp_path: Path) -> None:
    class Platform:
        def publish_table(self, table: FeatureTable, source: object, mode: str) -> tuple[str, object, str]:
            return table.name, source, mode

        def publications(self) -> tuple[()]:
            return ()

        lookup = None

    platform: Any = Platform()
    logged: Any = LoggedStore(platform, AnswerLog(tmp_path / "answers", 1.0, platform.publications))

    assert publish(merchants, "main.gold", logged) == ("merchants", "main.gold", "triggered")

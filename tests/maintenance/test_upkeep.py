"""Small files become few, unneeded ones go, and nobody loses what they still need without being told."""

from __future__ import annotations

import fcntl
import json
import shutil
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable, write_deltalake

from goldlane.cli.app import main
from goldlane.features.forgotten_entities import enter, entity_of, forgotten_entities
from goldlane.features.online import OnlineStore, open_store
from goldlane.features.publishing import publish
from goldlane.maintenance import Retention, forget, maintain
from goldlane.maintenance.upkeep import Maintained, Tended
from goldlane.pipelines.events import event_schema
from tests.maintenance.conftest import CUSTOMERS, NOON, Write, column

NOTHING_KEPT = Retention(file_days=0)
C1 = {"customer_id": "C1"}


def tended(done: Maintained, table: str) -> Tended:
    return next(each for each in done.tables if each.table == table)


def files(storage: Path, table: str) -> set[str]:
    """The data files of a table in its folder, those of its change feed among them."""
    return {file.name for file in (storage / "tables" / "default" / table).rglob("*.parquet") if "_delta_log" not in file.parts}


def customer(who: str, spent: int) -> dict[str, Any]:
    return {"customer_id": who, "as_of": NOON, "spent": spent}


def checkpoint(storage: Path, table: str, *, read_before: int) -> None:
    """A stream of ``table`` that has read every version before one."""
    delta = DeltaTable(str(storage / "tables" / "default" / table))
    folder = storage / "system" / "checkpoints" / "default.reader" / "flow" / "0"
    position = {"reservoirId": str(delta.metadata().id), "reservoirVersion": read_before, "index": -1, "isStartingVersion": False}
    for room, lines in {"offsets": ["v1", "{}", json.dumps(position)], "commits": ["v1", "{}"]}.items():
        (folder / room).mkdir(parents=True)
        (folder / room / "0").write_text("\n".join(lines))


def test_small_files_become_one_and_the_rows_stay(storage: Path, write: Write) -> None:
    for number in range(5):
        write("customers", [customer(f"C{number}", number)])

    done = maintain(storage)

    delta = DeltaTable(str(storage / "tables" / "default" / "customers"))
    assert (tended(done, "customers").files_compacted, len(delta.file_uris())) == (5, 1)
    assert column(storage, "customers", "spent") == [0, 1, 2, 3, 4]


def test_a_second_time_changes_nothing(storage: Path, store: OnlineStore) -> None:
    forget(CUSTOMERS, C1, storage, store)
    maintain(storage, NOTHING_KEPT)
    before = {path.name: DeltaTable(str(path)).version() for path in (storage / "tables" / "default").iterdir()}

    done = maintain(storage, NOTHING_KEPT)

    assert before == {path.name: DeltaTable(str(path)).version() for path in (storage / "tables" / "default").iterdir()}
    assert all((each.rows_deleted, each.files_compacted, each.files_purged) == (0, 0, 0) for each in done.tables)


def test_files_of_the_last_days_are_kept(storage: Path, write: Write) -> None:
    for number in range(3):
        write("customers", [customer("C1", number)])
    before = files(storage, "customers")

    done = maintain(storage)

    assert before < files(storage, "customers")
    assert (tended(done, "customers").files_purged, tended(done, "customers").readable_from) == (0, None)
    assert DeltaTable(str(storage / "tables" / "default" / "customers"), version=0).count() == 1


def test_keeping_nothing_purges_old_versions_and_says_which(storage: Path, write: Write) -> None:
    for number in range(3):
        write("customers", [customer("C1", number)])

    done = tended(maintain(storage, NOTHING_KEPT), "customers")

    assert (done.files_purged, done.readable_from) == (3, 3)
    assert done.bytes_purged > 0
    assert len(files(storage, "customers")) == 1
    place = str(storage / "tables" / "default" / "customers")
    assert DeltaTable(place, version=3).to_pyarrow_table().num_rows == 3
    with pytest.raises(FileNotFoundError):
        DeltaTable(place, version=2).to_pyarrow_table()


def test_a_forgotten_entity_leaves_the_files(storage: Path, write: Write, url: str) -> None:
    who = "Zacharias4711"
    write("customers", [customer(who, 1), customer("C2", 2)])
    store = open_store(url)
    publish(CUSTOMERS, storage, store)
    forget(CUSTOMERS, {"customer_id": who}, storage, store)
    folder = storage / "tables" / "default" / "customers"
    named = [file for file in folder.rglob("*.parquet") if who.encode() in file.read_bytes()]

    maintain(storage, NOTHING_KEPT)

    assert named
    assert not [file for file in folder.rglob("*.parquet") if who.encode() in file.read_bytes()]
    store.close()


def test_rows_that_came_back_are_deleted_again(storage: Path, store: OnlineStore, write: Write) -> None:
    forget(CUSTOMERS, C1, storage, store)
    write("bronze", [{"customer_id": "C1", "amount": "1", "_corrupt_record": None}])

    done = maintain(storage)

    assert tended(done, "bronze").rows_deleted == 1
    assert "C1" not in column(storage, "bronze", "customer_id")


def test_publishing_goes_on_in_full_when_the_changes_were_purged(storage: Path, store: OnlineStore, write: Write) -> None:
    write("customers", [customer("C3", 300)], "append")
    delta = DeltaTable(str(storage / "tables" / "default" / "customers"))
    delta.delete("customer_id = 'C2'")
    maintain(storage, NOTHING_KEPT)

    published = publish(CUSTOMERS, storage, store)

    assert published.mode == "snapshot"
    assert "published in full: the change data feed since version" in str(published.note)
    assert store.lookup("customers", {"customer_id": "C3"}).features == {"spent": 300}
    assert store.lookup("customers", {"customer_id": "C2"}, unknown="empty").as_of is None


def test_a_dry_run_tells_and_does_nothing(storage: Path, write: Write) -> None:
    for number in range(3):
        write("customers", [customer("C1", number)])
    write("customers", [customer("C2", 1)], "overwrite")
    before = files(storage, "customers")

    done = maintain(storage, NOTHING_KEPT, dry_run=True)

    assert (tended(done, "customers").files_purged, tended(done, "customers").readable_from) == (3, 3)
    assert files(storage, "customers") == before
    assert DeltaTable(str(storage / "tables" / "default" / "customers")).version() == 3


def test_what_a_stream_has_not_read_is_not_purged_early(storage: Path, write: Write) -> None:
    for number in range(3):
        write("customers", [customer("C1", number)])
    checkpoint(storage, "customers", read_before=1)

    done = tended(maintain(storage, NOTHING_KEPT), "customers")

    assert done.files_purged == 0
    assert "default.reader/flow has not read all of it yet" in str(done.note)


def test_a_stream_that_has_read_everything_but_upkeep_is_in_nobodys_way(storage: Path, write: Write) -> None:
    for number in range(3):
        write("customers", [customer("C1", number)])
    checkpoint(storage, "customers", read_before=3)

    done = tended(maintain(storage, NOTHING_KEPT), "customers")

    assert (done.files_purged, done.note) == (3, None)


def test_while_an_update_runs_nothing_is_rewritten(storage: Path, write: Write) -> None:
    for number in range(3):
        write("customers", [customer("C1", number)])
    lock = storage / "system" / "locks" / "lane.lock"
    lock.parent.mkdir(parents=True)
    with lock.open("a+") as update:
        fcntl.flock(update, fcntl.LOCK_EX)
        done = maintain(storage, NOTHING_KEPT)

    assert done.running == ("lane",)
    assert tended(done, "customers").files_compacted == 0
    assert "lane is being updated" in str(tended(done, "customers").note)
    assert len(files(storage, "customers")) == 3


def test_old_events_go_and_young_ones_stay(storage: Path) -> None:
    import pyarrow as pa

    now = datetime.now(timezone.utc)
    rows = [{"id": str(days), "timestamp": now - timedelta(days=days)} for days in (1, 89, 91, 400)]
    write_deltalake(str(storage / "system" / "events"), pa.Table.from_pylist(rows, schema=event_schema()))

    done = maintain(storage, Retention(event_days=90))

    left = DeltaTable(str(storage / "system" / "events")).to_pyarrow_table().column("id").to_pylist()
    assert tended(done, "system/events").note is None
    assert (tended(done, "system/events").rows_deleted, sorted(left)) == (2, ["1", "89"])


def test_what_a_full_refresh_left_behind_is_removed(storage: Path) -> None:
    system = storage / "system"
    for generation in ("0", "1"):
        (system / "checkpoints" / "default.t" / "flow" / generation / "offsets").mkdir(parents=True)
        (system / "cdc" / "default.t" / generation / "events_2").mkdir(parents=True)
    (system / "tables").mkdir()
    (system / "tables" / "default.t.json").write_text('{"generation": 1}')

    done = maintain(storage)

    assert done.generations_removed == 2
    assert [path.name for path in (system / "checkpoints" / "default.t" / "flow").iterdir()] == ["1"]
    assert [path.name for path in (system / "cdc" / "default.t").iterdir()] == ["1"]


def test_a_damaged_table_is_told_and_the_others_are_tended(storage: Path, write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(2):
        write("customers", [customer("C1", number)])
    log = storage / "tables" / "default" / "broken" / "_delta_log"
    log.mkdir(parents=True)
    (log / f"{0:020}.json").write_text("no json")

    with pytest.raises(SystemExit) as ended:
        main(["maintain", "--storage", str(storage), "--json"])

    told = capsys.readouterr()
    tables = {table["table"]: table for table in json.loads(told.out)["tables"]}
    assert ended.value.code == 1
    assert "goldlane: broken: " in told.err
    assert (tables["broken"]["failed"], tables["customers"]["files_compacted"]) == (True, 2)


def test_keeping_less_than_a_week_is_told(storage: Path, write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    write("customers", [customer("C1", 1)])

    with pytest.raises(SystemExit) as ended:
        main(["maintain", "--storage", str(storage), "--retain", "0"])

    assert ended.value.code == 0
    assert "less than Delta's 7" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    "arguments", [["--storage", "nowhere"], ["--retain", "-1"], ["--retain", "soon"]], ids=["no storage", "before today", "no number"]
)
def test_mistakes_are_told_in_one_line(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["maintain", *arguments])

    assert ended.value.code == 2
    assert "Traceback" not in capsys.readouterr().err


def test_a_damaged_table_keeps_nobody_forgotten_in_the_others(storage: Path, store: OnlineStore, write: Write) -> None:
    forget(CUSTOMERS, C1, storage, store)
    write("customers", [customer("C1", 5)])
    log = storage / "tables" / "default" / "broken" / "_delta_log"
    log.mkdir(parents=True)
    (log / f"{0:020}.json").write_text("no json")

    done = maintain(storage)

    assert (tended(done, "broken").failed, tended(done, "customers").rows_deleted) == (True, 1)


def test_who_is_pending_stays_so_while_a_table_cannot_be_swept(storage: Path, filled: None) -> None:
    del filled
    enter(storage, entity_of(CUSTOMERS, C1), CUSTOMERS.name)
    log = storage / "tables" / "default" / "broken" / "_delta_log"
    log.mkdir(parents=True)
    (log / f"{0:020}.json").write_text("no json")

    maintain(storage)
    before = [entity.completed for entity in forgotten_entities(storage)]
    shutil.rmtree(log.parent)
    maintain(storage)

    assert (before, [entity.completed for entity in forgotten_entities(storage)]) == ([False], [True])


def test_what_a_stream_into_a_store_has_not_read_is_not_purged_early(storage: Path, write: Write) -> None:
    write("customers", [customer("C1", 1)])
    write("customers", [customer("C1", 2)], "overwrite")
    checkpoint(storage, "customers", read_before=1)
    live = storage / "system" / "live" / "customers"
    live.mkdir(parents=True)
    (storage / "system" / "checkpoints" / "default.reader" / "flow" / "0").rename(live / "checkpoint")

    done = tended(maintain(storage, NOTHING_KEPT), "customers")

    assert done.note is not None
    assert "customers_live has not read all of it yet" in done.note

"""A forgotten entity leaves the store and every table of the storage, whatever happens on the way, and does not come back."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError, DeltaError

from goldlane.cli.app import main
from goldlane.errors import GoldlaneError, UsageError
from goldlane.features import gold_publishing
from goldlane.features.online import OnlineStore, Publication, open_store
from goldlane.features.publishing import publish
from goldlane.forgotten import forgotten_path, is_forgetting
from goldlane.maintenance import forget, sweeping
from tests.maintenance.conftest import CUSTOMERS, NOON, VISITS, Write, column

C1 = {"customer_id": "C1"}


def entries(storage: Path) -> list[dict[str, Any]]:
    return pa.table(DeltaTable(str(forgotten_path(storage))).to_pyarrow_table()).to_pylist()


def gone_online(store: OnlineStore, merchant: str = "M1") -> bool:
    answers = store.lookup_all({"customers": C1, "visits": {**C1, "merchant_id": merchant}}, unknown="empty")
    return all(answer.as_of is None for answer in answers.values())


def test_every_table_with_the_key_column_loses_the_rows(storage: Path, store: OnlineStore) -> None:
    done = forget(CUSTOMERS, C1, storage, store)

    assert {each.table: each.rows_deleted for each in done.swept} == {"bronze": 3, "customers": 1, "visits": 1}
    assert column(storage, "bronze", "customer_id") == ["C12", "C2", None]
    assert column(storage, "merchants", "merchant_id") == ["C1"]
    assert done.is_complete


def test_a_line_that_could_not_be_read_goes_when_it_names_the_entity_and_no_other(storage: Path, store: OnlineStore) -> None:
    forget(CUSTOMERS, C1, storage, store)

    left = [text for text in column(storage, "bronze", "_corrupt_record") if text]
    assert len(left) == 1
    assert '"C12"' in left[0]


def test_every_table_of_the_store_forgets_it_longer_keys_too(storage: Path, store: OnlineStore) -> None:
    done = forget(CUSTOMERS, C1, storage, store)

    assert done.online == {"customers": 1, "visits": 1}
    assert gone_online(store)
    assert store.lookup("visits", {"customer_id": "C2", "merchant_id": "M1"}).features == {"count": 1}


def test_a_part_of_a_key_stays_when_the_whole_is_forgotten(storage: Path, store: OnlineStore) -> None:
    done = forget(VISITS, {"merchant_id": "M1", **C1}, storage, store)

    assert {each.table for each in done.swept} == {"visits"}
    assert store.lookup("customers", C1).features == {"spent": 100}


def test_what_is_kept_of_it_is_a_hash(storage: Path, store: OnlineStore) -> None:
    forget(CUSTOMERS, C1, storage, store)

    (entry,) = entries(storage)
    assert entry["key_columns"] == "customer_id"
    # sha256sum of customer_id=2:C1
    assert entry["key_hash"] == "5fda6e4ce6f87e8c77368051c6b9298df728214a709df94537c4774203e3127a"
    assert None not in entry.values()


def test_the_logs_of_the_deletions_do_not_name_it(storage: Path, write: Write, store: OnlineStore) -> None:
    who = "Zacharias4711"
    write("bronze", [{"customer_id": who, "amount": "1", "_corrupt_record": f'{{"customer_id": "{who}", "am'}])

    forget(CUSTOMERS, {"customer_id": who}, storage, store)

    commits = sorted((storage / "tables" / "default" / "bronze" / "_delta_log").glob("*.json"))
    assert is_forgetting(commits[-1])
    assert not any(is_forgetting(commit) for commit in commits[:-1])
    assert "Zacharias" not in commits[-1].read_text().splitlines()[0]


def test_forgetting_again_does_nothing_more(storage: Path, store: OnlineStore) -> None:
    forget(CUSTOMERS, C1, storage, store)
    versions = {path.name: DeltaTable(str(path)).version() for path in (storage / "tables" / "default").iterdir()}

    done = forget(CUSTOMERS, C1, storage, store)

    assert (done.online, done.swept) == ({"customers": 0, "visits": 0}, ())
    assert len(entries(storage)) == 1
    assert versions == {path.name: DeltaTable(str(path)).version() for path in (storage / "tables" / "default").iterdir()}


@pytest.mark.parametrize("mode", ["triggered", "snapshot"])
def test_publishing_from_the_storage_leaves_it_out(storage: Path, store: OnlineStore, write: Write, tmp_path: Path, mode: Any) -> None:
    forget(CUSTOMERS, C1, storage, store)
    write("customers", [{"customer_id": who, "as_of": NOON, "spent": 200} for who in ("C1", "C3")])
    other = open_store(f"sqlite:///{tmp_path / 'other.db'}")

    for each in (store, other):
        publish(CUSTOMERS, storage, each, mode)

        assert each.lookup("customers", C1, unknown="empty").as_of is None
        assert each.lookup("customers", {"customer_id": "C3"}).features == {"spent": 200}


def test_a_store_that_forgot_nothing_learns_it_from_the_storage(storage: Path, store: OnlineStore, tmp_path: Path) -> None:
    other = open_store(f"sqlite:///{tmp_path / 'other.db'}")
    publish(CUSTOMERS, storage, other)
    forget(CUSTOMERS, C1, storage, store)

    published = publish(CUSTOMERS, storage, other)

    assert (published.mode, published.rows_deleted) == ("triggered", 1)
    assert other.lookup("customers", C1, unknown="empty").as_of is None
    assert other.lookup("customers", {"customer_id": "C2"}).features == {"spent": 100}
    other.close()
    held = b"".join(each.read_bytes() for each in tmp_path.glob("other.db*"))
    assert b"C2" in held
    assert b"C1" not in held


_UNTIL = """
import os, signal, sys
from pathlib import Path
from goldlane.features.online import open_store
from goldlane.maintenance import forgetting
from tests.maintenance.conftest import CUSTOMERS
setattr(forgetting, sys.argv[1], lambda *a, **k: os.kill(os.getpid(), signal.SIGKILL))
forgetting.forget(CUSTOMERS, {"customer_id": "C1"}, Path(sys.argv[2]), open_store(sys.argv[3]))
"""


@pytest.mark.parametrize("step", ["enter", "_forgotten_online", "sweep", "complete"])
def test_killed_before_any_step_it_is_forgotten_after_another_try(storage: Path, store: OnlineStore, url: str, step: str) -> None:
    killed = subprocess.run([sys.executable, "-c", _UNTIL, step, str(storage), url], check=False, env=os.environ)
    assert killed.returncode == -signal.SIGKILL

    assert forget(CUSTOMERS, C1, storage, store).is_complete

    assert gone_online(store)
    assert column(storage, "customers", "customer_id") == ["C2"]
    assert len(entries(storage)) == 1


@pytest.mark.parametrize("mode", ["triggered", "snapshot"])
def test_killed_once_it_was_entered_the_next_publish_takes_it_offline(storage: Path, store: OnlineStore, url: str, mode: Any) -> None:
    subprocess.run([sys.executable, "-c", _UNTIL, "_forgotten_online", str(storage), url], check=False, env=os.environ)
    assert not gone_online(store)

    for table in (CUSTOMERS, VISITS):
        publish(table, storage, store, mode)

    assert gone_online(store)
    assert store.lookup("customers", {"customer_id": "C2"}).features == {"spent": 100}


def test_while_an_update_runs_the_tables_wait(storage: Path, store: OnlineStore) -> None:
    lock = storage / "system" / "locks" / "lane.lock"
    lock.parent.mkdir(parents=True)
    with lock.open("a+") as update:
        fcntl.flock(update, fcntl.LOCK_EX)
        done = forget(CUSTOMERS, C1, storage, store)

    assert (done.running, done.swept, done.is_complete) == (("lane",), (), False)
    assert gone_online(store)
    assert column(storage, "customers", "customer_id") == ["C1", "C2"]
    assert forget(CUSTOMERS, C1, storage, store).is_complete
    assert column(storage, "customers", "customer_id") == ["C2"]


def test_a_wrong_key_changes_nothing(storage: Path, store: OnlineStore) -> None:
    numbered = replace(CUSTOMERS, key_types={"customer_id": "bigint"})

    with pytest.raises(UsageError, match="customers is read by customer_id, not by customer"):
        forget(CUSTOMERS, {"customer": "C1"}, storage, store)
    with pytest.raises(UsageError, match="key customer_id is of type bigint"):
        forget(numbered, C1, storage, store)
    assert not forgotten_path(storage).exists()


@pytest.fixture
def command(storage: Path, store: OnlineStore, url: str, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[Any, str, str]]:
    """``goldlane forget`` with these arguments: exit code, stdout, stderr."""
    del store

    def run(*arguments: str) -> tuple[Any, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(["forget", "--storage", str(storage), "--store", url, *arguments])
        return (ended.value.code, *capsys.readouterr())

    return run


def test_the_command_tells_what_it_deleted(store: OnlineStore, command: Callable[..., tuple[Any, str, str]]) -> None:
    code, told, _ = command("customers", "customer_id=C1", "--json")

    document = json.loads(told)
    assert (code, document["complete"], document["running"]) == (0, True, [])
    assert {"table": "customers", "rows_deleted": 1} in document["online"]
    assert {"table": "bronze", "rows_deleted": 3} in document["storage"]
    assert gone_online(store)


MISTAKES = {
    "customer customer_id=C1": "there is no feature table 'customer'; known are ",
    "customers customer=C1": "customers is read by customer_id, not by customer",
    "visits customer_id=C1": "visits is read by customer_id, merchant_id, not by customer_id",
    "customers customer_id": "forget takes KEY=VALUE, not 'customer_id'",
}


@pytest.mark.parametrize("arguments", MISTAKES)
def test_mistakes_are_told_in_one_line(store: OnlineStore, command: Callable[..., tuple[Any, str, str]], arguments: str) -> None:
    code, _, told = command(*arguments.split())

    assert code == 2
    assert MISTAKES[arguments] in told
    assert not gone_online(store)


def test_a_longer_key_that_only_a_stream_published_is_forgotten(storage: Path, store: OnlineStore, write: Write) -> None:
    rows = [{**C1, "merchant_id": merchant, "as_of": NOON, "count": 2} for merchant in ("M1", "M7")]
    write("visits_live", rows)
    with store.publishing(VISITS) as writer:
        writer.upsert(DeltaTable(str(storage / "tables" / "default" / "visits_live")).to_pyarrow_table().to_batches())
        writer.record(Publication(table=VISITS))

    done = forget(CUSTOMERS, C1, storage, store)

    assert done.online["visits"] == 2
    assert gone_online(store, "M7")


def test_a_line_of_another_column_that_ends_alike_stays(storage: Path, store: OnlineStore, write: Write) -> None:
    line = '{"old_customer_id": "C1", "amou'
    write("bronze", [{"customer_id": None, "amount": None, "_corrupt_record": line}])

    forget(CUSTOMERS, C1, storage, store)

    assert line in column(storage, "bronze", "_corrupt_record")


def test_a_table_that_deltars_refuses_is_left_to_spark_at_its_own_place(
    storage: Path, store: OnlineStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise DeltaError("")

    places: list[Path] = []
    spaced = storage.rename(tmp_path / "a storage")
    monkeypatch.setattr(DeltaTable, "delete", refuse)
    monkeypatch.setattr(sweeping, "_delete_by_spark", lambda path, _: places.append(path))

    forget(CUSTOMERS, C1, spaced, store)

    assert {path.name for path in places} == {"bronze", "customers", "visits"}
    assert all((path / "_delta_log").is_dir() for path in places)


def test_a_table_that_somebody_else_keeps_writing_says_to_try_again(
    storage: Path, store: OnlineStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def overtake(*_: Any, **__: Any) -> None:
        raise CommitFailedError("version 3 already exists")

    monkeypatch.setattr(DeltaTable, "delete", overtake)

    with pytest.raises(GoldlaneError, match="bronze: rows cannot be deleted: version 3") as refused:
        forget(CUSTOMERS, C1, storage, store)
    assert refused.value.hint is not None


def test_a_store_that_is_published_in_full_learns_it_as_well(storage: Path, store: OnlineStore, tmp_path: Path) -> None:
    other = open_store(f"sqlite:///{tmp_path / 'other.db'}")
    publish(CUSTOMERS, storage, other)
    forget(CUSTOMERS, C1, storage, store)

    published = publish(CUSTOMERS, storage, other, "snapshot")

    assert (published.mode, published.rows_deleted) == ("snapshot", 1)
    newer = pa.table({"customer_id": ["C1"], "as_of": pa.array([NOON + timedelta(days=1)], pa.timestamp("us", "UTC")), "spent": [1]})
    assert publish(CUSTOMERS, newer, other).rows_forgotten == 1
    other.close()
    assert b"C1" not in b"".join(each.read_bytes() for each in tmp_path.glob("other.db*"))


def test_a_publish_that_is_cut_short_has_forgotten_before_it_published(
    storage: Path, store: OnlineStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(*_: Any) -> None:
        raise KeyboardInterrupt

    other = open_store(f"sqlite:///{tmp_path / 'other.db'}")
    publish(CUSTOMERS, storage, other)
    forget(CUSTOMERS, C1, storage, store)
    with monkeypatch.context() as patch:
        patch.setattr(gold_publishing, "recorded", cut)
        with pytest.raises(KeyboardInterrupt):
            publish(CUSTOMERS, storage, other)

    newer = pa.table({"customer_id": ["C1"], "as_of": pa.array([NOON + timedelta(days=1)], pa.timestamp("us", "UTC")), "spent": [1]})
    assert publish(CUSTOMERS, newer, other).rows_forgotten == 1

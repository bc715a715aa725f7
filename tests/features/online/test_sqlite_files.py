from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from goldlane.errors import Mistakes, UsageError
from goldlane.features.online import OnlineStore, open_store
from goldlane.features.publishing import publish

if TYPE_CHECKING:
    from goldlane.features.declarations import FeatureTable

Frame = Callable[..., Any]
KEY = {"merchant_id": "M1"}


@pytest.mark.parametrize("url", ["online.db", "sqlite://online.db", "sqlite:///", "mysql://host/db", "", None, "sqlite:///a\0b"])
def test_a_url_of_no_store_is_refused(url: Any) -> None:
    with pytest.raises(UsageError, match=r"sqlite:///file\.db"):
        open_store(url)


def test_a_relative_path_starts_at_the_working_folder(
    merchants: FeatureTable, frame: Frame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    publish(merchants, frame([("M1", 10, "low", 1)]), open_store("sqlite:///deep/er/online.db"))

    assert (tmp_path / "deep" / "er" / "online.db").is_file()


def test_reading_makes_no_file(store: OnlineStore, path: Path) -> None:
    with pytest.raises(UsageError, match="there is no store at"):
        store.lookup("merchants", KEY)

    assert not path.exists()


def test_a_file_that_is_no_sqlite_file_is_named_and_left_alone(
    store: OnlineStore, merchants: FeatureTable, frame: Frame, path: Path
) -> None:
    path.write_text("a plain text, long enough to be looked at as a header by SQLite" * 20)
    before = path.read_bytes()

    with pytest.raises(UsageError, match=r"online\.db is not a SQLite file"):
        store.lookup("merchants", KEY)
    with pytest.raises(UsageError, match=r"online\.db is not a SQLite file"):
        publish(merchants, frame([]), store)

    assert path.read_bytes() == before


def test_a_folder_is_no_store(store: OnlineStore, merchants: FeatureTable, frame: Frame, path: Path) -> None:
    path.mkdir()

    with pytest.raises(UsageError, match="cannot be opened"):
        store.lookup("merchants", KEY)
    with pytest.raises(UsageError, match="cannot be opened"):
        publish(merchants, frame([]), store)


def test_a_folder_that_cannot_be_made_is_named(merchants: FeatureTable, frame: Frame, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(UsageError, match=r"the store's folder .*file cannot be made"):
        publish(merchants, frame([]), open_store(f"sqlite:///{tmp_path}/file/online.db"))


def test_a_database_without_published_tables_says_so(store: OnlineStore, path: Path) -> None:
    sqlite3.connect(path).execute("CREATE TABLE mine (x)").connection.close()

    with pytest.raises(UsageError, match="holds no published table"):
        store.lookup("merchants", KEY)


def test_somebody_elses_table_is_not_written_over(store: OnlineStore, merchants: FeatureTable, frame: Frame, path: Path) -> None:
    sqlite3.connect(path).execute("CREATE TABLE merchants (x)").connection.close()

    with pytest.raises(UsageError, match="already has a table 'merchants' that Goldlane did not write"):
        publish(merchants, frame([]), store)


def test_a_store_of_a_newer_goldlane_is_refused(store: OnlineStore, merchants: FeatureTable, frame: Frame, path: Path) -> None:
    sqlite3.connect(path).execute("PRAGMA user_version = 99").connection.close()

    with pytest.raises(UsageError, match="written by a newer Goldlane"):
        publish(merchants, frame([]), store)


def test_names_and_keys_that_no_store_can_keep_are_refused_together(store: OnlineStore, merchants: FeatureTable, frame: Frame) -> None:
    table = replace(merchants, name="goldlane_x", key_types={"merchant_id": "double"})

    with pytest.raises(Mistakes, match=r"key 'merchant_id' is of type double.*the name 'goldlane_x' is the store's own"):
        publish(table, frame([]).set_column(0, "merchant_id", pa.array([], pa.float64())), store)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_named(store: OnlineStore, merchants: FeatureTable, frame: Frame, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)

    with pytest.raises(UsageError, match="cannot be opened"):
        publish(merchants, frame([]), store)


def test_a_feature_that_comes_back_in_other_letters_is_one_column(store: OnlineStore, merchants: FeatureTable, frame: Frame) -> None:
    publish(merchants, frame([("M1", 10, "low", 1)]), store)
    publish(replace(merchants, features=merchants.features[:1]), frame([("M1", 10, "low", 1)]).drop_columns(["velocity"]), store)
    again = replace(merchants, features=(merchants.features[0], replace(merchants.features[1], name="Velocity")))

    publish(again, frame([("M1", 11, "low", 2)]).rename_columns(["merchant_id", "as_of", "tier", "Velocity"]), store)

    assert store.lookup("merchants", KEY).features == {"tier": "low", "Velocity": 2}


def test_threads_that_ended_hold_no_file_open(store: OnlineStore, merchants: FeatureTable, frame: Frame) -> None:
    publish(merchants, frame([("M1", 10, "low", 1)]), store)
    store.lookup("merchants", KEY)
    before = len(list(Path("/proc/self/fd").iterdir()))

    for _ in range(20):
        reader = threading.Thread(target=store.lookup, args=("merchants", KEY))
        reader.start()
        reader.join()

    assert len(list(Path("/proc/self/fd").iterdir())) <= before + 4
    assert store.lookup("merchants", KEY).features["velocity"] == 1

"""What cannot be stored, or where it cannot be stored: a clear error, or a counted rejection, and the store as it was."""

from __future__ import annotations

import math
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from goldlane.errors import UsageError
from goldlane.features.online import OnlineStore, StoreError, open_store, sqlite_files
from goldlane.features.online.sqlite import SqliteStore
from goldlane.features.publishing import publish

if TYPE_CHECKING:
    from goldlane.features.declarations import FeatureTable

Frame = Callable[..., Any]
KEY = {"merchant_id": "M1"}


def whole(path: Path) -> bool:
    with closing(sqlite3.connect(path)) as connection:
        return bool(connection.execute("PRAGMA integrity_check").fetchone() == ("ok",))


@pytest.fixture
def full_disk(store: OnlineStore, merchants: FeatureTable, frame: Frame, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store with M1, whose file cannot grow any more from here on."""
    publish(merchants, frame([("M1", 1, "low", 1)]), store)
    really_opened = sqlite_files.open_writer

    def opened(path: Path) -> sqlite3.Connection:
        connection = really_opened(path)
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages + 2}")
        return connection

    monkeypatch.setattr("goldlane.features.online.sqlite.open_writer", opened)


@pytest.mark.parametrize("mode", ["triggered", "snapshot"])
@pytest.mark.usefixtures("full_disk")
def test_a_full_disk_leaves_the_store_as_it_was(store: OnlineStore, merchants: FeatureTable, frame: Frame, path: Path, mode: Any) -> None:
    before = store.publications()

    with pytest.raises(StoreError, match="the disk is full; the store is as it was"):
        publish(merchants, frame([(f"M{n}", 2, "low" * 100, 2) for n in range(2000)]), store, mode=mode)

    assert store.lookup("merchants", KEY).features == {"tier": "low", "velocity": 1}
    assert store.publications() == before
    assert whole(path)


@pytest.mark.usefixtures("full_disk")
def test_what_still_fits_can_be_published_after_a_full_disk(
    store: OnlineStore, merchants: FeatureTable, frame: Frame, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(StoreError):
        publish(merchants, frame([(f"M{n}", 2, "low" * 100, 2) for n in range(2000)]), store)
    monkeypatch.undo()

    publish(merchants, frame([("M1", 2, "high", 2)]), store)

    assert store.lookup("merchants", KEY).features == {"tier": "high", "velocity": 2}
    assert whole(path)


AS_NOBODY = """
import os, sys
from goldlane.errors import GoldlaneError
from goldlane.features import FeatureTable, open_store, publish
from goldlane.features.arrow_batches import arrow_schema
table, mine, closed = FeatureTable.from_json(sys.argv[1]), sys.argv[2], sys.argv[3]
rows = arrow_schema(table).empty_table()
publish(table, rows, open_store(mine))
os.seteuid(65534)
try:
    publish(table, rows, open_store(closed))
except GoldlaneError as error:
    print(error.exit_code, error)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody who may not write")
def test_a_folder_that_may_not_be_written_is_named(merchants: FeatureTable) -> None:
    with tempfile.TemporaryDirectory() as open_folder:
        closed = Path(open_folder) / "closed"
        closed.mkdir(mode=0o555)
        Path(open_folder).chmod(0o755)
        places = (f"sqlite:///{open_folder}/mine.db", f"sqlite:///{closed}/online.db")

        done = subprocess.run([sys.executable, "-c", AS_NOBODY, merchants.to_json(), *places], capture_output=True, text=True, check=False)

        assert done.stdout.startswith("2 "), done.stderr
        assert "online.db cannot be opened" in done.stdout
        assert list(closed.iterdir()) == []


def test_a_file_whose_pages_are_damaged_is_named(store: OnlineStore, merchants: FeatureTable, frame: Frame, path: Path) -> None:
    publish(merchants, frame([(f"M{n}", 1, "low" * 50, 1) for n in range(5000)]), store)
    store.close()
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (path.stat().st_size - 4096))

    for damaged in (lambda: store.lookup("merchants", KEY), lambda: publish(merchants, frame([]), store)):
        with pytest.raises(UsageError, match=r"online\.db is not a SQLite file, or is damaged"):
            damaged()


def test_text_of_a_megabyte_and_odd_text_come_back(store: OnlineStore, merchants: FeatureTable, frame: Frame) -> None:
    texts = ["x" * 1_000_000, "漢" * 300_000, "'; DROP TABLE merchants; --", '"', "\n"]

    publish(merchants, frame([(f"M{n}", 1, text, n) for n, text in enumerate(texts)]), store)

    answers = store.lookup_many("merchants", [{"merchant_id": f"M{n}"} for n in range(len(texts))])
    assert [answer.features["tier"] for answer in answers] == texts


def test_words_of_sql_are_names_like_any_other(store: OnlineStore, merchants: FeatureTable, frame: Frame) -> None:
    names = {"merchant_id": "group", "as_of": "order", "tier": "select", "velocity": "where"}
    features = tuple(replace(feature, name=names[feature.name]) for feature in merchants.features)
    table = replace(merchants, name="table", keys=("group",), key_types={}, event_time="order", features=features)
    rows = frame([("M1", 1, "low", 1), ("M2", 1, "low", 2)]).rename_columns(list(names.values()))

    publish(table, rows, store)
    publish(table, rows.slice(1), store, mode="snapshot")

    assert store.lookup("table", {"group": "M2"}).features == {"select": "low", "where": 2}
    assert store.lookup_many("table", [{"group": "M1"}], unknown="empty")[0].as_of is None


def test_nan_and_infinity_have_an_order_among_twins_and_come_back(store: OnlineStore, merchants: FeatureTable, frame: Frame) -> None:
    table = replace(merchants, features=(replace(merchants.features[1], type="double"),))
    rows = frame([(key, 1, "low", 1) for key in ("M1", "M2", "M3", "M3")])
    values = pa.array([math.nan, math.inf, math.inf, -math.inf], pa.float64())

    publish(table, rows.select(["merchant_id", "as_of"]).append_column("velocity", values), store)

    found = [store.lookup(table, {"merchant_id": f"M{n}"}).features["velocity"] for n in (1, 2, 3)]
    assert math.isnan(found[0])
    assert found[1:] == [math.inf, math.inf]


def test_an_event_of_the_far_future_is_kept_and_younger_ones_are_late(store: OnlineStore, merchants: FeatureTable, frame: Frame) -> None:
    century = 24 * 365 * 100
    publish(merchants, frame([("M1", century, "low", 1)]), store)

    published = publish(merchants, frame([("M1", 1, "low", 2)]), store)

    answer = store.lookup("merchants", KEY)
    assert (answer.features["velocity"], published.rows_late) == (1, 1)
    assert answer.age_s is not None
    assert answer.age_s < -86400 * 365 * 50


def test_a_publisher_that_waits_too_long_says_for_whom(
    store: OnlineStore, merchants: FeatureTable, frame: Frame, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(merchants, frame([("M1", 1, "low", 1)]), store)
    monkeypatch.setattr(sqlite_files, "_WAIT_S", 0.1)

    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="held by another publisher for more than"):
            publish(merchants, frame([("M1", 2, "low", 2)]), store)

    assert store.lookup("merchants", KEY).features["velocity"] == 1


def test_a_store_without_a_file_is_no_secret(tmp_path: Path) -> None:
    assert isinstance(open_store(f"sqlite:///{tmp_path}/none.db"), SqliteStore)
    with pytest.raises(UsageError, match="there is no store at"):
        open_store(f"sqlite:///{tmp_path}/none.db").publications()

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import stat
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from goldlane.errors import UsageError
from goldlane.features.declarations import Feature, FeatureTable
from goldlane.features.online import FeatureNotFoundError, OnlineStore, open_store
from goldlane.features.online.answer_lines import exact
from goldlane.features.online.answer_log import AnswerLog
from goldlane.features.online.logged import AsyncLoggedStore, LoggedStore
from goldlane.features.online.opening import with_async_answers_logged
from goldlane.features.publishing import publish
from goldlane.features.replay.logs import read_answers

if TYPE_CHECKING:
    from goldlane.features.online.store import Publication
    from goldlane.testing.postgres_server import PostgresServer

Frame = Callable[..., Any]
READ_AT = datetime(2026, 1, 1, 5, 30, 0, 123456, tzinfo=timezone.utc)
TYPES = {
    "text": "string",
    "flag": "boolean",
    "number": "bigint",
    "ratio": "double",
    "price": "decimal(18,2)",
    "day": "date",
    "moment": "timestamp",
    "clock": "timestamp_ntz",
    "raw": "binary",
}
VALUES = {
    "text": 'quote " newline \n ä',
    "flag": False,
    "number": 2**63 - 1,
    "ratio": 0.1,
    "price": Decimal("1234567890123456.78"),
    "day": date(2026, 2, 28),
    "moment": READ_AT,
    "clock": READ_AT.replace(tzinfo=None),
    "raw": b"\x00\xff",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "answers"


@pytest.fixture
def logged(path: Path, folder: Path) -> Iterator[LoggedStore]:
    store = open_store(f"sqlite:///{path}", answers=folder, sample=1.0)
    assert isinstance(store, LoggedStore)
    yield store
    store.close()


def lines(folder: Path, kind: str = "answer") -> list[dict[str, Any]]:
    texts = [text for file in sorted(folder.glob("*.jsonl")) for text in file.read_text(encoding="utf-8").splitlines()]
    return [line for line in map(json.loads, texts) if line["line"] == kind]


def test_an_answer_is_logged_with_its_question_and_its_instant(
    logged: LoggedStore, folder: Path, merchants: FeatureTable, frame: Frame
) -> None:
    publish(merchants, frame([("M1", 1, "low", 7)]), logged)

    logged.lookup("merchants", {"merchant_id": "M1"}, at=READ_AT)
    logged.close()

    (line,) = lines(folder)
    assert (line["table"], line["key"], line["features"]) == ("merchants", {"merchant_id": "M1"}, {"tier": "low", "velocity": 7})
    assert line["at"] - line["as_of"] == 4.5 * 3600 * 10**6 + 123456
    assert (line["missing"], line["expired"]) == ([], False)


def test_the_instant_of_a_read_without_a_time_is_the_stores_own(
    logged: LoggedStore, folder: Path, merchants: FeatureTable, frame: Frame
) -> None:
    publish(merchants, frame([("M1", 1, "low", 7)]), logged)

    answer = logged.lookup("merchants", {"merchant_id": "M1"})
    logged.close()

    (line,) = lines(folder)
    assert answer.age_s is not None
    assert line["at"] - line["as_of"] == round(answer.age_s * 10**6)


def test_every_type_comes_back_exact(logged: LoggedStore, folder: Path) -> None:
    import pyarrow as pa

    from goldlane.features.arrow_batches import arrow_schema

    table = FeatureTable(
        name="typed",
        keys=("id",),
        event_time="as_of",
        features=tuple(Feature(name=name, type=kind, description=name) for name, kind in TYPES.items()),
    )
    row = {"id": "A", "as_of": READ_AT, **VALUES}
    publish(table, pa.Table.from_pylist([row, {**row, "id": "B", "ratio": float("-inf")}], schema=arrow_schema(table)), logged)

    logged.lookup_many("typed", [{"id": "A"}, {"id": "B"}], at=READ_AT)
    logged.close()

    first, second = lines(folder)
    assert {name: exact(TYPES[name])(value) for name, value in first["features"].items()} == VALUES
    assert exact("double")(second["features"]["ratio"]) == float("-inf")


def test_nan_is_not_null(logged: LoggedStore, folder: Path) -> None:
    import pyarrow as pa

    table = FeatureTable(
        name="ratios", keys=("id",), event_time="as_of", features=(Feature(name="ratio", type="double", description="a ratio"),)
    )
    publish(table, pa.table({"id": ["A", "B"], "as_of": [READ_AT, READ_AT], "ratio": [float("nan"), None]}), logged)

    logged.lookup_many("ratios", [{"id": "A"}, {"id": "B"}], at=READ_AT)
    logged.close()

    assert [(line["features"]["ratio"], line["missing"]) for line in lines(folder)] == [("NaN", []), (None, ["ratio"])]


def test_an_unknown_key_is_logged_however_it_is_told(logged: LoggedStore, folder: Path, merchants: FeatureTable, frame: Frame) -> None:
    publish(merchants, frame([("M1", 1, "low", 7)]), logged)

    logged.lookup("merchants", {"merchant_id": "M2"}, "empty")
    with pytest.raises(FeatureNotFoundError):
        logged.lookup_many("merchants", [{"merchant_id": "M1"}, {"merchant_id": "M3"}], at=READ_AT)
    logged.close()

    told = [(line["key"]["merchant_id"], line["features"], line["missing"]) for line in lines(folder)]
    assert told == [("M2", None, ["tier", "velocity"]), ("M3", None, ["tier", "velocity"])]


def test_lookup_all_logs_every_table(logged: LoggedStore, folder: Path, merchants: FeatureTable, frame: Frame) -> None:
    other = replace(merchants, name="others")
    publish(merchants, frame([("M1", 1, "low", 7)]), logged)
    publish(other, frame([("M1", 1, "high", 8)]), logged)

    answers = logged.lookup_all({"merchants": {"merchant_id": "M1"}, other: {"merchant_id": "M1"}})
    logged.close()

    assert {line["table"]: line["features"]["velocity"] for line in lines(folder)} == {"merchants": 7, "others": 8}
    assert answers[other].features["velocity"] == 8


def test_a_key_is_sampled_always_or_never(path: Path, folder: Path, merchants: FeatureTable, frame: Frame) -> None:
    keys = [{"merchant_id": f"M{number:05}"} for number in range(5000)]
    with_some = open_store(f"sqlite:///{path}", answers=folder, sample=0.1)
    publish(merchants, frame([(key["merchant_id"], 1, "low", 1) for key in keys]), with_some)

    for _ in range(2):
        for key in keys:
            with_some.lookup("merchants", key)
    with_some.lookup_many("merchants", keys)
    with_some.close()

    counts: dict[str, int] = {}
    for line in lines(folder):
        counts[line["key"]["merchant_id"]] = counts.get(line["key"]["merchant_id"], 0) + 1
    assert set(counts.values()) == {3}
    assert 400 < len(counts) < 600


def test_the_order_of_a_keys_columns_does_not_decide(path: Path, folder: Path) -> None:
    half = open_store(f"sqlite:///{path}", answers=folder, sample=0.5)
    assert isinstance(half, LoggedStore)

    keys = [{"a": str(number), "b": number} for number in range(100)]

    assert [half.answers.begin(key) > 0 for key in keys] == [half.answers.begin({"b": key["b"], "a": key["a"]}) > 0 for key in keys]


def test_what_a_caller_does_to_its_answer_is_not_logged(logged: LoggedStore, folder: Path, merchants: FeatureTable, frame: Frame) -> None:
    publish(merchants, frame([("M1", 1, "low", 7)]), logged)

    answer = logged.lookup("merchants", {"merchant_id": "M1"})
    answer.features["velocity"] = -1
    logged.close()

    assert [line["features"]["velocity"] for line in lines(folder)] == [7]


def test_a_sensitive_value_stays_out_of_the_log(logged: LoggedStore, folder: Path, merchants: FeatureTable, frame: Frame) -> None:
    tier, velocity = merchants.features
    publish(replace(merchants, features=(replace(tier, sensitive=True), velocity)), frame([("M1", 1, "secret", 7)]), logged)

    logged.lookup("merchants", {"merchant_id": "M1"})
    logged.close()

    (file,) = folder.iterdir()
    assert "secret" not in file.read_text()
    assert lines(folder)[0]["features"]["tier"] is not None
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_line_says_which_version_of_gold_the_store_equalled(
    logged: LoggedStore, folder: Path, merchants: FeatureTable, gold: Callable[..., Any], storage: Path
) -> None:
    for number in range(3):
        gold([("M1", number, "low", number)])
        publish(merchants, storage, logged)
        logged.lookup("merchants", {"merchant_id": "M1"})
        logged.close()

    told = [(line["features"]["velocity"], line["versions"][1]) for line in lines(folder)]
    assert told == [(0, 0), (1, 1), (2, 2)]
    assert all(line["versions"][0] <= line["versions"][1] for line in lines(folder))


def test_answers_of_two_definitions_are_told_apart(logged: LoggedStore, folder: Path, merchants: FeatureTable, frame: Frame) -> None:
    rows = frame([("M1", 1, "low", 7)])
    publish(merchants, rows, logged)
    logged.lookup("merchants", {"merchant_id": "M1"})
    publish(replace(merchants, features=merchants.features[:1], ttl=timedelta(days=36500)), rows, logged, mode="snapshot")
    logged.lookup("merchants", {"merchant_id": "M1"})
    logged.close()

    declared = {line["definition"]: len(line["declaration"]["features"]) for line in lines(folder, "table")}
    assert [(declared[line["definition"]], list(line["features"])) for line in lines(folder)] == [(2, ["tier", "velocity"]), (1, ["tier"])]


def _read_in_another_process(path: Path, folder: Path) -> None:
    store = open_store(f"sqlite:///{path}", answers=folder, sample=1.0)
    for _ in range(50):
        store.lookup("merchants", {"merchant_id": "M1"})
    # No close: the end of a process writes the rest down.
    sys.exit(0)


def test_several_processes_log_into_one_folder(path: Path, folder: Path, store: OnlineStore, merchants: FeatureTable, frame: Frame) -> None:
    publish(merchants, frame([("M1", 1, "low", 7)]), store)
    processes = [multiprocessing.get_context("spawn").Process(target=_read_in_another_process, args=(path, folder)) for _ in range(2)]

    for process in processes:
        process.start()
    for process in processes:
        process.join()

    assert len(list(folder.iterdir())) == 2
    assert len(lines(folder)) == 100


def test_a_forked_reader_logs_its_own_answers(logged: LoggedStore, folder: Path, merchants: FeatureTable, frame: Frame) -> None:
    publish(merchants, frame([("M1", 1, "low", 7)]), logged)
    logged.lookup("merchants", {"merchant_id": "M1"})
    logged.answers.close()

    child = os.fork()
    if child == 0:
        answer = logged.lookup("merchants", {"merchant_id": "M1"})
        logged.answers.close()
        os._exit(0 if answer.features["velocity"] == 7 else 1)
    _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 0
    assert sorted(file.name.split("-")[2] for file in folder.iterdir()) == sorted(map(str, (os.getpid(), child)))
    assert len(lines(folder)) == 2


def test_what_the_disk_cannot_take_is_counted_and_the_reader_goes_on(
    logged: LoggedStore, folder: Path, merchants: FeatureTable, frame: Frame, caplog: pytest.LogCaptureFixture
) -> None:
    publish(merchants, frame([("M1", 1, "low", 7)]), logged)
    folder.rmdir()
    folder.write_text("no folder any more")

    answer = logged.lookup("merchants", {"merchant_id": "M1"})
    logged.close()

    assert answer.features["velocity"] == 7
    assert (logged.answers.logged, logged.answers.dropped) == (0, 1)
    assert "answers are not logged" in caplog.text


def test_a_full_file_is_followed_by_another_that_explains_itself(tmp_path: Path, merchants: FeatureTable) -> None:
    from goldlane.features.online.answer_files import AnswerFiles

    files = AnswerFiles(tmp_path, full=10)

    for _ in range(2):
        files.explain(merchants)
        files.flush()
    files.close()

    assert len(list(tmp_path.iterdir())) == len(lines(tmp_path, "table")) == 2


def test_an_asyncio_store_is_logged_too(logged: LoggedStore, folder: Path, merchants: FeatureTable, frame: Frame) -> None:
    publish(merchants, frame([("M1", 1, "low", 7)]), logged)
    both = AsyncLoggedStore(_Asyncio(logged.store), logged.answers)

    async def read() -> None:
        await both.lookup("merchants", {"merchant_id": "M1"})
        await both.lookup_many("merchants", [{"merchant_id": "M1"}, {"merchant_id": "M2"}], "empty")
        await both.lookup_all({"merchants": {"merchant_id": "M1"}})
        with pytest.raises(FeatureNotFoundError):
            await both.lookup("merchants", {"merchant_id": "M2"})
        await both.close()

    asyncio.run(read())

    assert [line["key"]["merchant_id"] for line in lines(folder)] == ["M1", "M1", "M2", "M1", "M2"]


def test_postgres_is_logged_from_threads_and_from_asyncio(
    postgres_server: PostgresServer, folder: Path, merchants: FeatureTable, gold: Callable[..., Any], storage: Path
) -> None:
    url = postgres_server.new_schema()
    store = open_store(url, answers=folder, sample=1.0)
    gold([("M1", 1, "low", 7)])
    publish(merchants, storage, store)

    async def read() -> None:
        both = with_async_answers_logged(url, folder, 1.0)
        await both.lookup("merchants", {"merchant_id": "M1"})
        with pytest.raises(FeatureNotFoundError):
            await both.lookup_many("merchants", [{"merchant_id": "M1"}, {"merchant_id": "M2"}])
        await both.close()

    store.lookup("merchants", {"merchant_id": "M1"}, at=READ_AT)
    store.lookup_all({"merchants": {"merchant_id": "M2"}}, "empty")
    store.close()
    asyncio.run(read())

    told = [(line["key"]["merchant_id"], line["features"] and line["features"]["velocity"], line["versions"]) for line in lines(folder)]
    assert sorted(told, key=str) == [("M1", 7, [0, 0])] * 2 + [("M2", None, [0, 0])] * 2


def test_the_loop_goes_on_while_the_log_asks_the_store(logged: LoggedStore, folder: Path, merchants: FeatureTable, frame: Frame) -> None:
    publish(merchants, frame([("M1", 1, "low", 7)]), logged)

    def asked() -> tuple[Publication, ...]:
        time.sleep(0.3)
        return logged.store.publications()

    both = AsyncLoggedStore(_Asyncio(logged.store), AnswerLog(folder, 1.0, asked))

    async def longest_pause() -> float:
        reading, longest, last = asyncio.create_task(_read_and_close(both)), 0.0, time.monotonic()
        while not reading.done():
            await asyncio.sleep(0.01)
            longest, last = max(longest, time.monotonic() - last), time.monotonic()
        await reading
        return longest

    assert asyncio.run(longest_pause()) < 0.25
    assert len(lines(folder)) == 1


async def _read_and_close(store: AsyncLoggedStore) -> None:
    await store.lookup("merchants", {"merchant_id": "M1"})
    await store.close()


class _Asyncio:
    """A store behind ``await``."""

    def __init__(self, store: OnlineStore) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        async def call(*arguments: Any, **options: Any) -> Any:
            return getattr(self._store, name)(*arguments, **options)

        return call


@pytest.mark.parametrize("sample", [0, -0.1, 1.5, "all"])
def test_a_sample_is_a_share(path: Path, folder: Path, sample: Any) -> None:
    with pytest.raises(UsageError, match="sample is the share of keys"):
        open_store(f"sqlite:///{path}", answers=folder, sample=sample)


def test_a_file_is_no_folder_for_answers(path: Path, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")

    with pytest.raises(UsageError, match=r"the answers' folder .*taken cannot be made"):
        open_store(f"sqlite:///{path}", answers=tmp_path / "taken")


def test_a_feature_that_becomes_sensitive_while_a_file_is_open_is_told(
    logged: LoggedStore, folder: Path, merchants: FeatureTable, frame: Frame
) -> None:
    tier, velocity = merchants.features
    publish(merchants, frame([("M1", 1, "low", 7)]), logged)
    logged.lookup("merchants", {"merchant_id": "M1"})
    deadline = time.monotonic() + 10
    while not logged.answers.logged and time.monotonic() < deadline:
        time.sleep(0.02)
    publish(replace(merchants, features=(replace(tier, sensitive=True), velocity)), frame([("M1", 2, "high", 8)]), logged)
    logged.lookup("merchants", {"merchant_id": "M1"})
    logged.close()

    read = read_answers(folder)

    assert [each.served.table.features[0].sensitive for each in read.answers] == [False, True]
    assert [each.features["tier"] == "low" for each in read.answers if each.features] == [True, False]
    assert len(list(folder.glob("*.jsonl"))) == 1


def test_a_publish_that_finds_no_news_does_not_make_the_served_rows_younger(
    logged: LoggedStore, folder: Path, merchants: FeatureTable, storage: Path, gold: Callable[..., Any]
) -> None:
    gold([("M1", 1, "low", 7)])
    for _ in range(2):
        publish(merchants, storage, logged)
        logged.lookup("merchants", {"merchant_id": "M1"})
        logged.close()

    first, second = (line["published_at"] for line in lines(folder))
    assert first is not None
    assert first == second

"""The event log, written and read without Spark."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from goldlane.errors import UsageError
from goldlane.pipelines.eventlog import read_events
from goldlane.pipelines.events import Event, EventLog
from goldlane.pipelines.storage import Storage

COLUMNS = ["id", "sequence", "origin", "timestamp", "message", "level", "maturity_level", "error", "details", "event_type"]


def log(storage: Storage, update: str) -> EventLog:
    return EventLog(storage.events, {"pipeline_id": "lane", "pipeline_name": "lane", "update_id": update, "host": "here"})


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    place = Storage(tmp_path)
    place.open()
    return place


def test_an_event_is_a_row_in_the_platforms_columns(storage: Storage) -> None:
    events = log(storage, "u1")

    events.emit(Event(event_type="flow_progress", message="done", origin={"dataset_name": "default.a"}, details={"status": "COMPLETED"}))
    events.flush()

    (row,) = read_events(storage.root)
    assert list(row) == COLUMNS
    assert json.loads(row["details"]) == {"flow_progress": {"status": "COMPLETED"}}
    assert (row["event_type"], row["message"], row["level"], row["error"]) == ("flow_progress", "done", "INFO", None)
    assert (row["origin"]["dataset_name"], row["origin"]["update_id"]) == ("default.a", "u1")


def test_events_of_an_update_are_numbered_in_order(storage: Storage) -> None:
    events = log(storage, "u1")

    for number in range(3):
        events.emit(Event(event_type="user_action", message=str(number)))
    events.flush()

    rows = read_events(storage.root)
    assert [(row["message"], row["sequence"]["data_plane_id"]["seq_no"]) for row in rows] == [("0", 1), ("1", 2), ("2", 3)]


def test_several_updates_share_one_log_and_each_is_found_again(storage: Storage) -> None:
    for update in ("aaa-1", "bbb-2"):
        events = log(storage, update)
        events.emit(Event(event_type="create_update", message=f"{update} began"))
        events.flush()

    assert [row["message"] for row in read_events(storage.root)] == ["aaa-1 began", "bbb-2 began"]
    assert [row["message"] for row in read_events(storage.root, update="aaa")] == ["aaa-1 began"]
    assert [row["message"] for row in read_events(storage.root, update="last")] == ["bbb-2 began"]
    with pytest.raises(UsageError, match="has no update 'ccc'"):
        read_events(storage.root, update="ccc")


def test_listeners_hear_each_event_at_once(tmp_path: Path) -> None:
    heard: list[str] = []
    events = EventLog(tmp_path / "events", {"update_id": "u"}, (lambda event: heard.append(event.message),))

    events.emit(Event(event_type="user_action", message="now"))

    assert heard == ["now"]


def test_a_flush_of_nothing_writes_nothing(tmp_path: Path) -> None:
    EventLog(tmp_path / "events", {"update_id": "u"}).flush()

    assert not (tmp_path / "events").exists()


def test_a_storage_without_events_has_none(storage: Storage) -> None:
    assert read_events(storage.root) == []


def test_a_folder_that_is_no_storage_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no Goldlane storage"):
        read_events(tmp_path / "nowhere")


def test_a_log_in_a_folder_with_a_blank_and_an_umlaut_is_read_back(tmp_path: Path) -> None:
    storage = Storage(tmp_path / "mein Läger")
    storage.open()
    log = EventLog(storage.events, {"update_id": "u1"})
    for message in ("first", "second"):
        log.emit(Event(event_type="update_progress", message=message))
        log.flush()

    assert [row["message"] for row in read_events(storage.root, update="last")] == ["first", "second"]

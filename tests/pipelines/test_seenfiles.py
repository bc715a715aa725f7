"""What a file stream's checkpoint says it has read; anything doubtful in it is no answer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from goldlane.pipelines.seenfiles import seen_files


def write(log: Path, name: str, *paths: str) -> None:
    log.mkdir(exist_ok=True)
    entries = [json.dumps({"path": path, "timestamp": 1, "batchId": 0}) for path in paths]
    (log / name).write_text("\n".join(["v1", *entries]))


def write_batches(log: Path, numbers: Sequence[int]) -> None:
    for number in numbers:
        write(log, str(number), f"file:///l/{number}.json")


def test_the_files_of_all_batches_are_seen_under_their_plain_names(tmp_path: Path) -> None:
    write(tmp_path / "log", "0", "file:///l/a%20b.json", "file:///l/100%2525.json")
    write(tmp_path / "log", "1", "file:/l/c.json")

    assert seen_files(tmp_path / "log", 1) == {"file:/l/a b.json", "file:/l/100%25.json", "file:/l/c.json"}


def test_a_compact_batch_stands_for_all_before_it(tmp_path: Path) -> None:
    write_batches(tmp_path / "log", [8, 9, 10])
    write(tmp_path / "log", "9.compact", *(f"file:///l/{number}.json" for number in range(10)))

    assert seen_files(tmp_path / "log", 10) == {f"file:/l/{number}.json" for number in range(11)}


def test_a_log_with_a_gap_or_beyond_the_checkpoint_or_of_another_version_is_no_answer(tmp_path: Path) -> None:
    write_batches(tmp_path / "log", [0, 1, 3])
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "0").write_text("v2\n")

    assert seen_files(tmp_path / "log", 3) is None
    assert seen_files(tmp_path / "log", 1) is None
    assert seen_files(tmp_path / "other", 0) is None
    assert seen_files(tmp_path / "none", 0) is None

"""Paths of the platform on this machine: for Spark, for ``dbutils`` and for plain Python."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from goldlane.pipelines.localfiles import local_files
from goldlane.pipelines.paths import mapped_path
from goldlane.pipelines.surroundings import find_around, folders_around, hides_python

MAPPED = {"/Volumes/main/raw": "/here/raw", "/Volumes/main/raw/deep": "/here/deep", "s3://bucket": "/here/bucket", "dbfs:/mnt/x": "/here/x"}


@pytest.mark.parametrize(
    "path, expected",
    [
        ("/Volumes/main/raw/a.csv", "/here/raw/a.csv"),
        ("/Volumes/main/raw", "/here/raw"),
        ("/Volumes/main/raw/deep/a.csv", "/here/deep/a.csv"),
        ("dbfs:/Volumes/main/raw/a.csv", "/here/raw/a.csv"),
        ("/Volumes/main/rawer/a.csv", "/Volumes/main/rawer/a.csv"),
        ("s3a://bucket/a", "/here/bucket/a"),
        ("s3://bucket/a", "/here/bucket/a"),
        ("/mnt/x/a", "/here/x/a"),
        ("/dbfs/mnt/x/a", "/here/x/a"),
        ("abfss://c@account/a", "abfss://c@account/a"),
    ],
)
def test_the_longest_prefix_in_whatever_spelling_is_replaced(path: str, expected: str) -> None:
    assert mapped_path(path, MAPPED) == expected


def test_a_mapped_root_takes_every_path() -> None:
    assert mapped_path("/any/where", {"/": "/here"}) == "/here/any/where"


def test_plain_python_goes_where_the_prefix_is_mapped_to_and_nowhere_else_afterwards(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw/settings.json").write_text("[1]", encoding="utf-8")
    path = "/Volumes/main/raw/settings.json"

    with local_files({"/Volumes/main/raw": str(tmp_path / "raw")}, ()):
        with open(path) as opened:  # noqa: PTH123  what public code says
            assert json.load(opened) == [1]
        assert Path(path).read_text(encoding="utf-8") == "[1]"
        assert os.listdir("/Volumes/main/raw") == ["settings.json"]  # noqa: PTH208  as above
        assert Path("/dbfs/Volumes/main/raw").is_dir()
        assert not Path("/Volumes/main/other").exists()

    assert not Path(path).exists()


def test_a_file_of_the_workspace_is_found_around_the_sources(tmp_path: Path) -> None:
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf/a.yml").write_text("a", encoding="utf-8")

    with local_files({}, (tmp_path / "lane", tmp_path)):
        assert Path("/Workspace/Repos/me/project/conf/a.yml").read_text(encoding="utf-8") == "a"
        assert not Path("/Workspace/Repos/me/project/conf/b.yml").exists()


def test_the_folders_around_sources_end_at_their_checkout(tmp_path: Path) -> None:
    file = tmp_path / "work/repo/src/app/lane/a.py"
    file.parent.mkdir(parents=True)
    (tmp_path / "work/repo/.git").mkdir()

    found = folders_around([file], file.parent)

    assert [str(folder.relative_to(tmp_path)) for folder in found] == [
        "work/repo/src/app/lane",
        "work/repo/src/app",
        "work/repo/src",
        "work/repo",
    ]


def test_the_longest_end_of_a_path_wins(tmp_path: Path) -> None:
    for place in ("lib/setup.py", "setup.py"):
        (tmp_path / place).parent.mkdir(exist_ok=True)
        (tmp_path / place).write_text("", encoding="utf-8")

    assert find_around("/Repos/me/lib/setup", [tmp_path], ("", ".py")) == tmp_path / "lib/setup.py"
    assert find_around("/Repos/me/nothing", [tmp_path], ("", ".py")) is None


def test_a_folder_that_hides_a_module_of_python_is_known(tmp_path: Path) -> None:
    (tmp_path / "good").mkdir()
    (tmp_path / "good/dates.py").write_text("", encoding="utf-8")
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad/calendar.py").write_text("", encoding="utf-8")

    assert [hides_python(tmp_path / name) for name in ("good", "bad")] == [False, True]

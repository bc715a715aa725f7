"""Files that tests land, without a session."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from goldlane.errors import UsageError
from goldlane.testing.landing import Landing


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    return Landing(tmp_path / "files", {})


@pytest.mark.parametrize(
    "rows",
    [{"id": 1, "n": "a"}, [{"id": 1, "n": "a"}], pd.DataFrame({"id": [1], "n": ["a"]}), pa.table({"id": [1], "n": ["a"]})],
    ids=["one row", "rows", "pandas", "Arrow"],
)
def test_rows_of_every_kind_become_lines(landing: Landing, rows: Any) -> None:
    file = landing.add("/Volumes/shop/landing/orders", rows)

    assert json.loads(file.read_text(encoding="utf-8")) == {"id": 1, "n": "a"}


@pytest.mark.parametrize(
    "content,message",
    [
        ([(1, 2)], "rows of '/Volumes/shop/a.json' are tuples, so their columns have no names"),
        ([1], "1 is no row"),
        (None, "rows of '/Volumes/shop/a.json' are NoneType"),
    ],
)
def test_what_is_no_row_with_names_is_refused_and_no_file_arrives(landing: Landing, content: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        landing.add("/Volumes/shop/a.json", content)

    assert not [file for place in landing.paths.values() for file in Path(place).glob("**/*") if file.is_file()]


@pytest.mark.parametrize("path", ["/landing", "/mnt/orders.json", "/Volumes/x/y", "/dbfs/tmp/a.csv"])
def test_the_platforms_paths_are_never_this_machines_own(landing: Landing, tmp_path: Path, path: str) -> None:
    file = landing.add(path, [{"id": 1}])

    assert tmp_path in file.parents
    assert [path.startswith(root) for root in landing.paths] == [True]


def test_a_folder_of_the_test_is_written_to_as_it_is(landing: Landing, tmp_path: Path) -> None:
    assert landing.add(str(tmp_path / "a.json"), [{"id": 1}]) == tmp_path / "a.json"

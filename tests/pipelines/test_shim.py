"""Serving ``import dlt``, and giving back what was there before."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from goldlane.pipelines.api import NAMES
from goldlane.pipelines.shim import SPELLINGS, served_modules


def test_every_spelling_is_one_module_with_all_names(tmp_path: Path) -> None:
    with served_modules(tmp_path):
        served = [importlib.import_module(spelling) for spelling in SPELLINGS]
        from pyspark import pipelines as dp

        assert served == [dp] * 3
        assert sorted(NAMES) == dp.__all__
        assert importlib.util.find_spec("dlt") is not None


@pytest.mark.parametrize("fails", [False, True])
def test_modules_and_path_are_as_they_were_before(tmp_path: Path, *, fails: bool) -> None:
    importlib.import_module("pyspark.sql")
    modules, path, attributes = dict(sys.modules), list(sys.path), set(vars(sys.modules["pyspark"]))

    with contextlib.suppress(ModuleNotFoundError), served_modules(tmp_path):
        importlib.import_module("dlt")
        sys.path.append("/their/own")
        importlib.import_module("no_such_module" if fails else "dlt")

    assert {name: module for name, module in sys.modules.items() if name.split(".")[0] in {"dlt", "databricks", "pyspark"}} == {
        name: module for name, module in modules.items() if name.split(".")[0] in {"dlt", "databricks", "pyspark"}
    }
    assert sys.path == path
    assert set(vars(sys.modules["pyspark"])) == attributes


def test_modules_of_those_names_that_were_there_come_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = {spelling: ModuleType(spelling) for spelling in (*SPELLINGS, "databricks")}
    theirs["databricks"].pipelines = theirs["databricks.pipelines"]  # type: ignore[attr-defined]
    for name, module in theirs.items():
        monkeypatch.setitem(sys.modules, name, module)

    with served_modules(tmp_path):
        import dlt
        from databricks import pipelines

        assert dlt is pipelines
        assert dlt is not theirs["dlt"]

    assert {name: sys.modules[name] for name in theirs} == theirs
    assert sys.modules["databricks"].pipelines is theirs["databricks.pipelines"]


Write = Callable[[str, str], None]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def put(name: str, text: str) -> None:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    return put


@pytest.mark.parametrize(
    "files, statement",
    [
        pytest.param(["shapes.py"], "from shapes import side", id="module"),
        pytest.param(["forms/__init__.py", "forms/shapes.py"], "from forms.shapes import side", id="package"),
        pytest.param(["forms/shapes.py"], "from forms.shapes import side", id="folder without __init__"),
        pytest.param(["forms/deep/shapes.py"], "from forms.deep import shapes; side = shapes.side", id="folders without __init__"),
    ],
)
def test_an_edited_helper_is_seen_by_the_next_load(tmp_path: Path, write: Write, files: list[str], statement: str) -> None:
    for name in files[:-1]:
        write(name, "")
    seen = []

    for text in ("side = 'left'", "side = 'on the right'"):
        write(files[-1], text)
        names: dict[str, str] = {}
        with served_modules(tmp_path):
            exec(statement, names)  # noqa: S102  as a source file would
        seen.append(names["side"])

    assert seen == ["left", "on the right"]
    assert [name for name in sys.modules if name.split(".")[0] in {"shapes", "forms"}] == []


def test_a_module_that_was_there_before_the_load_stays_and_forgets_what_the_load_put_in_it(
    tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("household/__init__.py", "")
    write("household/room.py", "")
    monkeypatch.syspath_prepend(tmp_path)
    household = importlib.import_module("household")
    monkeypatch.setitem(sys.modules, "household", household)

    with served_modules(tmp_path):
        importlib.import_module("household.room")

    assert sys.modules["household"] is household
    assert "household.room" not in sys.modules
    assert not hasattr(household, "room")


def test_modules_from_elsewhere_and_our_own_stay(tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write("elsewhere/guest.py", "")
    write("root/local.py", "")
    monkeypatch.syspath_prepend(tmp_path / "elsewhere")
    monkeypatch.delitem(sys.modules, "goldlane.pipelines.notebooks", raising=False)

    with served_modules(tmp_path / "root"):
        for name in ("guest", "local", "goldlane.pipelines.notebooks"):
            importlib.import_module(name)

    assert "guest" in sys.modules
    assert "goldlane.pipelines.notebooks" in sys.modules
    assert "local" not in sys.modules
    del sys.modules["guest"]

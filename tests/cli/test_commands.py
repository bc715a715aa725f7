"""Mistakes that are seen before any Spark session is there, and lookups: exit codes, one clear line, one JSON document."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from goldlane import __version__
from goldlane.features import Feature, FeatureTable, open_store, publish

Goldlane = Callable[..., Any]
ROOT = Path(__file__).resolve().parents[2]
ERROR = {"class", "message", "hint", "file", "line"}


def written(file: str, text: str) -> Path:
    path = Path(file)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path.resolve()


@pytest.mark.parametrize(
    "arguments,message",
    [
        ("rnu", "No such command 'rnu'. Did you mean 'run'?\n  next: goldlane --help"),
        ("run --nope", "No such option: --nope"),
        ("run p.py --refresh", "'--refresh' requires an argument"),
        ("run", "no SOURCE given, and no [tool.goldlane] pipelines"),
        ("run empty", "empty holds no .py file, notebook or SQL file of a pipeline"),
        ("run q.py", "q.py does not exist; did you mean p.py?"),
        ("run *.ipynb", "*.ipynb does not exist"),
        ("run p.py --conf abc --conf =x", "--conf takes KEY=VALUE, not 'abc', '=x'"),
        ("run p.py --input abc", "--input takes KEY=VALUE, not 'abc'"),
        ("run p.py --map abc", "--map takes KEY=VALUE, not 'abc'"),
        ("run p.py --storage file", "file cannot be used: Not a directory\n  next: --storage names a folder that can be written"),
        ("run p.py --storage file/below", "file/below cannot be used: Not a directory"),
        ("graph empty", "empty holds no .py file, notebook or SQL file of a pipeline"),
        ("graph p.py --format xml", "'xml' is not one of 'text', 'mermaid', 'json'"),
        ("events --storage nowhere", "nowhere is no Goldlane storage"),
        ("events --storage file", "file is no Goldlane storage"),
        ("events --storage empty", "empty is no Goldlane storage"),
        ("events", ".goldlane/storage is no Goldlane storage"),
        ("publish", "no feature tables are declared"),
        ("lookup", "Missing argument 'TABLE'"),
        ("lookup merchants", "Missing argument 'KEY=VALUE...'"),
        ("lookup merchants merchant_id=M1", "there is no store at"),
        ("sample below", "this project has no sample data"),
        ("demo", "this project has no demo"),
    ],
)
def test_a_mistake_is_exit_2_and_one_clear_line(goldlane: Goldlane, arguments: str, message: str) -> None:
    Path("empty").mkdir()
    written("file", "")
    written("p.py", "")

    ran = goldlane(*arguments.split())

    assert (ran.code, ran.out) == (2, "")
    assert message in ran.complaint
    assert sorted(path.name for path in Path().iterdir()) == ["empty", "file", "p.py"]


@pytest.mark.parametrize("arguments", ["run --nope", "run empty", "events --storage file", "lookup merchants merchant_id=M1", "publish"])
def test_with_json_a_mistake_is_one_document(goldlane: Goldlane, arguments: str) -> None:
    Path("empty").mkdir()

    ran = goldlane(*arguments.split(), "--json")

    assert (ran.code, set(ran.document), set(ran.document["error"])) == (2, {"error"}, ERROR)
    assert ran.document["error"]["message"] in ran.complaint


@pytest.mark.parametrize(
    "arguments,hint",
    [
        ("run p.py --input abc", "as in --input crm.customers=customers.csv"),
        ("run p.py --map abc", "as in --map /Volumes/main/raw=landing"),
        ("lookup merchants M1", "as in goldlane lookup customer_features customer_id=C1"),
        ("lookup merchants a=1 a=2", "say each column of the key once"),
        ("serve", "goldlane token create --tokens FILE makes one, --insecure serves this machine only"),
        ("job refresh", "say --bundle DIR, or go there"),
        ("check", "name a file or folder, or set pipelines there"),
        ("init file", "name a new folder"),
        ("report --storage empty", "name the folder that `goldlane run --storage` wrote to"),
        ("monitor", 'set monitors = "package.module:NAME" under [tool.goldlane] in pyproject.toml'),
        ("replay", "goldlane replay --answers FOLDER"),
        ("token list --tokens nowhere.json", "goldlane token create makes it"),
        ("maintain --storage file", "name the folder that `goldlane run --storage` wrote to"),
    ],
)
def test_the_next_step_is_told(goldlane: Goldlane, arguments: str, hint: str) -> None:
    Path("empty").mkdir()
    written("file", "")
    written("p.py", "")

    ran = goldlane(*arguments.split())

    assert (ran.code, ran.out, ran.complaint.count("\n")) == (2, "", 2)
    assert ran.complaint.endswith(f"\n  next: {hint}\n")


def test_wrong_settings_are_told_with_the_next_step(goldlane: Goldlane) -> None:
    written("pyproject.toml", "[tool.goldlane]\nstorge = 'x'\n")

    assert goldlane("events").complaint.endswith("\n  next: mend the file: every command reads it\n")


@pytest.mark.parametrize("group", ["token", "bundle"])
def test_a_group_without_a_command_shows_what_there_is(goldlane: Goldlane, group: str) -> None:
    ran = goldlane(group)

    assert (ran.code, ran.err) == (2, "")
    assert ran.out.startswith(f"Usage: goldlane {group} [OPTIONS] COMMAND [ARGS]...")


@pytest.mark.parametrize("arguments", ["create --tokens file", "revoke x --tokens nowhere.json"])
def test_no_lock_is_left_beside_what_is_no_file_of_tokens(goldlane: Goldlane, arguments: str) -> None:
    written("file", "mine")

    ran = goldlane("token", *arguments.split())

    assert ran.code == 2
    assert [path.name for path in Path().iterdir()] == ["file"]


def test_the_version_is_the_packages(goldlane: Goldlane) -> None:
    ran = goldlane("--version")

    assert (ran.code, ran.out, ran.err) == (0, f"goldlane {__version__}\n", "")


def test_no_arguments_show_what_there_is(goldlane: Goldlane) -> None:
    ran = goldlane()

    assert (ran.code, ran.err) == (2, "")
    assert all(command in ran.out for command in ("demo", "sample", "run", "graph", "events", "publish", "lookup"))


def test_a_demo_leaves_a_folder_alone_that_no_demo_made(goldlane: Goldlane, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    mine = written("mine/thesis.txt", "three years of work")
    monkeypatch.chdir(ROOT)

    ran = goldlane("demo", "--dir", tmp_path / "mine")

    assert (ran.code, ran.out) == (2, "")
    assert "mine is not empty, and no demo made it\n  next: name a new folder with --dir" in ran.complaint
    assert mine.read_text() == "three years of work"


@pytest.mark.parametrize("folder,message", [("file", "file is a file"), ("file/below", "cannot write to")])
def test_a_demo_says_which_folder_it_cannot_use(
    goldlane: Goldlane, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, folder: str, message: str
) -> None:
    written("file", "")
    monkeypatch.chdir(ROOT)

    ran = goldlane("demo", "--dir", tmp_path / folder)

    assert ran.code == 2
    assert message in ran.complaint


# Lookups: the store is a real one.

MERCHANTS = FeatureTable(
    name="merchants", keys=("merchant_id",), event_time="as_of", features=(Feature(name="sales", type="bigint", description="sales"),)
)
AS_OF = datetime(2026, 1, 31, 10, tzinfo=timezone.utc)


@pytest.fixture
def store(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path}/online.db"
    rows = {"merchant_id": ["M1", "O'Brien"], "as_of": pa.array([AS_OF, AS_OF], pa.timestamp("us", "UTC")), "sales": [3, 4]}
    publish(MERCHANTS, pa.table(rows), open_store(url))
    return url


def test_a_lookup_answers_in_the_contracts_shape(goldlane: Goldlane, store: str) -> None:
    ran = goldlane("lookup", "--store", store, "merchants", "merchant_id=M1", "--json")

    assert ran.code == 0
    assert list(ran.document) == ["merchant_id", "features", "as_of", "age_s", "missing", "expired"]
    assert (ran.document["features"], ran.document["as_of"]) == ({"sales": 3}, "2026-01-31T10:00:00Z")


@pytest.mark.parametrize("key", ["M9", "", "M1' OR '1'='1", "'; DROP TABLE merchants; --", 'M"1', "M1\x00", "%", "\N{SNOWMAN}"])
def test_a_key_is_a_value_whatever_it_spells(goldlane: Goldlane, store: str, key: str) -> None:
    ran = goldlane("lookup", "--store", store, "merchants", f"merchant_id={key}", "--json")

    assert (ran.code, ran.document["error"]["class"]) == (1, "FeatureNotFoundError")
    assert "merchants has no row for" in ran.complaint
    assert goldlane("lookup", "--store", store, "merchants", "merchant_id=O'Brien", "--json").document["features"] == {"sales": 4}


def test_an_unknown_table_is_named_beside_those_there_are(goldlane: Goldlane, store: str) -> None:
    ran = goldlane("lookup", "--store", store, "merchant; DROP TABLE merchants", "merchant_id=M1")

    assert ran.code == 2
    assert "has no table 'merchant; DROP TABLE merchants'; it has merchants" in ran.complaint


# Code of the project that a command needs.


@pytest.mark.parametrize(
    "text,line,message",
    [
        ("def tables(:\n", 1, "not valid Python: invalid syntax"),
        ("import json\nimport no_such_module\n", 2, "an import failed: ModuleNotFoundError: No module named 'no_such_module'"),
        ("1 / 0\n", 1, "an import failed: ZeroDivisionError: division by zero"),
    ],
)
def test_a_project_whose_code_does_not_import_is_told_the_line(goldlane: Goldlane, text: str, line: int, message: str) -> None:
    module = f"declared_{abs(hash(text))}"  # a module that was imported once stays
    written("pyproject.toml", f'[tool.goldlane]\nfeatures = "{module}"\n')
    source = written(f"{module}.py", text)

    ran = goldlane("publish", "--json")

    error = ran.document["error"]
    assert (ran.code, error["file"], error["line"]) == (2, str(source), line)
    assert message in error["message"]
    assert f"[tool.goldlane] features = '{module}' needs it" in ran.complaint


@pytest.mark.parametrize(
    "settings,message",
    [
        ("[tool.goldlane\n", "not valid TOML"),
        ("[tool.goldlane]\nstorge = 'x'\nstore = 3\n", "unknown setting 'storge'"),
        ("[tool.goldlane]\ndemo = 'no_such_module:run'\n", "there is no module 'no_such_module'"),
    ],
)
def test_wrong_settings_are_named_with_their_file(goldlane: Goldlane, settings: str, message: str) -> None:
    written("pyproject.toml", settings)

    ran = goldlane("demo")

    assert ran.code == 2
    assert message in ran.complaint

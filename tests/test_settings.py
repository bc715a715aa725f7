from __future__ import annotations

import sys
from pathlib import Path

import pytest

from goldlane.errors import Mistakes, UsageError
from goldlane.settings import Settings, load_object, read_settings


def project(folder: Path, text: str) -> Path:
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")
    return folder


def test_a_project_without_our_table_has_the_defaults_and_its_name(tmp_path: Path) -> None:
    assert read_settings(project(tmp_path, '[project]\nname = "shop"\n')) == Settings(root=tmp_path, name="shop")


def test_settings_are_those_of_the_nearest_parent_and_paths_start_there(tmp_path: Path) -> None:
    project(tmp_path, '[tool.goldlane]\npipelines = "lane"\nrules = ["a", "b"]\nstorage = "here"\n')
    (tmp_path / "deep" / "er").mkdir(parents=True)

    settings = read_settings(tmp_path / "deep" / "er")

    assert settings == Settings(root=tmp_path, pipelines=("lane",), rules=("a", "b"), storage="here")
    assert settings.path(settings.storage) == tmp_path / "here"


def test_every_wrong_setting_is_reported_at_once(tmp_path: Path) -> None:
    project(tmp_path, '[tool.goldlane]\nstorages = "x"\nstore = 3\nfeatures = ["a"]\npipelines = [1]\n')

    with pytest.raises(Mistakes) as refused:
        read_settings(tmp_path)

    assert len(refused.value.mistakes) == 4
    assert "unknown setting 'storages'" in str(refused.value)
    assert "features must be one text, not a list" in str(refused.value)


def test_a_file_that_is_no_toml_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"pyproject\.toml: not valid TOML"):
        read_settings(project(tmp_path, "[tool"))


def test_a_mistake_in_toml_is_told_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as refused:
        read_settings(project(tmp_path, "[project]\nname = 'shop'\nversion = = 1\n"))

    assert (refused.value.file, refused.value.line) == (str(tmp_path / "pyproject.toml"), 3)
    assert refused.value.hint == "mend the file: every command reads it"


@pytest.mark.parametrize(
    "text, words",
    [
        ('[tool]\ngoldlane = "x"\n', r"\[tool.goldlane\] must be a table, not 'x'"),
        ('tool = "x"\n', r"\[tool\] must be a table, not 'x'"),
        ("project = 3\n", r"\[project\] must be a table, not 3"),
        ("[tool]\ngoldlane = [1]\n", r"\[tool.goldlane\] must be a table, not \[1\]"),
    ],
)
def test_a_value_where_a_table_belongs_is_named(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        read_settings(project(tmp_path, text))


def test_a_file_that_is_not_utf_8_is_named(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_bytes(b"[project]\nname = 'caf\xe9'\n")

    with pytest.raises(UsageError, match=r"pyproject\.toml: not UTF-8: byte \d+ \(save it as UTF-8\)"):
        read_settings(tmp_path)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(file: Path, encoding: str) -> str:
        raise PermissionError(13, "Permission denied", str(file), encoding)

    project(tmp_path, "")
    # Root may read everything.
    monkeypatch.setattr(Path, "read_text", refuse)

    with pytest.raises(UsageError, match=r"pyproject\.toml: cannot be read: Permission denied"):
        read_settings(tmp_path)


@pytest.fixture
def application(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    (tmp_path / "an_application.py").write_text("ANSWER = 42\n", encoding="utf-8")
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "an_application", raising=False)
    return Settings(root=tmp_path)


def test_an_object_is_found_by_module_and_name(application: Settings) -> None:
    assert load_object("an_application:ANSWER", application, setting="demo") == 42
    assert load_object("an_application", application, setting="features").ANSWER == 42
    del sys.modules["an_application"]


@pytest.mark.parametrize(
    "reference, words",
    [("no_such_application:x", "demo = 'no_such_application:x': there is no module"), ("an_application:x", "an_application has no 'x'")],
)
def test_an_object_that_is_not_there_is_named_with_its_setting(application: Settings, reference: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        load_object(reference, application, setting="demo")
    sys.modules.pop("an_application", None)

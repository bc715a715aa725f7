"""``goldlane init``: the project that it writes, by its own two commands."""

from __future__ import annotations

import ast
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from ruamel.yaml import YAML

from goldlane.bundles.validation import validate
from goldlane.settings import read_settings

BIN = Path(sys.executable).parent


def typed(*words: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("projects") / "My Shop"
    done = typed("goldlane", "init", str(folder))
    assert done.returncode == 0, done.stderr
    return folder


def test_it_says_what_it_wrote_and_what_to_do_next(tmp_path: Path) -> None:
    done = typed("goldlane", "init", str(tmp_path / "shop"))

    assert done.stdout.splitlines() == ["shop is there. Next:", f"  cd {tmp_path / 'shop'}", "  make test", "  make features"]
    assert sorted(map(Path, done.stderr.split())) == sorted(path for path in (tmp_path / "shop").rglob("*") if path.is_file())


def test_the_project_is_called_as_its_folder_and_nothing_is_left_to_fill_in(project: Path) -> None:
    files = {path.relative_to(project).as_posix(): path.read_text() for path in project.rglob("*") if path.is_file()}

    assert [name for name, text in files.items() if "{{" in text or name.endswith(".template")] == []
    assert files["README.md"].startswith("# my-shop\n")
    assert YAML(typ="safe").load(files["databricks.yml"])["bundle"] == {"name": "my-shop"}
    assert {".gitignore", "Makefile", "pyproject.toml", "features.py", "rules.py"} <= set(files)


@pytest.mark.parametrize("folder", ["2024", "true", "null", "1e3"])
def test_a_bundle_s_name_is_text_whatever_the_folder_is_called(tmp_path: Path, folder: str) -> None:
    typed("goldlane", "init", str(tmp_path / folder))

    assert YAML(typ="safe").load((tmp_path / folder / "databricks.yml").read_text())["bundle"] == {"name": folder}


def test_its_settings_and_every_file_can_be_read(project: Path) -> None:
    settings = read_settings(project)

    assert (settings.pipelines, settings.features, settings.rules) == (("pipelines",), "features", "rules")
    for source in project.rglob("*.py"):
        ast.parse(source.read_text())


def test_its_bundle_is_sound_in_every_target(project: Path) -> None:
    assert validate(project) == ()


def test_its_pipeline_is_declared_without_a_mistake(project: Path) -> None:
    done = typed("goldlane", "check", "--json", folder=project)

    found = json.loads(done.stdout)
    assert (done.returncode, found["registered"]) == (0, True), done.stderr
    assert [table["name"] for table in found["datasets"]] == ["bronze_orders", "silver_orders", "customer_features"]
    assert [each for each in found["problems"] if each["severity"] == "error"] == []


def test_it_stands_beside_an_environment_and_a_repository(tmp_path: Path, goldlane: Callable[..., Any]) -> None:
    for hidden in (".venv", ".git"):
        (tmp_path / "shop" / hidden).mkdir(parents=True)

    ran = goldlane("init", tmp_path / "shop")

    assert (ran.code, (tmp_path / "shop" / "features.py").is_file()) == (0, True)


def test_in_the_folder_itself_nobody_is_told_to_go_there(goldlane: Callable[..., Any]) -> None:
    assert goldlane("init", ".").out.splitlines()[1:] == ["  make test", "  make features"]


@pytest.mark.parametrize("mine", [".gitignore", "notes.txt"])
def test_a_file_of_somebody_s_is_named_and_stays(tmp_path: Path, goldlane: Callable[..., Any], mine: str) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / mine).write_text("mine")

    ran = goldlane("init", tmp_path / "shop")

    assert ran.code == 2
    assert f"shop is not empty: it has {mine}\n  next: name a new folder" in ran.complaint
    assert [path.name for path in (tmp_path / "shop").iterdir()] == [mine]


def test_every_command_that_its_readme_types_is_understood(project: Path) -> None:
    from goldlane.cli.app import app

    commands: dict[str, Any] = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    lines = re.findall(r"^goldlane (.*)$", (project / "README.md").read_text(encoding="utf-8"), re.MULTILINE)

    for name, *words in (shlex.split(line, comments=True) for line in lines):
        commands[name].make_context(name, words)
    assert {line.split()[0] for line in lines} >= {"check", "graph", "run", "job"}


@pytest.mark.parametrize("taken", ["file", "folder"])
def test_what_is_there_is_never_touched(tmp_path: Path, taken: str) -> None:
    target = tmp_path / "shop"
    if taken == "file":
        target.write_text("mine")
    else:
        target.mkdir()
        (target / "mine").touch()

    done = typed("goldlane", "init", str(target))

    assert (done.returncode, done.stdout) == (2, "")
    assert ("is a file" if taken == "file" else "is not empty") in done.stderr
    assert len(list(tmp_path.rglob("*"))) == (1 if taken == "file" else 2)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_its_own_two_commands_pass_at_once(project: Path) -> None:
    tests, features = (typed("make", target, folder=project) for target in ("test", "features"))

    assert (tests.returncode, "1 passed" in tests.stdout) == (0, True), tests.stdout + tests.stderr
    assert features.returncode == 0, features.stdout + features.stderr
    assert "order_count_7d    2" in features.stdout
    assert "order_amount_30d  25.50" in features.stdout

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INSTALL_COMMANDS = ("apt-get install openjdk-17", "brew install openjdk@17", "conda install -c conda-forge openjdk=17")


def java_home(folder: Path, banner: str, exit_code: int = 0) -> Path:
    """A folder whose ``bin/java`` prints ``banner``."""
    java = folder / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text(f"#!/bin/sh\necho '{banner}' >&2\nexit {exit_code}\n", encoding="utf-8")
    java.chmod(0o755)
    return folder


def require_java(home: Path | None, path: str = os.defpath) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": path} | ({"JAVA_HOME": str(home)} if home else {})
    command = ["/bin/sh", str(ROOT / "scripts" / "require_java")]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def clone(folder: Path) -> Path:
    """The files that an environment is made from, in a folder of their own."""
    for name in ("requirements.lock", "pyproject.toml", "scripts"):
        source = ROOT / name
        shutil.copytree(source, folder / name) if source.is_dir() else shutil.copy(source, folder / name)
    return folder


@pytest.mark.parametrize("version", ["17", "17.0.15", "21.0.2"])
def test_java_17_and_21_are_taken_without_a_word(tmp_path: Path, version: str) -> None:
    home = java_home(tmp_path, f'openjdk version "{version}" 2025-04-15')

    done = require_java(home)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("version, named", [("1.8.0_402", "Java 8"), ("11.0.22", "Java 11"), ("16", "Java 16")])
def test_an_old_java_is_one_line_with_the_install_commands(tmp_path: Path, version: str, named: str) -> None:
    home = java_home(tmp_path, f'openjdk version "{version}" 2025-04-15')

    done = require_java(home)

    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert all(part in done.stderr for part in (named, str(home), *INSTALL_COMMANDS))


def test_a_newer_java_is_taken_with_a_note(tmp_path: Path) -> None:
    home = java_home(tmp_path, 'openjdk version "25" 2025-09-16')

    done = require_java(home)

    assert done.returncode == 0
    assert "Java 25" in done.stderr


@pytest.mark.parametrize("without", ["a java", "a java that starts"])
def test_a_missing_java_is_one_line_with_the_install_commands(tmp_path: Path, without: str) -> None:
    home = tmp_path if without == "a java" else java_home(tmp_path, "Unable to locate a Java Runtime.", 1)

    done = require_java(home)

    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert all(command in done.stderr for command in INSTALL_COMMANDS)


def test_java_on_the_path_counts_when_java_home_is_not_set(tmp_path: Path) -> None:
    home = java_home(tmp_path, 'openjdk version "11.0.22" 2025-04-15')

    done = require_java(None, path=f"{home / 'bin'}{os.pathsep}{os.defpath}")

    assert "java is Java 11" in done.stderr


def test_java_is_asked_for_before_anything_is_made(tmp_path: Path) -> None:
    project = clone(tmp_path)

    done = subprocess.run(
        [sys.executable, "scripts/setup.py"],
        cwd=project,
        env={**os.environ, "JAVA_HOME": str(tmp_path / "nowhere")},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "Goldlane needs a JDK" in done.stderr
    assert {path.name for path in project.iterdir()} == {"requirements.lock", "pyproject.toml", "scripts"}


def test_nothing_is_done_when_the_inputs_are_those_of_the_last_time(tmp_path: Path) -> None:
    project = clone(tmp_path)
    (project / ".venv" / "bin").mkdir(parents=True)
    (project / ".venv" / "bin" / "python").touch()
    script = str(project / "scripts" / "setup.py")
    stamp = f"import runpy; own = runpy.run_path({script!r}); own['STAMP'].write_text(own['fingerprint']())"
    subprocess.run([sys.executable, "-c", stamp], check=True)
    without_java = {**os.environ, "JAVA_HOME": str(tmp_path)}

    again = subprocess.run([sys.executable, script], env=without_java, capture_output=True, text=True, check=False)
    (project / "requirements.lock").write_text("pip==25.0\n", encoding="utf-8")
    changed = subprocess.run([sys.executable, script], env=without_java, capture_output=True, text=True, check=False)

    assert (again.returncode, again.stderr) == (0, "")
    assert changed.returncode == 1


def test_the_set_up_script_is_understood_by_a_python_too_old_for_goldlane() -> None:
    source = (ROOT / "scripts" / "setup.py").read_text(encoding="utf-8")

    ast.parse(source, feature_version=(3, 6))
    first_after_sys = ast.parse(source).body[2]

    assert ast.unparse(first_after_sys).startswith("if sys.version_info < (3, 10):")

from __future__ import annotations

import hashlib
import os
import re
import runpy
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MADE = {"__pycache__", "dist", "build", "spark-warehouse", "metastore_db", "mlruns"}
OURS = {".ci"}
ROOMS = {
    *(".ci", ".github", "benchmarks", "docs", "expectations", "features", "goldlane", "notebooks", "pipelines", "resources", "scripts"),
    *("tests", ".dockerignore", ".gitignore", ".pre-commit-config.yaml", "CHANGELOG.md", "CONTRIBUTING.md", "Dockerfile", "LICENSE"),
    *("Makefile", "README.md", "conftest.py", "databricks.yml", "pyproject.toml", "requirements.lock"),
}
# Put together here, so that this file does not hold what it looks for.
MACHINE_PATH = re.compile(r"(?<![\w.$}])/(?:wor" + r"k|roo" + r"t)/")
REGISTRY = re.compile(r"\b(?:pypi|pythonhosted|registry\.npmjs|repo1?\.maven(?:\.apache)?|deb\.debian|anaconda|proxy\.golang)" + r"\.org\b")


def own_files() -> list[Path]:
    """Every text file of the tree that is not made by a tool."""
    found = []
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if name in OURS or not (name in MADE or name.startswith(".") or name.endswith(".egg-info"))]
        found += [Path(folder) / name for name in names]
    return [file for file in found if b"\0" not in file.read_bytes()[:4096]]


@pytest.mark.parametrize("pattern", [MACHINE_PATH, REGISTRY], ids=["machine path", "registry host"])
def test_no_file_names_a_place_that_only_some_machines_have(pattern: re.Pattern[str]) -> None:
    lines = [
        f"{file.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for file in own_files()
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if pattern.search(line)
    ]

    assert lines == []


def test_nothing_is_kept_that_a_try_out_left_behind() -> None:
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("this is no git checkout")
    kept = subprocess.run([git, "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert {line.split("/")[0] for line in kept.splitlines()} <= ROOMS


def test_the_license_is_the_text_of_apache_2_0() -> None:
    text = (ROOT / "LICENSE").read_bytes()

    assert hashlib.sha256(text).hexdigest() == "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"


def test_the_changelog_begins_with_what_is_unreleased() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")

    headings = re.findall(r"^## (.*)$", changelog, re.MULTILINE)

    assert headings[0] == "[Unreleased]"


def test_changelog_entries_stand_apart() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")

    crowded = re.findall(r"^[^\n#].*\n- .*$", changelog, re.MULTILINE)

    assert crowded == []


def test_commit_hooks_come_from_no_repository() -> None:
    hooks = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")

    assert re.findall(r"^ *- repo: (.*)$", hooks, re.MULTILINE) == ["local"]


def test_scripts_can_be_started() -> None:
    scripts = (ROOT / "scripts" / "require_java", ROOT / ".ci" / "run")

    assert all(os.access(script, os.X_OK) for script in scripts)


def test_the_wheel_ships_the_library_and_nothing_of_the_application(tmp_path: Path) -> None:
    uv = runpy.run_path(str(ROOT / "scripts" / "setup.py"))["find_uv"]()
    build = [uv, "build", "--quiet", "--wheel", "--out-dir", str(tmp_path), str(ROOT)]
    # Set-up has left hatchling in uv's cache; only where that was emptied is the network asked.
    if subprocess.run([*build, "--offline"], capture_output=True, check=False).returncode:
        subprocess.run(build, check=True)
    (wheel,) = tmp_path.glob("*.whl")

    names = zipfile.ZipFile(wheel).namelist()

    assert {name.split("/")[0].split("-")[0] for name in names} == {"goldlane"}
    assert {"goldlane/errors.py", "goldlane/log4j2.properties"} <= set(names)

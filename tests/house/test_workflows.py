"""The workflows on GitHub: sound, pinned, with the least permissions, over the versions that the project promises."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ACTIONS = sorted((ROOT / ".github" / "actions").glob("*/action.yml"))
PROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
PINNED = re.compile(r"[\w.-]+/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")


def read(file: Path) -> Any:
    return YAML(typ="safe").load(file)


def workflow(name: str) -> Any:
    return read(ROOT / ".github" / "workflows" / f"{name}.yml")


def steps() -> Iterator[Any]:
    for file in WORKFLOWS:
        for job in read(file)["jobs"].values():
            yield from job["steps"]
    for file in ACTIONS:
        yield from read(file)["runs"]["steps"]


def test_actionlint_finds_nothing_in_them() -> None:
    actionlint = shutil.which("actionlint")
    if actionlint is None:
        pytest.skip("actionlint is not installed: go install github.com/rhysd/actionlint/cmd/actionlint@latest")

    done = subprocess.run([actionlint, *WORKFLOWS], cwd=ROOT, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (0, "")


def test_every_action_of_somebody_else_is_pinned_to_a_commit_whose_version_is_said() -> None:
    used = [line.partition("uses:")[2].strip() for file in (*WORKFLOWS, *ACTIONS) for line in file.read_text(encoding="utf-8").splitlines()]

    assert [name for name in used if name and not name.startswith("./") and not PINNED.fullmatch(name)] == []


def test_one_action_has_one_version_in_all_of_them() -> None:
    used = {step["uses"] for step in steps() if "uses" in step and not step["uses"].startswith("./")}

    assert len({name.partition("@")[0] for name in used}) == len(used)


def test_the_actions_of_ours_that_they_use_are_there() -> None:
    ours = {step["uses"] for step in steps() if step.get("uses", "").startswith("./")}

    assert {(ROOT / name / "action.yml") for name in ours} == set(ACTIONS)


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)
def test_a_workflow_may_read_the_repository_at_most(file: Path) -> None:
    assert read(file)["permissions"] in ({}, {"contents": "read"})


def test_only_the_deployment_may_ask_for_an_identity() -> None:
    jobs = {name: job.get("permissions") for file in WORKFLOWS for name, job in read(file)["jobs"].items() if "permissions" in job}

    assert jobs == {"deploy": {"contents": "read", "id-token": "write"}}


def test_no_step_keeps_the_repository_s_credentials() -> None:
    checkouts = [step for step in steps() if step.get("uses", "").startswith("actions/checkout@")]

    assert checkouts
    assert [step for step in checkouts if step["with"]["persist-credentials"] is not False] == []


def test_no_shell_text_is_made_of_what_somebody_else_may_say() -> None:
    shell = [step["run"] for step in steps() if "run" in step]

    assert [text for text in shell if re.search(r"\$\{\{\s*(github\.event|github\.head_ref|inputs)", text)] == []


def test_the_tests_run_on_every_python_of_the_classifiers_and_on_both_sparks() -> None:
    promised = re.findall(r'"Programming Language :: Python :: (3\.\d+)"', PROJECT)
    matrix = workflow("ci")["jobs"]["test"]["strategy"]["matrix"]
    sparks = {*matrix["spark"], *(each["spark"] for each in matrix["include"])}

    (locked,) = re.findall(r'"pyspark==(\d+\.\d+)\.\d+"', PROJECT)
    assert matrix["python"] == promised
    assert sparks == {"4.1", locked}


def test_the_bundle_is_validated_for_each_of_its_targets() -> None:
    job = workflow("ci")["jobs"]["bundle"]

    assert job["strategy"]["matrix"]["target"] == list(read(ROOT / "databricks.yml")["targets"])
    assert any('goldlane bundle validate --target "$TARGET"' in step.get("run", "") for step in job["steps"])


def test_nothing_is_deployed_without_a_workspace_or_from_a_change_that_is_not_on_main() -> None:
    deploy = workflow("deploy")

    condition = deploy["jobs"]["deploy"]["if"]
    assert deploy[True if True in deploy else "on"]["workflow_run"] == {"workflows": ["ci"], "types": ["completed"], "branches": ["main"]}
    assert all(f"vars.{name} != ''" in condition for name in ("DATABRICKS_HOST", "DATABRICKS_CLIENT_ID"))
    assert "workflow_run.conclusion == 'success'" in condition
    assert "workflow_run.event == 'push'" in condition
    assert "secrets." not in (ROOT / ".github" / "workflows" / "deploy.yml").read_text(encoding="utf-8")

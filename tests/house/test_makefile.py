from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = tuple(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
WORKING = tuple(target for target in TARGETS if target not in ("help", "setup", "clean"))


def make(*arguments: str) -> str:
    # These tests run under `make test`: its flags are not for them.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(
        ["/usr/bin/env", "make", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    ).stdout


def test_the_targets_are_those_that_the_documents_promise() -> None:
    promised = {"help", "setup", "demo", "test", "test-slow", "check", "bench", "docs", "lock", "clean"}

    assert set(TARGETS) == promised


def test_make_alone_explains_every_target() -> None:
    explained = re.findall(r"^  make ([a-z-]+) +\S", make(), re.MULTILINE)

    assert tuple(explained) == TARGETS


@pytest.mark.parametrize("target", WORKING)
def test_every_target_sets_the_environment_up_before_its_own_work(target: str) -> None:
    steps = make("--dry-run", target).splitlines()

    assert steps[0].endswith("scripts/setup.py")
    assert len(steps) > 1


def test_setup_is_done_once_for_several_targets() -> None:
    steps = make("--dry-run", "--jobs=4", "demo", "test", "check").splitlines()

    assert sum(step.endswith("scripts/setup.py") for step in steps) == 1


def test_every_target_is_phony() -> None:
    (phony,) = re.findall(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)

    assert tuple(phony.split()) == TARGETS


def test_ci_runs_the_checks_then_the_tests_then_the_slow_tests() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")

    assert re.findall(r"^for target in (.*); do$", script, re.MULTILINE) == ["check test test-slow"]

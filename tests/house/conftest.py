"""Fresh environments that hold the wheel of this checkout and nothing else of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def uv() -> str:
    found = next(filter(None, (shutil.which("uv"), shutil.which(ROOT / ".uv" / "bin" / "uv"))), None)
    if found is None:
        pytest.skip("uv is not installed; make setup brings it")
    return found


@pytest.fixture(scope="session")
def alone() -> dict[str, str]:
    """The environment of a process that must not find this checkout."""
    return {
        name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV") and not name.startswith("PYTEST")
    }


@pytest.fixture(scope="session")
def installed(uv: str, alone: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Makes a fresh environment of the wheel with the extras named, in the versions of requirements.lock; gives its ``bin``."""
    folder = tmp_path_factory.mktemp("installed")

    def run(*words: str) -> None:
        # What set-up has left in uv's cache will do; only where that was emptied is the network asked.
        if subprocess.run([*words, "--offline"], cwd=folder, env=alone, capture_output=True, check=False).returncode:
            subprocess.run(words, cwd=folder, env=alone, check=True)

    def made(extras: str) -> Path:
        run(uv, "build", "--quiet", "--wheel", "--out-dir", str(folder / "dist"), str(ROOT))
        (wheel,) = (folder / "dist").glob("*.whl")
        run(uv, "venv", "--quiet", "--python", sys.executable, extras)
        python, lock = folder / extras / "bin" / "python", ROOT / "requirements.lock"
        run(uv, "pip", "install", "--quiet", "--python", str(python), "--constraint", str(lock), f"{wheel}[{extras}]")
        return python.parent

    return made

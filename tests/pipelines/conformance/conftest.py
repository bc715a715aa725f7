"""Lanes: pipelines in files of their own, written as users write them, each run once and looked at by many tests."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

LANES = Path(__file__).parent / "lanes"


@pytest.fixture(scope="session")
def new_lane(new_project: Callable[[], Any]) -> Callable[[str], Any]:
    """Makes a project whose sources are the lane of a name: a file or a folder of ``lanes``."""

    def make(name: str) -> Any:
        project = new_project()
        source = LANES / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        (project.folder / "lane").mkdir()
        copy(source, project.folder / "lane" / name)
        return project

    return make

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A copy of the sound bundle, to plant mistakes in."""
    shutil.copytree(Path(__file__).parent / "sound", tmp_path / "bundle")
    return tmp_path / "bundle"


@pytest.fixture
def small(tmp_path: Path) -> Callable[[str], Path]:
    """Makes a bundle of the configuration given, with one notebook, ``read.py``, that reads ``day``."""

    def made(text: str) -> Path:
        folder = tmp_path / "small"
        folder.mkdir()
        (folder / "databricks.yml").write_text(f"bundle: {{name: small}}\n{text}\n", encoding="utf-8")
        (folder / "read.py").write_text('# Databricks notebook source\nday = dbutils.widgets.get("day")\n', encoding="utf-8")
        (folder / "setup.py").touch()
        return folder

    return made

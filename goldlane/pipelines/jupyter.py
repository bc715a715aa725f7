"""A notebook in Databricks' source format as a Jupyter notebook, so that any tool for those can show or convert it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from goldlane.errors import UsageError

HEADER = "# Databricks notebook source"
_BORDER = re.compile(r"^# COMMAND -+\s*$", re.MULTILINE)
_MAGIC = re.compile(r"^# MAGIC ?", re.MULTILINE)
_MARKDOWN = re.compile(r"%md\b[^\S\n]*(?:-sandbox)?[^\S\n]*\n?")
_KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}, "language_info": {"name": "python"}}


def jupyter_notebook(file: Path) -> dict[str, Any]:
    """The document of an ``.ipynb`` (nbformat 4.5) with the cells of ``file``: markdown as such, magics of other languages as code.

    Raises:
        UsageError: the file is no Databricks notebook in source format.
    """
    text = file.read_text(encoding="utf-8-sig")
    if not text.startswith(HEADER):
        raise UsageError(f"not a Databricks notebook: its first line is not {HEADER!r}", file=str(file), line=1)
    cells = [_cell(number, source) for number, source in enumerate(_sources(text.removeprefix(HEADER)))]
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": _KERNEL, "cells": cells}


def _sources(text: str) -> Iterator[str]:
    """What stands in each cell, without the comment signs of magics; empty cells are left out."""
    for part in _BORDER.split(text):
        source = part.strip("\n")
        if source.strip():
            yield _MAGIC.sub("", source) if source.lstrip().startswith("# MAGIC") else source


def _cell(number: int, source: str) -> dict[str, Any]:
    about: dict[str, Any] = {"id": f"cell-{number}", "metadata": {}}
    written = _MARKDOWN.match(source)
    if written:
        return {**about, "cell_type": "markdown", "source": source[written.end() :]}
    return {**about, "cell_type": "code", "source": source, "outputs": [], "execution_count": None}

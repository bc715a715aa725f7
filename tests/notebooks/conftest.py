"""Notebooks as jobs run them: `spark`, `dbutils` and `display` in their globals, parameters as widgets."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from goldlane.pipelines.dbutils import DBUtils, NotebookExit
from goldlane.pipelines.notebooks import read_code

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
Notebook = Callable[..., Any]


@pytest.fixture
def notebook(spark: SparkSession) -> Notebook:
    """Run a notebook of the project with parameters; what it exits with, read as JSON."""

    def run(name: str, **parameters: object) -> Any:
        file = FOLDER / f"{name}.py"
        given = {key: str(value) for key, value in parameters.items()}
        dbutils = DBUtils(settings=given, path=str, run_notebook=lambda path, _: path)
        names = {"spark": spark, "dbutils": dbutils, "display": lambda frame: frame.collect()}
        with pytest.raises(NotebookExit) as left:
            exec(compile(read_code(file).text, str(file), "exec", dont_inherit=True), names)  # noqa: S102  the project's own notebooks
        return json.loads(left.value.value)

    return run

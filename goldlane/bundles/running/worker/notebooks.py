"""A notebook task: Databricks source (.py), .ipynb, or SQL."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from goldlane.bundles.running.worker.python import arguments, execution, surroundings
from goldlane.bundles.running.worker.sessions import TaskSpark
from goldlane.bundles.running.worker.task import Task
from goldlane.pipelines.notebooks import read_code

# In a notebook that says none of these, ``spark`` is entered when something asks for it: starting it takes seconds.
_SPARK = re.compile(r"\b(spark|sc|sqlContext|sql|table|udf|pyspark|delta)\b")


def run_notebook(task: Task) -> Mapping[str, Any]:
    """Run it; answers what it exits with."""
    file = Path(task.document["file"])
    if file.suffix == ".sql":
        from goldlane.bundles.running.worker.queries import run_statements

        return run_statements(task, file, task.document["widgets"])
    code = read_code(file)
    for install in code.installs:
        sys.stderr.write(f"goldlane: {file}:{install.line}: {install.command}: noted; packages come from this machine's environment\n")
        task.tell(f"{install.command} is not executed: packages come from this machine's environment")
    spark = TaskSpark(task, file)
    arguments(str(file), ())
    with surroundings(task, spark, file.parent):
        said = execution(task, spark, uses_spark=bool(_SPARK.search(_without_comments(code.text)))).exit_of(file)
    return {"result": said} if said else {}


def _without_comments(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))

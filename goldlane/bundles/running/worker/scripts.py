"""A Python file task: the file as ``__main__``, its parameters as its command line."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from goldlane.bundles.running.worker.python import arguments, execution, surroundings
from goldlane.bundles.running.worker.sessions import TaskSpark
from goldlane.bundles.running.worker.task import Task


def run_script(task: Task) -> Mapping[str, Any]:
    """Run it to its end."""
    file = Path(task.document["file"])
    spark = TaskSpark(task, file)
    arguments(str(file), task.settings.get("parameters") or ())
    with surroundings(task, spark, file.parent):
        execution(task, spark, uses_spark=False)
        sys.path.insert(0, str(file.parent))
        runpy.run_path(str(file), run_name="__main__")
    return {}

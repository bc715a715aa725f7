"""What a task of Python finds around it: its folders on the path, the platform's paths mapped, and ``dbutils`` to import."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from goldlane.bundles.running.worker.sessions import TaskSpark
from goldlane.bundles.running.worker.task import Task
from goldlane.pipelines.bindings import Bindings
from goldlane.pipelines.dbutils import DBUtils
from goldlane.pipelines.dbutils.jobs import JobValues
from goldlane.pipelines.execution import Execution
from goldlane.pipelines.localfiles import local_files
from goldlane.pipelines.notebookglobals import Late
from goldlane.pipelines.paths import mapped_path


class TaskPaths:
    """The paths of a task whose process has not entered Spark."""

    def __init__(self, task: Task) -> None:
        self._mapped = Bindings.of({}, task.document["paths"]).paths

    def path(self, path: str) -> str:
        """The mapped path."""
        return mapped_path(path, self._mapped)


def execution(task: Task, spark: TaskSpark, *, uses_spark: bool) -> Execution:
    """What runs notebooks, and serves ``dbutils`` and ``spark`` to modules that import them."""

    def shown(dbutils: DBUtils) -> DBUtils:
        dbutils.jobs.taskValues = JobValues(task.document["values"], task.set_value)
        dbutils.widgets.option = "base_parameters, or as a parameter of the job: --param"
        return dbutils

    session: Any = spark.session() if uses_spark else Late(spark.session)
    paths: Any = TaskPaths(task)
    return Execution(session, paths, spark.folders, task.document["widgets"], shown)


@contextmanager
def surroundings(task: Task, spark: TaskSpark, folder: Path) -> Iterator[None]:
    """The working folder, the path of imports, and the mapped paths of plain Python files."""
    os.chdir(folder)
    for place in (task.root, *spark.folders):
        if str(place) not in sys.path:
            # Last: a folder of the project must not hide an installed package.
            sys.path.append(str(place))
    with local_files(Bindings.of({}, task.document["paths"]).paths, spark.folders):
        yield


def arguments(name: str, given: Sequence[Any]) -> None:
    """What the task sees as its command line."""
    sys.argv[:] = [name, *map(str, given)]

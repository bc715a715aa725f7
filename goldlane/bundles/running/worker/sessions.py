"""The Spark of a task: entered when it is first used, kept until the process ends."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from goldlane.bundles.running.worker.attaching import attached, when_spark_is_asked_for
from goldlane.bundles.running.worker.task import Task
from goldlane.pipelines.bindings import Bindings
from goldlane.pipelines.surroundings import folders_around

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# As on the platform: a table whose format nobody says is a Delta table.
_CONF = {"spark.sql.sources.default": "delta"}


class TaskSpark:
    """Answers the session of the task that runs ``file``; the process's own contexts stay open."""

    def __init__(self, task: Task, file: Path) -> None:
        self._task, self._open = task, ExitStack()
        self._base: SparkSession | None = None
        self._session: SparkSession | None = None
        self.folders = folders_around([file], task.root)
        when_spark_is_asked_for(self.session)

    def base(self) -> SparkSession:
        """A plain session, in which names mean what Spark's catalog says."""
        if self._base is None:
            self._base = attached(self._task.door(), self._task.document["tag"])
        return self._base

    def session(self) -> SparkSession:
        """The session in which names mean the storage's tables; it is the current one from then on."""
        if self._session is None:
            self._session = self._made()
        return self._session

    def _made(self) -> SparkSession:
        from pyspark.sql import SparkSession

        from goldlane.bundles.running.worker.names import TaskReads, TaskSession
        from goldlane.pipelines.externals import Externals
        from goldlane.pipelines.files import FileReads
        from goldlane.pipelines.handlerwrites import writes_by_name
        from goldlane.pipelines.mappedwrites import mapped_writes
        from goldlane.pipelines.names import Namespace
        from goldlane.pipelines.reads import answer_everywhere
        from goldlane.pipelines.sessions import pipeline_session, worker_imports
        from goldlane.pipelines.shim import ship_sources
        from goldlane.pipelines.storage import Storage

        base, document = self.base(), self._task.document
        ship_sources()
        session = self._open.enter_context(pipeline_session(base, {**_CONF, **document["configuration"]}, TaskSession))
        self._open.enter_context(worker_imports(base, self.folders))
        self._open.enter_context(writes_by_name())
        self._open.enter_context(mapped_writes(self._task.storage))
        plain = SparkSession(base.sparkContext, session._jsparkSession)  # noqa: SLF001  the same session without the storage's names
        bound, storage, namespace = Bindings.of(document["inputs"], document["paths"]), Storage(self._task.storage), Namespace()
        externals = Externals(plain, storage, namespace, bound.inputs)
        answer_everywhere(TaskReads(plain, namespace, externals, FileReads(plain, storage, bound.paths)))
        return session

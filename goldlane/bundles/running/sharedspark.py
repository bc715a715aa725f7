"""One Spark of a job run: its JVM is this process's, and each task's own process talks to it through a door of its own."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# By this setting a task's streams are known in the JVM.
TASK_SETTING = "goldlane.task"


class SharedSpark:
    """Started when the first task asks for it. A task that is killed leaves nothing running: its jobs and streams are cancelled."""

    def __init__(self, spark: SparkSession | None = None, configuration: Mapping[str, str] | None = None) -> None:
        self._spark = spark
        # Settings of the machine, such as its memory, count only when the session starts.
        self._conf = {key: value for key, value in (configuration or {}).items() if key.startswith("spark.")}
        self._lock = threading.Lock()
        self._doors: dict[str, Any] = {}

    def open(self, tag: str) -> dict[str, Any]:
        """A door into the JVM for the process of the task ``tag``: what pyspark there needs to get in."""
        with self._lock:
            jvm: Any = self._session()._jvm  # noqa: SLF001  the door is the JVM's
            door = jvm.org.apache.spark.api.python.Py4JServer(jvm.org.apache.spark.SparkConf())
            door.start()
            self._doors[tag] = door
        return {"port": int(door.getListeningPort()), "secret": str(door.secret())}

    def close(self, tag: str) -> None:
        """Shut a task's door, and cancel what it left running; of a Spark that is gone there is nothing to cancel."""
        with self._lock:
            door = self._doors.pop(tag, None)
        if door is None:
            return
        from py4j.protocol import Py4JError

        with suppress(Py4JError, OSError):
            self._clear(tag, door)

    def _clear(self, tag: str, door: Any) -> None:
        session = self._session()
        for query in _streams(session):
            if query.sparkSession().conf().get(TASK_SETTING, "") == tag:
                query.stop()
        session.sparkContext.cancelJobsWithTag(tag)
        door.shutdown()

    def _session(self) -> SparkSession:
        if self._spark is None:
            from goldlane.session import local_spark

            self._spark = local_spark(**self._conf)
        return self._spark


def _streams(session: SparkSession) -> list[Any]:
    """Every stream of the JVM; a session's own list knows only those that it started."""
    java: Any = session._jsparkSession  # noqa: SLF001  the shared state is the JVM's
    return list(java.sharedState().activeStreamingQueries().values())

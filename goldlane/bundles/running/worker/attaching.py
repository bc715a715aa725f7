"""Entering the job run's Spark from the process of a task: a session of its own in a JVM that is another process's."""

from __future__ import annotations

import importlib.util
import os
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING, Any

from goldlane.bundles.running.sharedspark import TASK_SETTING

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_DOOR = ("PYSPARK_GATEWAY_PORT", "PYSPARK_GATEWAY_SECRET")


def attached(door: Mapping[str, Any], tag: str) -> SparkSession:
    """A session of this process alone: its settings and views are its own, its jobs and streams carry ``tag``."""
    from pyspark import SparkConf, SparkContext
    from pyspark.java_gateway import launch_gateway
    from pyspark.sql import SparkSession

    os.environ.update(zip(_DOOR, (str(door["port"]), str(door["secret"])), strict=True))
    gateway = launch_gateway()  # type: ignore[no-untyped-call]  # it has none
    for name in _DOOR:
        # What this process starts is no part of the task's session.
        del os.environ[name]
    jvm: Any = gateway.jvm
    java = jvm.org.apache.spark.api.java.JavaSparkContext(jvm.org.apache.spark.SparkContext.getOrCreate())
    context = SparkContext(jsc=java, gateway=gateway, conf=SparkConf(_jvm=jvm, _jconf=java.getConf()))
    default = jvm.org.apache.spark.sql.classic.SparkSession.getDefaultSession().get()
    session = SparkSession(context, default.cloneSession())
    session.conf.set(TASK_SETTING, tag)
    context.addJobTag(tag)
    _tag_threads(context, tag)
    return session


def when_spark_is_asked_for(session: Callable[[], SparkSession]) -> None:
    """Let pyspark, once this process imports it, answer ``session`` to whoever builds a session or a context."""
    sys.meta_path.insert(0, _Pyspark(session))


class _Pyspark(MetaPathFinder):
    """Sees pyspark being imported, once: most tasks without Spark never do."""

    def __init__(self, session: Callable[[], SparkSession]) -> None:
        self._session = session

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Python's own finding, with the answer changed after the module has run."""
        del path, target
        if fullname != "pyspark":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(fullname)
        if spec is None or spec.loader is None:
            return spec
        execute = spec.loader.exec_module

        def then_serve(module: ModuleType) -> None:
            execute(module)
            _serve(self._session)

        spec.loader.exec_module = then_serve  # type: ignore[method-assign]  # of this one import
        return spec


def _serve(session: Callable[[], SparkSession]) -> None:
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

    def get_or_create(builder: Any) -> SparkSession:
        found = session()
        for key, value in builder._options.items():  # noqa: SLF001  they have no other name
            if found.conf.isModifiable(key):
                found.conf.set(key, value)
        return found

    def context(conf: Any = None) -> SparkContext:
        del conf
        return session().sparkContext

    # There is one Spark, and it is not this process's: other tasks go on using it.
    served: tuple[tuple[Any, str, Any], ...] = (
        (SparkSession.Builder, "getOrCreate", get_or_create),
        (SparkSession.Builder, "create", get_or_create),
        (SparkContext, "getOrCreate", staticmethod(context)),
        (SparkSession, "stop", _stop_nothing),
        (SparkContext, "stop", _stop_nothing),
    )
    for owner, name, instead in served:
        setattr(owner, name, instead)


def _stop_nothing(_: Any) -> None:
    sys.stderr.write("goldlane: this task's Spark is the job run's, which goes on: stop() does nothing here\n")


def _tag_threads(context: Any, tag: str) -> None:
    """A thread of Python is one of the JVM, which knows nothing of the others' tags."""
    kind: Any = threading.Thread
    plain = kind.run

    def run(thread: threading.Thread) -> None:
        context.addJobTag(tag)
        plain(thread)

    kind.run = run

"""The session of one update: a clone of the caller's, which ``SparkSession.builder.getOrCreate()`` inside a pipeline means, too."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from goldlane.pipelines.errors import PipelineError
from goldlane.pipelines.surroundings import hides_python

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from goldlane.pipelines.injected import PipelineSession

# What the runtime itself relies on; a pipeline's own configuration wins.
_CONF = {
    "spark.sql.streaming.numRecentProgressUpdates": "100000",
    "spark.databricks.delta.properties.defaults.enableDeletionVectors": "false",
    # Databricks knows table properties that open-source Delta does not.
    "spark.databricks.delta.allowArbitraryProperties.enabled": "true",
    # A plan's text is part of a view's fingerprint (unchanged.py): all columns of it.
    "spark.sql.debug.maxToStringFields": "100000",
    # Delta's SQL parser does not hand on the parameters of spark.sql(text, args=...) in Spark 4.2's new way.
    "spark.sql.legacy.parameterSubstitution.constantsOnly": "true",
    # Spark 4.2.0 waits forever for a Python function over columns of a Parquet file that it hands over as they are.
    "spark.sql.execution.arrow.pythonUDF.columnarInput.enabled": "false",
    # MERGE reads its source twice, and the source is a whole gold query.
    "spark.databricks.delta.merge.materializeSource": "all",
}


@contextmanager
def pipeline_session(
    base: SparkSession, configuration: Mapping[str, str], kind: type[PipelineSession] | None = None
) -> Iterator[PipelineSession]:
    """A session for one update, made the current one meanwhile; of a ``kind`` of its own where one is given.

    Raises:
        PipelineError: ``base`` is a Spark Connect session, or has no Delta.
    """
    from pyspark.sql import SparkSession

    from goldlane.pipelines.injected import PipelineSession

    if not isinstance(base, SparkSession) or not hasattr(base, "_jsparkSession"):
        raise PipelineError("the runtime needs a classic SparkSession, not Spark Connect", hint="pass goldlane.session.local_spark()")
    if "io.delta" not in (base.conf.get("spark.sql.extensions", "") or ""):
        raise PipelineError("this SparkSession has no Delta", hint="build it with goldlane.session.local_spark()")
    session = (kind or PipelineSession)(base.sparkContext, base._jsparkSession.cloneSession())  # noqa: SLF001  newSession() would lose the caller's settings
    for key, value in {**_CONF, **configuration}.items():
        if session.conf.isModifiable(key) or not key.startswith("spark."):
            session.conf.set(key, value)
    before: tuple[Any, Any] = (SparkSession._instantiatedSession, SparkSession._activeSession)  # noqa: SLF001  where getOrCreate looks
    try:
        make_current(session)
        yield session
    finally:
        SparkSession._instantiatedSession, SparkSession._activeSession = before  # noqa: SLF001  as above
        _set_active(base)


@contextmanager
def worker_imports(base: SparkSession, folders: Sequence[Path]) -> Iterator[None]:
    """Let Python workers import what the pipeline imports from its folders: user-defined functions of its helpers."""
    environment = base.sparkContext.environment
    before = dict(environment)
    # What the caller gives to workers, or to this process, goes on counting, after the pipeline's own.
    callers = before.get("PYTHONPATH") or os.environ.get("PYTHONPATH")
    own = [str(folder) for folder in folders if not hides_python(folder)]
    path = os.pathsep.join([*own, *([callers] if callers else [])])
    # Workers are kept per environment; a new one for each update sees edited helpers.
    environment.update({"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1", "GOLDLANE_LOAD": uuid.uuid4().hex})
    try:
        yield
    finally:
        environment.clear()
        environment.update(before)


@contextmanager
def flow_session(session: SparkSession, settings: Mapping[str, str]) -> Iterator[SparkSession]:
    """The session that a flow runs in: the pipeline's, or a clone that has the flow's ``spark_conf`` to itself."""
    from pyspark.sql import SparkSession

    from goldlane.pipelines.injected import in_flow

    if not settings:
        _set_active(session)
        yield session
        return
    own = SparkSession(session.sparkContext, session._jsparkSession.cloneSession())  # noqa: SLF001  as above
    for key, value in settings.items():
        # A cluster's settings are for a cluster.
        if own.conf.isModifiable(key) or not key.startswith("spark."):
            own.conf.set(key, value)
    _set_active(own)
    with in_flow(own):
        yield own


def make_current(session: PipelineSession) -> None:
    """Let ``getOrCreate`` and ``active`` answer ``session`` in this thread."""
    from pyspark.sql import SparkSession

    SparkSession._instantiatedSession = session  # noqa: SLF001  where getOrCreate looks
    SparkSession._activeSession = session  # noqa: SLF001  where active looks
    _set_active(session)


def _set_active(session: SparkSession) -> None:
    jvm: Any = session._jvm  # noqa: SLF001  the active session is the JVM's
    jvm.org.apache.spark.sql.classic.SparkSession.setActiveSession(session._jsparkSession)  # noqa: SLF001  as above

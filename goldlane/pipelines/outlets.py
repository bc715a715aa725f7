"""Where a sink's rows go, on this machine: paths mapped, names turned into the storage's tables."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from goldlane.pipelines.definitions import Outlet
from goldlane.pipelines.errors import PipelineError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from goldlane.pipelines.writes import World


# Formats that need a jar which is not Spark's own; {spark} is Spark's version.
_CONNECTORS = {"kafka": "org.apache.spark:spark-sql-kafka-0-10_2.13:{spark}"}


def require_connector(outlet: Outlet, session: SparkSession) -> None:
    """Refuse a format whose connector is not there.

    Raises:
        PipelineError: with what to add.
    """
    from py4j.protocol import Py4JJavaError
    from pyspark.errors import PySparkException

    package = _CONNECTORS.get(outlet.format.lower())
    if package is None:
        return
    jvm: Any = session._jvm  # noqa: SLF001  Spark finds formats in its JVM only
    conf = session._jsparkSession.sessionState().conf()  # noqa: SLF001  as above
    try:
        jvm.org.apache.spark.sql.execution.datasources.DataSource.lookupDataSource(outlet.format.lower(), conf)
    except (Py4JJavaError, PySparkException):
        add = f"--conf spark.jars.packages={package.format(spark=session.version)}"
        raise PipelineError(f"format {outlet.format!r} is not installed in this Spark", hint=f"add its connector: {add}") from None


def spark_options(outlet: Outlet, world: World) -> dict[str, str]:
    """The options as Spark gets them."""
    options = {key: value for key, value in outlet.options.items() if key != "tableName"}
    if "path" in options:
        options["path"] = world.files.path(options["path"])
    table = delta_table(outlet, world)
    return {**options, "path": str(table)} if table else options


def delta_table(outlet: Outlet, world: World) -> Path | None:
    """The Delta table that a sink appends to: a name means the storage's table. None for other formats."""
    if outlet.format.lower() != "delta":
        return None
    if "tableName" in outlet.options:
        return world.storage.table(world.namespace.qualify(outlet.options["tableName"]))
    return Path(world.files.path(outlet.options["path"]))

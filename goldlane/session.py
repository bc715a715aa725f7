"""The only place that builds a local Delta session: UTC, small partitions, no UI, Delta's jars found once."""

from __future__ import annotations

import logging
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from goldlane.errors import MissingExtraError, UsageError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

DELTA_VERSION = "4.4.0"
_JARS = 7
JAVA_VERSIONS = (17, 21)
_JAVA_HINT = "Debian: apt-get install openjdk-17-jre-headless; macOS: brew install openjdk@17; conda: conda install openjdk=17"

_CONF = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.shuffle.partitions": "4",
    # Spark's default lists folders with up to 10,000 tasks, at every start of a file stream.
    "spark.sql.sources.parallelPartitionDiscovery.parallelism": "4",
    # Opening a local file costs no 4 MB of reading: landing folders of many small files make few tasks.
    "spark.sql.files.openCostInBytes": "65536",
    # Delta's SQL parser does not hand on the parameters of spark.sql(text, args=...) in Spark 4.2's new way.
    "spark.sql.legacy.parameterSubstitution.constantsOnly": "true",
    # Spark 4.2.0 waits forever for a Python function over columns of a Parquet file that it hands over as they are.
    "spark.sql.execution.arrow.pythonUDF.columnarInput.enabled": "false",
    # INT96, Spark's default, has no statistics and is unknown to other Delta readers.
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    # Delta's default of 50 makes every new table's snapshot cost seconds on a laptop.
    "spark.databricks.delta.snapshotPartitions": "2",
}


def local_spark(storage: str | Path | None = None, **spark_conf: str) -> SparkSession:
    """The local Delta session: started once per process, afterwards handed out again.

    ``storage`` makes the tables of a Goldlane storage readable by their names, and its log by ``event_log(...)`` in SQL text.
    ``spark_conf`` takes Spark settings (``**{"spark.driver.memory": "4g"}``); static ones count only for the call that starts
    the session.

    Raises:
        MissingExtraError: pyspark or delta-spark is not installed.
        UsageError: there is no Java 17 or 21.
    """
    try:
        from pyspark.sql import SparkSession
    except ImportError as missing:
        raise MissingExtraError("spark", needed_for="a local Spark session") from missing
    spark = SparkSession.getActiveSession() or _start({**_CONF, **spark_conf})
    for key, value in spark_conf.items():
        if spark.conf.isModifiable(key):
            spark.conf.set(key, value)
    if storage is None:
        return spark
    register_tables(spark, Path(storage))
    from goldlane.storedsession import StoredSession

    return StoredSession(spark, Path(storage).resolve() / "system" / "events")


def register_tables(spark: SparkSession, storage: Path) -> None:
    """Make every table under ``storage`` readable as ``name`` (schema default) or ``schema.name``; a catalog is left out."""
    for folder in sorted((storage / "tables").glob("*/*/_delta_log")):
        table, schema = folder.parent.name, folder.parent.parent.name.split(".")[-1]
        spark.sql(f"CREATE DATABASE IF NOT EXISTS `{schema}`")
        spark.sql(f"CREATE TABLE IF NOT EXISTS `{schema}`.`{table}` USING delta LOCATION '{folder.parent.resolve()}'")


def require_java() -> str:
    """The ``java`` to use; raises ``UsageError`` with the install command when there is none, or it is too old."""
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    if not java or not Path(java).exists():
        raise UsageError("Spark needs Java 17 or 21, and there is none on this machine", hint=_JAVA_HINT)
    banner = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr  # noqa: S603  the user's own java
    found = re.search(r'version "(\d+)', banner)
    if found is None or int(found.group(1)) < JAVA_VERSIONS[0]:
        version = found.group(1) if found else "of an unknown version"
        raise UsageError(f"Spark needs Java 17 or 21; {java} is {version}", hint=_JAVA_HINT)
    return java


def fetch_jars() -> list[str]:
    """Delta's jars for the driver's classpath, fetched once from Maven Central by Ivy.

    Later sessions take them from Ivy's cache by path, which starts a third faster than letting Ivy resolve them again.

    Raises:
        UsageError: they are not there and cannot be fetched.
    """
    jars = _cached_jars()
    if jars:
        return jars
    sys.stderr.write(f"goldlane: fetching the jars of Delta {DELTA_VERSION} (once)\n")
    command = [sys.executable, "-c", _RESOLVE, f"io.delta:delta-spark_{scala_build()}:{DELTA_VERSION}", str(_ivy())]
    resolved = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  our own interpreter
    jars = _cached_jars()
    if not jars:
        hint = "Maven Central must be reachable once; GOLDLANE_IVY names another Ivy folder"
        raise UsageError(f"cannot fetch Delta's jars: {_reason(resolved.stderr)}", hint=hint)
    return jars


def _reason(ivy: str) -> str:
    """The line of Ivy's report that says most."""
    lines = [line.strip() for line in ivy.splitlines() if line.strip()]
    for mark in ("Server access error", "not found", "rror"):
        found = next((line for line in lines if mark in line), None)
        if found:
            return found
    return lines[-1] if lines else "no jar arrived"


def scala_build() -> str:
    """Delta's build for the installed Spark, as its jar is called after it: ``4.2_2.13``."""
    from pyspark import __version__

    return f"{'.'.join(__version__.split('.')[:2])}_2.13"


def _cached_jars() -> list[str]:
    ours = f"io.delta_delta-spark_{scala_build()}-{DELTA_VERSION}.jar"
    found = [jar for prefix in ("io.delta_", "io.unitycatalog_") for jar in sorted((_ivy() / "jars").glob(f"{prefix}*.jar"))]
    # Another Spark's Delta may lie beside it.
    jars = [jar for jar in found if jar.name == ours or not jar.name.startswith("io.delta_delta-spark_")]
    return [str(jar) for jar in jars] if any(jar.name == ours for jar in jars) and len(jars) >= _JARS else []


def _ivy() -> Path:
    return Path(os.environ.get("GOLDLANE_IVY", Path.home() / ".ivy2.5.2"))


_RESOLVE = """
import sys
from pyspark.sql import SparkSession
SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").config("spark.driver.host", "127.0.0.1") \\
    .config("spark.jars.packages", sys.argv[1]).config("spark.jars.ivy", sys.argv[2]).getOrCreate().stop()
"""


def _start(conf: dict[str, str]) -> SparkSession:
    from pyspark.sql import SparkSession

    require_java()
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    os.environ["TZ"] = "UTC"
    time.tzset()
    jars = os.pathsep.join(fetch_jars())
    os.environ["PYSPARK_SUBMIT_ARGS"] = _submit_arguments(conf.setdefault("spark.driver.memory", "2g"))
    classpath = {"spark.driver.extraClassPath": jars, "spark.executor.extraClassPath": jars}
    builder = SparkSession.builder.master(conf.pop("spark.master", "local[*]")).appName("goldlane")
    for key, value in {**classpath, **conf}.items():
        builder = builder.config(key, value)
    # pyspark logs every analysis error as JSON on stderr before it raises it.
    for logger in ("SQLQueryContextLogger", "DataFrameQueryContextLogger"):
        logging.getLogger(logger).setLevel(logging.CRITICAL)
    return builder.getOrCreate()


def _submit_arguments(memory: str) -> str:
    # C1 alone compiles sooner: right for tests and demos of seconds, wrong for millions of rows.
    quick = "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m " if os.environ.get("GOLDLANE_QUICK_JVM") else ""
    level = "warn" if os.environ.get("GOLDLANE_TRACE") else "off"
    log4j = f"-Dlog4j2.configurationFile={Path(__file__).with_name('log4j2.properties').as_uri()} -Dgoldlane.log={level}"
    return f"--driver-memory {memory} --driver-java-options '{quick}-Duser.timezone=UTC {log4j}' pyspark-shell"


if __name__ == "__main__":  # `make setup` fetches the jars ahead of the first session
    try:
        require_java()
        fetch_jars()
    except UsageError as error:
        sys.exit(f"goldlane: {error}")

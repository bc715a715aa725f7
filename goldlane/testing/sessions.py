"""The Spark session of a test run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from goldlane.errors import MissingExtraError
from goldlane.session import local_spark

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_CONF = {"spark.master": "local[2]", "spark.sql.shuffle.partitions": "2", "spark.driver.memory": "1g"}


@contextmanager
def session_of_run(folder: Path) -> Iterator[SparkSession]:
    """A small, quick session; one that runs already is used as it is, and left running.

    Raises:
        MissingExtraError: pyspark is not installed.
    """
    try:
        from pyspark.sql import SparkSession
    except ImportError as missing:
        raise MissingExtraError("spark", needed_for="testing a pipeline") from missing
    running = SparkSession.getActiveSession()
    if running is not None:
        yield running
        return
    # Tests live for seconds, in which the JVM's second compiler costs more than it gains.
    os.environ.setdefault("GOLDLANE_QUICK_JVM", "1")
    session = local_spark(**_CONF, **{"spark.sql.warehouse.dir": str(folder / "warehouse")})
    try:
        yield session
    finally:
        session.stop()

"""The one Spark session of a test run: Delta, UTC on both clocks, one core, few partitions; and the browser of those that look at pages."""

from __future__ import annotations

import importlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from pyspark.sql import SparkSession

CHROMIUM = Path("/usr/bin/chromium")

pytest_plugins = ["pytester"]

# Spark takes a program without a file, such as pytest-xdist's workers, for its doctests, and ends it when grpc is missing.
vars(importlib.import_module("__main__")).setdefault("__file__", __file__)
os.environ["TZ"] = "UTC"
time.tzset()
os.environ.setdefault("GOLDLANE_QUICK_JVM", "1")
os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")

# A clock gates nothing. What a change must pass draws the same examples every time; elsewhere new ones are looked for.
settings.register_profile("goldlane", deadline=None, derandomize="GOLDLANE_SAME_EXAMPLES" in os.environ)
settings.load_profile("goldlane")


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    """A local Delta session shared by every test that needs one."""
    if os.environ.get("GOLDLANE_TEST_REMOTE"):
        # tests/test_connect.py runs some of the tests over Spark Connect.
        yield from _remote(os.environ["GOLDLANE_TEST_REMOTE"])
        return
    from goldlane.session import local_spark

    # tests/test_local_cluster.py runs some of the tests with executors in processes of their own.
    master = os.environ.get("GOLDLANE_TEST_MASTER", "local[2]")
    session = local_spark(**{"spark.master": master, "spark.sql.shuffle.partitions": "2", "spark.driver.memory": "2g"})
    yield session
    session.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium; only for its module, for while it is there the thread has a running event loop."""
    from playwright.sync_api import sync_playwright

    if not CHROMIUM.exists():
        pytest.skip(f"there is no Chromium at {CHROMIUM}")
    quiet = "--disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox", *quiet.split()])
        yield started
        started.close()


def _remote(master: str) -> Iterator[SparkSession]:
    """A Connect session, and the server it talks to."""
    from pyspark.sql import SparkSession

    from goldlane.session import fetch_jars, require_java

    require_java()
    delta = {
        "spark.driver.extraClassPath": os.pathsep.join(fetch_jars()),
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.databricks.delta.snapshotPartitions": "2",
        "spark.ui.enabled": "false",
    }
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    os.environ["PYSPARK_SUBMIT_ARGS"] = " ".join(f"--conf {name}={value}" for name, value in delta.items()) + " pyspark-shell"
    session = SparkSession.builder.remote(master).getOrCreate()
    session.conf.set("spark.sql.session.timeZone", "UTC")
    session.conf.set("spark.sql.shuffle.partitions", "2")
    yield session
    session.stop()

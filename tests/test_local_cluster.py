"""Nothing needs the driver's own JVM: part of the suite runs with two executors in processes of their own, as on a cluster."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
# Rules over streams and batches, AUTO CDC, Auto Loader, materialized views, Python functions in workers.
PART = [
    "tests/pipelines/test_quality.py",
    "tests/pipelines/test_materialized_views.py",
    "tests/pipelines/test_change_flows.py",
    "tests/pipelines/autoloader/test_json_stream.py",
]
UDF = "tests/pipelines/test_isolation.py::test_python_functions_of_sources_and_helpers_run_in_workers"


@pytest.mark.slow
def test_part_of_the_suite_runs_with_executors_in_processes_of_their_own() -> None:
    environment = {**os.environ, "GOLDLANE_TEST_MASTER": "local-cluster[2,1,1024]", "GOLDLANE_QUICK_JVM": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-m", "not slow", "-p", "no:cacheprovider", *PART, UDF]

    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=1200, check=False)

    assert ran.returncode == 0, ran.stdout[-4000:] + ran.stderr[-2000:]

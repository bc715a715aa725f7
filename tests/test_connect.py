"""Serverless pipelines are Spark Connect: transforms, rules, windows and point-in-time joins pass their own tests over it, too."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
# Transforms of every layer, rules enforced, windows, joins.
PART = [
    "tests/lane/test_landed.py",
    "tests/lane/test_typed_transactions.py",
    "tests/lane/test_typed_parties.py",
    "tests/lane/test_customer_events.py",
    "tests/lane/test_customer_features.py",
    "tests/lane/test_merchant_features.py",
    "tests/lane/test_scorers.py",
    "tests/expectations/test_rule.py",
    "tests/expectations/test_split.py",
    "tests/expectations/test_enforcement.py",
    "tests/features/test_windows.py",
    "tests/features/test_point_in_time.py",
]
# These look at what Connect has not: plans in the JVM, a stream's metrics, a list that a function of foreachBatch fills in this process.
ELSEWHERE = (
    "test_nine_predicates_are_evaluated_once_each",
    "test_growing_windows_share_one_exchange_and_one_order",
    "test_a_stream_counts_per_micro_batch",
    "test_inside_foreach_batch_the_counts_are_the_same",
)


@pytest.mark.slow
def test_transforms_rules_windows_and_joins_pass_their_tests_over_spark_connect() -> None:
    pytest.importorskip("grpc", reason="Spark Connect is not installed: pip install 'pyspark[connect]'")
    environment = {**os.environ, "GOLDLANE_TEST_REMOTE": "local[2]"}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-m",
        "not slow",
        "-k",
        f"not ({' or '.join(ELSEWHERE)})",
        "-p",
        "no:cacheprovider",
        *PART,
    ]

    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=900, check=False)

    assert ran.returncode == 0, ran.stdout[-4000:] + ran.stderr[-2000:]

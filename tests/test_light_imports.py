from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

HEAVY = ("pyspark", "py4j", "delta", "deltalake", "pandas", "numpy", "pyarrow", "mlflow", "pydantic", "IPython", "databricks")
PROBE = """
import json, sys
import {module}
heavy = sorted(name for name in {heavy} if name in sys.modules)
(peak,) = [line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")] if sys.platform == "linux" else [0]
print(json.dumps(dict(heavy=heavy, megabytes=int(peak) / 1024)))
"""


def imported(module: str) -> Any:
    probe = PROBE.format(module=module, heavy=HEAVY)
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    "module",
    [
        "goldlane",
        "goldlane.features",
        "goldlane.features.online",
        "goldlane.cli",
        "goldlane.cli.wheel_tasks",
        "goldlane.testing.plugin, goldlane.testing.options",
        "goldlane.testing.databricks_workspace",
    ],
)
def test_it_imports_nothing_heavy(module: str) -> None:
    assert imported(module)["heavy"] == []


def test_the_reader_takes_little_memory() -> None:
    # How long the import takes, benchmarks/online_reads.py tells: a test would fail on a busy machine.
    assert imported("goldlane.features.online")["megabytes"] <= 60


def test_a_lookup_needs_nothing_heavy_either(tmp_path: Any) -> None:
    from goldlane.features.declarations import Feature, FeatureTable
    from goldlane.features.online import open_store
    from goldlane.features.publishing import publish

    table = FeatureTable(name="t", keys=("k",), event_time="at", features=(Feature(name="v", type="date", description="a value"),))
    import pyarrow as pa

    rows = pa.table({"k": ["a"], "at": pa.array([0], pa.timestamp("us", "UTC")), "v": pa.array([0], pa.date32())})
    publish(table, rows, open_store(f"sqlite:///{tmp_path}/online.db"))
    program = f"""
import sys
from goldlane.features.online import open_store
print(open_store("sqlite:///{tmp_path}/online.db").lookup("t", {{"k": "a"}}).features["v"])
print(sorted(name for name in {HEAVY} if name in sys.modules))
"""

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines() == ["1970-01-01", "[]"]

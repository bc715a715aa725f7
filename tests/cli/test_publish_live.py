"""``goldlane publish --mode continuous`` as a process: versions as they come, a clean stop, one document."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from goldlane.features.online import open_store

if TYPE_CHECKING:
    from tests.cli.conftest import Goldlane

PROJECT = """
[tool.goldlane]
features = "shop"
storage = "storage"
store = "sqlite:///online.db"
"""
SHOP = """
from goldlane.features import Feature, FeatureTable

sales = FeatureTable(name="sales", keys=("shop",), event_time="at", features=(Feature(name="total", type="bigint", description="sum"),))
FEATURE_TABLES = (sales,)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    (tmp_path / "shop.py").write_text(SHOP, encoding="utf-8")
    return tmp_path


def sell(project: Path, shop: str, total: int) -> None:
    place = project / "storage" / "tables" / "default" / "sales"
    place.parent.mkdir(parents=True, exist_ok=True)
    schema = pa.schema([("shop", pa.string()), ("at", pa.timestamp("us", "UTC")), ("total", pa.int64())])
    rows = pa.Table.from_pylist([{"shop": shop, "at": datetime(2026, 1, 1, 1, total, tzinfo=timezone.utc), "total": total}], schema=schema)
    write_deltalake(str(place), rows, mode="append", configuration={"delta.enableChangeDataFeed": "true"})


def wait_for(project: Path, shop: str, total: int) -> None:
    patience = time.monotonic() + 60
    while time.monotonic() < patience:
        if (project / "online.db").exists():
            store = open_store(f"sqlite:///{project}/online.db")
            try:
                if store.lookup("sales", {"shop": shop}, "empty").features["total"] == total:
                    return
            except ValueError:  # it is being made
                pass
            finally:
                store.close()
        time.sleep(0.05)
    pytest.fail(f"{shop} = {total} did not arrive")


def test_versions_are_published_until_sigterm_and_then_it_says_what_it_did(project: Path) -> None:
    sell(project, "S1", 1)
    command = [sys.executable, "-m", "goldlane.cli", "publish", "--mode", "continuous", "--json", "--every", "0.02"]
    with subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        wait_for(project, "S1", 1)
        sell(project, "S2", 2)
        wait_for(project, "S2", 2)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)

    (table,) = json.loads(out)["tables"]
    assert process.returncode == 0
    assert (table["name"], table["mode"], table["version"], table["rows_written"]) == ("sales", "continuous", 1, 2)
    assert table["note"] == "stopped after version 1"
    assert "publishing sales continuously; Ctrl-C stops" in err
    assert "sales: up to 0: 1 written" in err


def test_a_gold_table_that_is_missing_and_a_wrong_stream_are_the_callers_mistakes(goldlane: Goldlane, project: Path) -> None:
    (project / "storage").mkdir()
    missing = goldlane("publish", "--mode", "continuous")
    (project / "pyproject.toml").write_text(PROJECT + 'streams = "live"\n', encoding="utf-8")
    (project / "live.py").write_text("STREAMS = {'sale': None}\n", encoding="utf-8")
    wrong = goldlane("publish", "--mode", "continuous")

    assert (missing.code, wrong.code) == (2, 2)
    assert "there is no Delta table at" in missing.complaint
    assert "there is no feature table 'sale'; 'sale' has None, which cannot be called" in wrong.complaint

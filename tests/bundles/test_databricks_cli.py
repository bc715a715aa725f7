"""The repository's bundle by the platform's own tool, where it is installed, against as little of a workspace as validation asks for."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PARTS = ("databricks.yml", "pyproject.toml", "resources", "notebooks", "pipelines", "tests/bundles", "docs", "benchmarks", ".github")
GATES = """      continuous: true
      monitors: ${var.payments_monitors}
      synced_tables: ${var.feature_synced_tables}
      endpoints: ${var.feature_endpoints}
"""
ANSWERS: dict[str, Any] = {
    "/Me": {"userName": "somebody@example.org", "id": "1"},
    "/sql/warehouses": {"warehouses": [{"id": "w1", "name": "Serverless Starter Warehouse"}]},
    "/get-status": {"object_type": "DIRECTORY", "path": "/Workspace", "object_id": 1},
}
WAITING = {
    "quality_monitors": {"merchant_features_monitor", "customer_features_monitor", "silver_transactions_monitor"},
    "synced_database_tables": {"merchant_features_online", "customer_features_online"},
    "model_serving_endpoints": {"merchant_features_endpoint", "customer_features_endpoint"},
}


class Stub(BaseHTTPRequestHandler):
    """Who asks, the warehouses, and folders that are there."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = self.path.partition("?")[0]
        content = json.dumps(next((answer for ending, answer in ANSWERS.items() if path.endswith(ending)), {})).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_GET  # noqa: N815  the server calls it by the method of a request

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def workspace() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Stub)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def databricks() -> str:
    found = shutil.which("databricks")
    if found is None or subprocess.run([found, "bundle", "--help"], capture_output=True, check=False).returncode:
        pytest.skip("the Databricks CLI is not installed")
    return found


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A copy of what the bundle names, with every gate open in production."""
    for name in PARTS:
        source, copy = ROOT / name, tmp_path / "bundle" / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, copy) if source.is_dir() else shutil.copy(source, copy)
    root = tmp_path / "bundle" / "databricks.yml"
    text = root.read_text(encoding="utf-8")
    assert GATES.splitlines(keepends=True)[0] in text
    root.write_text(text.replace(GATES.splitlines(keepends=True)[0], GATES, 1), encoding="utf-8")
    return tmp_path / "bundle"


@pytest.mark.parametrize("target", ["dev", "staging", "prod"])
def test_the_platform_s_own_tool_finds_no_mistake(databricks: str, workspace: str, bundle: Path, target: str) -> None:
    own = {"DATABRICKS_HOST": workspace, "DATABRICKS_TOKEN": "any", "DATABRICKS_CONFIG_FILE": os.devnull, "HOME": str(bundle)}
    environment = {"PATH": os.environ["PATH"], "BUNDLE_VAR_service_principal": "an-application-id", **own}

    done = subprocess.run(
        [databricks, "bundle", "validate", "--target", target, "--output", "json"],
        cwd=bundle,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    resources = json.loads(done.stdout)["resources"]
    assert (done.returncode, [line for line in done.stderr.splitlines() if line.startswith(("Error", "Warning"))]) == (0, []), done.stderr
    assert {kind: set(resources.get(kind, {})) for kind in WAITING} == (WAITING if target == "prod" else {kind: set() for kind in WAITING})

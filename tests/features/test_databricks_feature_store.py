"""``FeatureEngineeringClient`` itself, without Spark, against a workspace that holds every request to what the platform takes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from features import MERCHANT_FEATURES
from goldlane.features.databricks_names import Unity
from goldlane.testing.databricks_workspace import TOKEN, Workspace

PROGRAM = """
import json, sys
from databricks.feature_engineering import FeatureEngineeringClient
from features import MERCHANT_FEATURES
from goldlane.errors import GoldlaneError
from goldlane.features.databricks_calls import publish_table_calls
from goldlane.features.databricks_client import execute
from goldlane.features.databricks_names import Unity

client, told = FeatureEngineeringClient(), []
for mode, store in json.loads(sys.argv[1]):
    payments = Unity(catalog="main", schema="payments", online_store=store)
    try:
        calls = [call for call in publish_table_calls([MERCHANT_FEATURES], payments, mode) if call.method == "publish_table"]
        told += [str(each.online_table_name) for each in execute(calls, client=client)]
    except Exception as refused:
        told.append(f"{type(refused).__name__}: {str(refused).splitlines()[0]}")
print(json.dumps(told))
"""
SOURCE = "main.payments.merchant_features"


@pytest.fixture
def workspace() -> Iterator[Workspace]:
    workspace = Workspace(online_stores={"payments-online": {"capacity": "CU_1"}})
    key = {"name": "pk", "child_columns": ["merchant_id", "as_of"], "timeseries_columns": ["as_of"]}
    constraint = {"primary_key_constraint": key}
    workspace.tables[SOURCE] = {"full_name": SOURCE, "table_constraints": [constraint], "properties": {}}
    workspace.start()
    yield workspace
    workspace.stop()


def told(workspace: Workspace, *asked: tuple[str, str]) -> list[str]:
    environment = {**os.environ, "DATABRICKS_HOST": workspace.host, "DATABRICKS_TOKEN": TOKEN, "DATABRICKS_CONFIG_FILE": os.devnull}
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-c", PROGRAM, json.dumps(asked)]
    done = subprocess.run(command, env=environment, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    answers: list[str] = json.loads(done.stdout.splitlines()[-1])
    return answers


@pytest.mark.slow
def test_the_package_publishes_what_is_planned_and_the_platform_refuses_the_rest(workspace: Workspace) -> None:
    snapshot, no_feed, no_store = told(
        workspace, ("snapshot", "payments-online"), ("triggered", "payments-online"), ("snapshot", "nowhere")
    )

    (spec,) = [_spec(body) for method, path, body in workspace.calls if method == "POST" and _spec(body)["publish_mode"] == "SNAPSHOT"]
    online = Unity(catalog="main", schema="payments").online(MERCHANT_FEATURES)
    assert snapshot == online
    assert spec == {"online_store": "payments-online", "online_table_name": online, "publish_mode": "SNAPSHOT"}
    assert {path for method, path, _ in workspace.calls if method == "POST"} == {f"/api/2.0/feature-store/tables/{SOURCE}/publish"}
    assert no_feed == f"InvalidParameterValue: {SOURCE} has no change data feed"
    assert no_store.startswith("UsageError: there is no online store 'nowhere'")


def _spec(body: Any) -> dict[str, str]:
    found: dict[str, str] = body["publish_spec"]
    return found

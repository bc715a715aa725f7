from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any

import pytest


@pytest.fixture
def workspace(server: Any) -> Any:
    """The platform's own SDK, pointed at the server."""
    sdk = pytest.importorskip("databricks.sdk")
    return sdk.WorkspaceClient(host=server.url, token=server.token)


def test_the_platforms_sdk_queries_an_endpoint(workspace: Any) -> None:
    answer = workspace.serving_endpoints.query(name="cities", dataframe_records=[{"city": "Ulm"}, {"city": "Bonn"}])

    assert [output["people"] for output in answer.outputs] == [126_000, None]


def test_the_platforms_sdk_queries_with_a_split_frame(workspace: Any) -> None:
    from databricks.sdk.service.serving import DataframeSplitInput

    split = DataframeSplitInput(columns=["shop_id", "day"], data=[["O'B", 7]])

    answer = workspace.serving_endpoints.query(name="shops", dataframe_split=split)

    assert answer.outputs[0]["amount"] == "12.30"


def test_the_platforms_sdk_lists_the_endpoints(workspace: Any) -> None:
    listed = list(workspace.serving_endpoints.list())

    assert [endpoint.name for endpoint in listed] == ["cities", "shops", "trade"]
    assert {endpoint.state.ready.value for endpoint in listed} == {"READY"}


def test_the_platforms_sdk_gets_an_endpoint_with_its_tables(workspace: Any) -> None:
    got = workspace.serving_endpoints.get("trade")

    assert [entity.entity_name for entity in got.config.served_entities] == ["shops", "cities"]
    assert got.last_updated_timestamp > got.creation_timestamp > 0


def test_an_error_is_the_platforms_for_its_sdk(workspace: Any) -> None:
    from databricks.sdk.errors import BadRequest, NotFound

    with pytest.raises(NotFound, match="there is no endpoint 'towns'"):
        workspace.serving_endpoints.query(name="towns", dataframe_records=[{"city": "Ulm"}])
    with pytest.raises(BadRequest, match="key 'city' is missing"):
        workspace.serving_endpoints.query(name="cities", dataframe_records=[{}])


def test_curl_is_a_client(server: Any) -> None:
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("curl is not installed")
    sent = ["-H", f"Authorization: Bearer {server.token}", "-H", "Content-Type: application/json"]
    body = '{"dataframe_records": [{"city": "Ulm"}]}'

    done = subprocess.run(
        [curl, "-sS", "--fail", f"{server.url}/serving-endpoints/cities/invocations", *sent, "-d", body],
        capture_output=True,
        text=True,
        check=True,
    )

    assert json.loads(done.stdout)["outputs"][0]["people"] == 126_000


def test_curl_with_a_body_of_10_mb_is_told_that_it_is_too_large(server: Any, tmp_path: Any) -> None:
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("curl is not installed")
    large = tmp_path / "large.json"
    large.write_bytes(b" " * 10_000_000)
    sent = ["-H", f"Authorization: Bearer {server.token}", "-H", "Content-Type: application/json", "--data-binary", f"@{large}"]

    done = subprocess.run(
        [curl, "-sS", f"{server.url}/serving-endpoints/cities/invocations", *sent], capture_output=True, text=True, check=True
    )

    assert json.loads(done.stdout)["error_code"] == "REQUEST_TOO_LARGE"

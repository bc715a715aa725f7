"""``goldlane mcp`` as it is started, asked by the official SDK's own client."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError

from goldlane.features.online import OnlineStore
from goldlane.serving.agents.mcp_server import feature_server
from goldlane.serving.token_files import read_tokens, write_tokens
from goldlane.serving.tokens import new_token
from goldlane.serving.tools import FeatureTools

if TYPE_CHECKING:
    from mcp_types import CallToolResult, ListToolsResult

MODULE = ["-m", "goldlane.cli", "mcp"]
FRAMES = [
    {
        "id": 1,
        "method": "initialize",
        "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "0"}},
    },
    {"method": "notifications/initialized"},
    {"id": 2, "method": "tools/call", "params": {"name": "get_features", "arguments": {"key": {"merchant_id": "M00042"}}}},
]


@contextmanager
def serving(url: str, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server over HTTP on a free port, and its URL."""
    command = [sys.executable, *MODULE, "--store", url, "--http", "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            line = process.stderr.readline()
            found = re.search(r"listening at (http://\S+)", line)
            assert found, line + process.stderr.read()
            yield process, found[1]
        finally:
            process.kill()


@pytest.fixture(scope="module")
def address(lane_url: str) -> Iterator[str]:
    with serving(lane_url) as (_, url):
        yield url


def over_stdio(url: str, **options: Any) -> Client:
    return Client(StdioServerParameters(command=sys.executable, args=[*MODULE, "--store", url], env=dict(os.environ)), **options)


def listed(client: Client) -> ListToolsResult:
    async def ask() -> ListToolsResult:
        async with client:
            return await client.list_tools()

    return asyncio.run(ask())


def called(client: Client, name: str, arguments: dict[str, Any]) -> CallToolResult:
    async def ask() -> CallToolResult:
        async with client:
            return await client.call_tool(name, arguments)

    return asyncio.run(ask())


def text_of(result: CallToolResult) -> str:
    (content,) = result.content
    assert content.type == "text"
    return content.text


@pytest.mark.parametrize("mode", ["auto", "legacy"])
@pytest.mark.parametrize("transport", ["stdio", "http"])
def test_a_client_of_either_era_reads_features_over_either_transport(lane_url: str, address: str, transport: str, mode: Any) -> None:
    client = over_stdio(lane_url, mode=mode) if transport == "stdio" else Client(address, mode=mode)

    result = called(client, "get_features", {"key": {"merchant_id": "M00042"}, "features": ["risk_tier"]})

    assert (result.is_error, json.loads(text_of(result))["merchant_features"]["risk_tier"]) == (False, "high")


def test_the_whole_list_of_tools_is_1500_characters_at_most(address: str) -> None:
    tools = listed(Client(address))

    document = json.dumps(tools.model_dump(mode="json", by_alias=True, exclude_none=True))
    assert [tool.name for tool in tools.tools] == ["describe_features", "get_features"]
    assert len(document) <= 1500
    assert "merchant_features(merchant_id)" in document


def test_every_tool_says_that_it_only_reads(address: str) -> None:
    hints = [tool.annotations for tool in listed(Client(address)).tools]

    assert [(hint.read_only_hint, hint.idempotent_hint, hint.open_world_hint) for hint in hints if hint] == [(True, True, False)] * 2


def test_a_mistake_is_the_tools_error_and_no_failed_request(address: str) -> None:
    result = called(Client(address), "get_features", {"key": {"merchant_id": "M1"}, "tables": ["merchants"]})

    assert (result.is_error, "did you mean merchant_features?" in text_of(result)) == (True, True)


def test_another_tool_is_no_tool(address: str) -> None:
    async def ask() -> None:
        async with Client(address) as client:
            with pytest.raises(MCPError, match="there is no tool 'forget'; there are describe_features, get_features"):
                await client.call_tool("forget", {})

    asyncio.run(ask())


def test_only_the_named_tables_are_shown(lane_url: str) -> None:
    with serving(lane_url, "--tables", "merchant_features") as (_, url):
        assert "customer" not in listed(Client(url)).model_dump_json()
        assert called(Client(url), "get_features", {"key": {"customer_id": "C00007"}}).is_error


def frames() -> str:
    return "".join(json.dumps({"jsonrpc": "2.0", **frame}) + "\n" for frame in FRAMES)


def test_stdout_holds_the_protocol_only_and_the_end_of_stdin_ends_it(lane_url: str) -> None:
    command = [sys.executable, *MODULE, "--store", lane_url]

    done = subprocess.run(command, input="no JSON\n" + frames(), capture_output=True, text=True, check=False, timeout=60)

    answers = {answer["id"]: answer for answer in map(json.loads, done.stdout.splitlines()) if answer.get("id")}
    assert done.returncode == 0
    assert "M00042" not in done.stderr
    assert json.loads(answers[2]["result"]["content"][0]["text"])["merchant_features"]["weekly_velocity"] == 23


@pytest.mark.parametrize("options", [[], ["--http", "--port", "0"]], ids=["stdio", "http"])
def test_sigterm_ends_it_cleanly(lane_url: str, options: list[str]) -> None:
    command = [sys.executable, *MODULE, "--store", lane_url, *options]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        if options:
            process.stderr.readline()
        else:
            process.stdin.write(frames())
            process.stdin.flush()
            process.stdout.readline()

        process.send_signal(signal.SIGTERM)
        try:
            code = process.wait(timeout=30)
        finally:
            process.kill()

        assert (code, "Traceback" in process.stderr.read()) == (0, False)


def posted(url: str, headers: dict[str, str], body: bytes = b"{}") -> int:
    """The status of a POST with these headers."""
    types = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    request = urllib.request.Request(url, data=body, headers={**types, **headers})  # noqa: S310  our own server
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310  our own server
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code


def test_a_page_that_points_its_own_name_here_is_refused(address: str) -> None:
    assert posted(address, {"Host": "evil.example"}) == 421
    assert posted(address, {"Origin": "http://evil.example"}) == 403


def test_a_name_that_was_allowed_is_answered(lane_url: str) -> None:
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}).encode()
    with serving(lane_url, "--allow-host", "features.example") as (_, url):
        assert posted(url, {"Host": "features.example", "MCP-Protocol-Version": "2025-11-25"}, body) == 200


def test_only_a_token_opens_the_door_and_only_to_its_tables(lane_url: str, tmp_path: Path) -> None:
    file = tmp_path / "tokens.json"
    merchants, expired = token(file, "merchant_features"), token(file, "*", timedelta(seconds=-1))
    listing = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}).encode()
    with serving(lane_url, "--tokens", str(file)) as (_, url):
        shown = asyncio.run(listed_with(url, merchants))

        assert ("merchant_features(merchant_id)" in shown, "customer" in shown) == (True, False)
        assert [posted(url, headers, listing) for headers in ({}, bearer("gl_x_y"), bearer(expired))] == [401, 401, 401]
        assert posted(url, {**bearer(merchants), "Host": "evil.example"}, listing) == 421

        file.write_text('{"tokens": []}')
        assert posted(url, bearer(merchants), listing) == 401
        file.write_text("damaged")
        assert posted(url, bearer(merchants), listing) == 503


def token(file: Path, scope: str, lasts: timedelta | None = None) -> str:
    """A new token in ``file``."""
    known = read_tokens(file) if file.exists() else {}
    text, kept = new_token("test", [scope], None if lasts is None else datetime.now(timezone.utc) + lasts)
    write_tokens(file, [*known.values(), kept])
    return text


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


async def listed_with(url: str, text: str) -> str:
    """What the SDK's client is shown with a token."""
    async with httpx2.AsyncClient(headers=bearer(text)) as http, Client(streamable_http_client(url, http_client=http)) as client:
        return (await client.list_tools()).model_dump_json()


def test_a_long_body_is_refused(address: str) -> None:
    assert posted(address, {}, b"x" * 100_000) == 413


@pytest.mark.parametrize(
    "options, said",
    [
        (["--http", "--host", "0.0.0.0"], "without tokens only this machine may ask"),  # noqa: S104  it is refused
        (["--http", "--host", "::2"], "without tokens only this machine may ask"),
        (["--tokens", "tokens.json"], "--tokens and --allow-host need --http"),
        (["--allow-host", "features.example"], "--tokens and --allow-host need --http"),
        (["--tables", "merchants"], "did you mean merchant_features?"),
        (["--store", "sqlite:////nowhere/online.db"], "there is no store at /nowhere/online.db"),
    ],
)
def test_a_mistake_on_the_command_line_is_one_line_and_exit_code_2(lane_url: str, options: list[str], said: str) -> None:
    command = [sys.executable, *MODULE, "--store", lane_url, *options]

    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_in_use_is_said(lane_url: str, address: str) -> None:
    port = address.rpartition(":")[2].partition("/")[0]
    command = [sys.executable, *MODULE, "--store", lane_url, "--http", "--port", port]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (done.returncode, f"cannot listen at 127.0.0.1:{port}" in done.stderr) == (2, True)


def test_it_imports_no_spark_and_no_pandas(lane_url: str) -> None:
    program = f"""
import sys
from goldlane.features.online import open_store
from goldlane.serving.agents.mcp_server import feature_server
from goldlane.serving.agents.mcp_http import mcp_app
from goldlane.serving.tools import FeatureTools
mcp_app(feature_server(FeatureTools(open_store({lane_url!r})), inline=True))
print(sorted(name for name in ("pyspark", "py4j", "delta", "pandas", "numpy", "pyarrow", "mlflow") if name in sys.modules))
"""

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"


@pytest.mark.parametrize("inline", [True, False])
def test_it_answers_in_the_loop_or_from_a_thread(lane: OnlineStore, inline: bool) -> None:  # noqa: FBT001  the case
    server = feature_server(FeatureTools(lane), inline=inline)

    result = called(Client(server), "get_features", {"key": {"merchant_id": "M00042"}})

    assert json.loads(text_of(result))["merchant_features"]["weekly_velocity"] == 23

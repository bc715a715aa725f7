"""Tool calls over MCP (streamable HTTP): ``goldlane mcp`` beside Feast's MCP feature server, asked in turns by the same client.

    python benchmarks/serve_mcp.py [--calls 500] [--rounds 3] [--feast PYTHON]

10,000 merchants of ten features in SQLite on both sides; the client is the official SDK's, one session, one call at a time, so that its own
work is in both figures. Feast needs an environment of its own, with ``feast[mcp]==0.67.*``, which ``--feast`` names; else it is left out.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pyarrow as pa
from mcp.client.client import Client

from goldlane.features import Feature, FeatureTable, open_store, publish

ROWS = 10_000
NAMES = ("tier", "n", *(f"f{number}" for number in range(8)))
PEER = Path(__file__).parent / "peers" / "feast_server.py"
MERCHANTS = FeatureTable(
    name="merchants",
    keys=("merchant_id",),
    event_time="as_of",
    features=tuple(
        Feature(name=name, type={"tier": "string", "n": "bigint"}.get(name, "double"), description=f"Feature {name} of a merchant")
        for name in NAMES
    ),
)


@dataclass
class Side:
    """A server under measurement, and what was found."""

    name: str
    url: str
    process: subprocess.Popen[bytes]
    start_s: float
    tool: str = ""
    listed: int = 0
    tools: int = 0
    answer: int = 0
    seconds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def arguments(self, number: int) -> dict[str, Any]:
        """A call for all ten features of one merchant."""
        key = f"M{number % ROWS:06d}"
        if self.name == "goldlane":
            return {"key": {"merchant_id": key}}
        return {"features": [f"merchants:{name}" for name in NAMES], "entities": {"merchant_id": [key]}}

    def cpu_s(self) -> float:
        """CPU seconds of the server and its workers so far."""
        total = 0
        for pid in [self.process.pid, *_children(self.process.pid)]:
            user, system = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[11:13]
            total += int(user) + int(system)
        return total / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Print the figures and their ratios."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="serve-mcp-") as folder:
        work = Path(folder)
        with _goldlane(work) as ours, _feast(work, options.feast) as feast:
            sides = [side for side in (ours, feast) if side is not None]
            asyncio.run(_measure(sides, options.calls, options.rounds))
    for side in sides:
        ordered = sorted(side.seconds)
        p50, p95 = (1000 * ordered[int(len(ordered) * part)] for part in (0.5, 0.95))
        cpu = 1000 * statistics.median(side.cpu)
        print(f"{side.name:9} p50 {p50:6.2f} ms  p95 {p95:6.2f} ms  server CPU {cpu:5.2f} ms/call  start {side.start_s:4.1f} s", end="")
        print(f"  tools/list {side.tools} tools, {side.listed:,} characters  answer {side.answer:,} characters")
    if len(sides) > 1:
        ratios = [statistics.median(sides[1].seconds) / statistics.median(sides[0].seconds), sides[1].listed / sides[0].listed]
        print(f"Feast / goldlane: p50 {ratios[0]:.1f}, schema {ratios[1]:.1f}, answer {sides[1].answer / sides[0].answer:.1f}")


async def _measure(sides: list[Side], calls: int, rounds: int) -> None:
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(Client(side.url)) for side in sides]
        for side, client in zip(sides, clients, strict=True):
            await _look(side, client)
        for _ in range(rounds):
            for side, client in zip(sides, clients, strict=True):
                before = side.cpu_s()
                for number in range(calls):
                    started = time.perf_counter()
                    result = await client.call_tool(side.tool, side.arguments(number))
                    side.seconds.append(time.perf_counter() - started)
                    if result.is_error:
                        raise SystemExit(f"{side.name}: {result.content}")
                side.cpu.append((side.cpu_s() - before) / calls)


async def _look(side: Side, client: Client) -> None:
    """The tools, how long their list and an answer are, and a few calls to warm up."""
    listed = await client.list_tools()
    side.tools, side.listed = len(listed.tools), len(json.dumps(listed.model_dump(mode="json", by_alias=True, exclude_none=True)))
    wanted = "get_features" if side.name == "goldlane" else "get_online_features"
    side.tool = next(tool.name for tool in listed.tools if tool.name.startswith(wanted))
    for number in range(20):
        result = await client.call_tool(side.tool, side.arguments(number))
    (content,) = result.content
    side.answer = len(getattr(content, "text", ""))


@contextmanager
def _goldlane(work: Path) -> Iterator[Side]:
    url = f"sqlite:///{work}/online.db"
    at = datetime(2026, 1, 31, 10, tzinfo=timezone.utc)
    keys = {"merchant_id": [f"M{number:06d}" for number in range(ROWS)], "as_of": pa.array([at] * ROWS, pa.timestamp("us", "UTC"))}
    floats = {f"f{part}": [number / 7 + part for number in range(ROWS)] for part in range(8)}
    publish(MERCHANTS, pa.table({**keys, "tier": ["low"] * ROWS, "n": list(range(ROWS)), **floats}), store := open_store(url))
    store.close()
    port = _free_port()
    command = [sys.executable, "-m", "goldlane.cli", "mcp", "--store", url, "--http", "--port", str(port)]
    with _served("goldlane", command, port) as side:
        yield side


@contextmanager
def _feast(work: Path, python: Path) -> Iterator[Side | None]:
    if not python.exists():
        print(f"Feast is left out: there is no {python}; install feast[mcp]==0.67.* into an environment and name its Python with --feast")
        yield None
        return
    port = _free_port()
    with _served("feast", [str(python), "-W", "ignore", str(PEER), str(work), str(ROWS), str(port), "mcp"], port) as side:
        yield side


@contextmanager
def _served(name: str, command: list[str], port: int) -> Iterator[Side]:
    """A server from its start until it takes connections; Feast's start includes writing its rows."""
    started = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            while not _answers(port):
                if process.poll() is not None or time.perf_counter() - started > 180:  # noqa: PLR2004  seconds
                    raise SystemExit(f"{name} does not start; run {' '.join(command)} by hand")
                time.sleep(0.02)
            yield Side(name, f"http://127.0.0.1:{port}/mcp", process, time.perf_counter() - started)
        finally:
            for pid in _children(process.pid):
                os.kill(pid, 15)
            process.terminate()


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=3)
    home = Path(tempfile.gettempdir()) / "goldlane-feast-mcp" / "bin" / "python"
    parser.add_argument("--feast", type=Path, default=home, help="a Python that has feast[mcp]")
    return parser.parse_args()


if __name__ == "__main__":
    main()

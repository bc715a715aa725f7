from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from goldlane.features import Feature, FeatureTable, open_store, publish

PAIRS = FeatureTable(
    name="pairs",
    keys=("id",),
    event_time="at",
    features=tuple(Feature(name=name, type="bigint", description="a number") for name in ("left", "right")),
)
IDS = [f"P{number}" for number in range(2_000)]


def generation(number: int) -> pa.Table:
    """Every row holds the number of the publish twice."""
    numbers = [number] * len(IDS)
    return pa.table({"id": IDS, "at": pa.array([number] * len(IDS), pa.timestamp("us", "UTC")), "left": numbers, "right": numbers})


@pytest.mark.slow
def test_publishing_under_load_gives_no_error_and_no_torn_row(tmp_path: Path, new_server: Any) -> None:
    path = tmp_path / "pairs.db"
    store = open_store(f"sqlite:///{path}")
    publish(PAIRS, generation(0), store)
    statuses: set[int] = set()
    wrong: list[Any] = []
    seen: set[int] = set()
    stop = threading.Event()

    def load(server: Any) -> None:
        while not stop.is_set():
            reply = server.query("pairs", *({"id": IDS[number]} for number in (0, 777, 1999)))
            statuses.add(reply.status)
            numbers = {output[side] for output in reply.document["outputs"] for side in ("left", "right")}
            seen.update(numbers)
            wrong.extend([numbers] if len(numbers) != 1 else [])

    with new_server(path) as server:
        threads = [threading.Thread(target=load, args=(server,)) for _ in range(3)]
        for thread in threads:
            thread.start()
        ends, number = time.monotonic() + 10, 0
        while time.monotonic() < ends:
            number += 1
            publish(PAIRS, generation(number), store, mode="snapshot" if number % 2 else "triggered")
        stop.set()
        for thread in threads:
            thread.join()

    assert (statuses, wrong) == ({200}, [])
    assert len(seen) > 3


@pytest.mark.slow
def test_schemathesis_finds_no_server_error(server: Any, tmp_path: Path) -> None:
    schemathesis = Path(sys.executable).with_name("schemathesis")
    if not schemathesis.exists():
        pytest.skip("schemathesis is not installed")
    command = [schemathesis, "run", f"{server.url}/openapi.json", "-H", f"Authorization: Bearer {server.token}", "--seed", "7"]
    bounds = ["--max-examples", "15", "--checks", "not_a_server_error,response_schema_conformance,status_code_conformance"]

    done = subprocess.run([*command, *bounds, "--no-color"], capture_output=True, text=True, check=False, timeout=300, cwd=tmp_path)

    assert done.returncode == 0, done.stdout[-4_000:]
    assert "generated" in done.stdout

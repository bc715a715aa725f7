"""The image of the serving process: what its Dockerfile says, and that what it installs serves without a JVM."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Callable
from datetime import datetime, timezone
from http.client import HTTPConnection
from pathlib import Path

import pyarrow as pa
import pytest

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
IGNORED = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
_, BUILD, SERVE = DOCKERFILE.split("\nFROM ")
NEVER_LOADED = ("pyspark", "delta", "pandas", "pyarrow", "numpy", "mlflow", "py4j")
SERVING = """
import sys, threading, time, urllib.request
from goldlane.cli import main

def look():
    while True:
        time.sleep(0.1)
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=2)
        except OSError:
            continue
        print(",".join(sorted(name for name in sys.modules if "." not in name)), flush=True)
        return

port = sys.argv.pop()
threading.Thread(target=look, daemon=True).start()
sys.argv += ["--port", port]
main()
"""


@pytest.fixture(scope="module")
def image_bin(installed: Callable[[str], Path]) -> Path:
    """The programs of an environment with what the Dockerfile installs."""
    (extras,) = re.findall(r"\.whl\)\[([a-z,]+)\]", BUILD)
    return installed(extras)


def instructions(stage: str, name: str) -> list[str]:
    return re.findall(rf"^{name} (.*)$", stage, re.MULTILINE)


def entry_point() -> list[str]:
    found: list[str] = json.loads(instructions(SERVE, "ENTRYPOINT")[0])
    return found


@pytest.mark.parametrize("place", ["Dockerfile", "docs/deploy.md"])
def test_the_tokens_are_mounted_as_a_folder_that_whoever_serves_may_read(place: str) -> None:
    (run,) = re.findall(r"docker run .*", (ROOT / place).read_text(encoding="utf-8"))

    # A revoked token replaces the file: a container that has mounted the file alone goes on with the old one.
    (mounted,) = re.findall(r"--volume \"[^\"]*:(/[^\"]*):ro\"", run)
    assert mounted == str(Path(entry_point()[-1]).parent)
    assert '--user "$(id -u)"' in run


def test_the_last_stage_is_slim_and_runs_nothing_as_root() -> None:
    assert re.match(r"python:3\.1\d-slim-\w+\n", SERVE)
    assert [int(user) > 0 for user in instructions(SERVE, "USER")] == [True]
    assert SERVE.index("USER") < SERVE.index("ENTRYPOINT")
    assert "apt-get" not in DOCKERFILE


def test_its_health_check_asks_the_port_that_it_serves_at() -> None:
    port = entry_point()[entry_point().index("--port") + 1]

    (check,) = instructions(SERVE, "HEALTHCHECK")

    assert f"127.0.0.1:{port}/health" in check
    assert instructions(SERVE, "EXPOSE") == [port]


def test_it_lets_nobody_in_without_a_token() -> None:
    assert "--insecure" not in DOCKERFILE
    assert "--tokens" in entry_point()


def test_it_sees_what_it_copies_and_nothing_else() -> None:
    copied = {name for line in instructions(BUILD, "COPY") for name in line.split()[:-1]}
    kept = {line.removeprefix("!") for line in IGNORED if line.startswith("!")}

    assert IGNORED[0] == "*"
    assert copied == kept
    assert all((ROOT / name).exists() for name in copied)


@pytest.mark.slow
def test_what_it_installs_serves_and_loads_neither_spark_nor_pandas(image_bin: Path, alone: dict[str, str], tmp_path: Path) -> None:
    from goldlane.features import Feature, FeatureTable, open_store, publish
    from goldlane.serving.token_files import write_tokens
    from goldlane.serving.tokens import new_token

    people = Feature(name="people", type="bigint", description="people")
    cities = FeatureTable(name="cities", keys=("city",), event_time="as_of", features=(people,))
    moment = pa.array([datetime(2026, 1, 31, tzinfo=timezone.utc)], pa.timestamp("us", "UTC"))
    publish(cities, pa.table({"city": ["Ulm"], "as_of": moment, "people": [126_000]}), open_store(f"sqlite:///{tmp_path}/online.db"))
    token, kept = new_token("all", ["*"], None)
    write_tokens(tmp_path / "tokens.json", [kept])
    port = str(20_000 + os.getpid() % 20_000)
    told = ["--store", "sqlite:///online.db", "--tokens", "tokens.json", port]

    serving = subprocess.Popen(
        [image_bin / "python", "-c", SERVING, *entry_point()[1:2], *told],
        cwd=tmp_path,
        env={**alone, "PATH": "/nowhere"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert serving.stdout is not None
        loaded = set(serving.stdout.readline().strip().split(","))
        body = json.dumps({"dataframe_records": [{"city": "Ulm"}]}).encode()
        connection = HTTPConnection("127.0.0.1", int(port), timeout=10)
        connection.request("POST", "/serving-endpoints/cities/invocations", body, {"Authorization": f"Bearer {token}"})
        outputs = json.load(connection.getresponse())["outputs"]
        connection.close()
    finally:
        serving.send_signal(signal.SIGTERM)
        code = serving.wait(20)

    assert outputs[0]["people"] == 126_000
    assert {"goldlane", "starlette", "uvicorn"} <= loaded
    assert loaded.isdisjoint(NEVER_LOADED)
    assert code == 0


@pytest.mark.slow
def test_nothing_of_spark_is_installed_in_it(image_bin: Path, alone: dict[str, str]) -> None:
    asked = "from importlib.metadata import distributions; print(*sorted({each.name.lower() for each in distributions()}))"

    told = subprocess.run([image_bin / "python", "-c", asked], env=alone, capture_output=True, text=True, check=True).stdout.split()

    assert "goldlane" in told
    assert {"pyspark", "delta-spark", "pandas", "pyarrow", "mlflow", "numpy"}.isdisjoint(told)

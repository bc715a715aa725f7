from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from goldlane.errors import GoldlaneError
from goldlane.features import Feature, FeatureTable, open_store, publish
from goldlane.filelocks import file_lock

CITIES = FeatureTable(
    name="cities", keys=("city",), event_time="at", features=(Feature(name="people", type="bigint", description="people"),)
)
ASKED = b'{"dataframe_records": [{"city": "Ulm"}]}'
Goldlane = Callable[..., Any]


@pytest.fixture
def store(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path}/online.db"
    publish(CITIES, pa.table({"city": ["Ulm"], "at": pa.array([0], pa.timestamp("us", "UTC")), "people": [126_000]}), open_store(url))
    return url


@contextmanager
def served(store: str, *options: str, told: str = "serving ") -> Iterator[tuple[int, subprocess.Popen[str]]]:
    """``goldlane serve`` on a free port, and its process."""
    command = [sys.executable, "-m", "goldlane.cli", "serve", "--store", store, "--port", "0", *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            line = process.stderr.readline()
            found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
            assert found, line + process.stderr.read()
            assert line.startswith(told)
            yield int(found[1]), process
        finally:
            process.terminate()
            process.wait(30)


def ask(port: int, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, body, {"content-type": "application/json", **headers})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_serve_answers_and_finishes_what_was_begun_when_it_is_told_to_stop(store: str) -> None:
    with served(store, "--insecure") as (port, process):
        status, body = ask(port, "POST", "/serving-endpoints/cities/invocations", ASKED)
        begun = HTTPConnection("127.0.0.1", port, timeout=20)
        begun.putrequest("POST", "/serving-endpoints/cities/invocations")
        begun.putheader("content-type", "application/json")
        begun.putheader("content-length", str(len(ASKED)))
        begun.endheaders(ASKED[:10])
        time.sleep(0.3)
        process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        begun.send(ASKED[10:])
        finished = json.loads(begun.getresponse().read())
        begun.close()
        code = process.wait(30)

    assert (status, json.loads(body)["outputs"][0]["people"]) == (200, 126_000)
    assert finished["outputs"][0]["people"] == 126_000
    assert code == 0


def test_several_workers_share_a_port_and_tell_their_counters_as_one(store: str) -> None:
    with served(store, "--insecure", "--workers", "2") as (port, process):
        for _ in range(12):
            assert ask(port, "POST", "/serving-endpoints/cities/invocations", ASKED)[0] == 200
        pages = {ask(port, "GET", "/metrics")[1].decode() for _ in range(6)}
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        workers = len(children.read_text().split()) if children.exists() else 2

    counted = {re.search(r'goldlane_requests_total\{endpoint="cities",status="200"\} (\S+)', page)[1] for page in pages}  # type: ignore[index]
    assert counted == {"12.0"}
    assert workers >= 2
    assert process.returncode == 0


@pytest.mark.parametrize(
    "options, told",
    [
        ((), "nobody may ask: name a file of tokens"),
        (("--insecure", "--host", "0.0.0.0"), "--insecure lets everybody in, and 0.0.0.0 can be reached from elsewhere"),  # noqa: S104  refused
        (("--insecure", "--tokens", "t.json"), "--tokens and --insecure exclude each other"),
        (("--tokens", "t.json"), "the token file t.json cannot be read"),
        (("--insecure", "--store", "sqlite:///nowhere.db"), "there is no store at"),
        (("--insecure", "--host", "no.such.host.invalid"), "--insecure lets everybody in"),
        (("--insecure", "--port", "99999"), "Invalid value for '--port'"),
    ],
    ids=["nobody", "public", "both", "no file", "no store", "unknown host", "port"],
)
def test_a_server_that_cannot_be_is_the_callers_mistake(store: str, goldlane: Goldlane, options: tuple[str, ...], told: str) -> None:
    ran = goldlane("serve", "--store", store, "--port", "0", *options)

    assert ran.code == 2
    assert told in ran.err


def test_a_token_is_shown_once_listed_without_its_secret_and_revoked(goldlane: Goldlane, tmp_path: Path) -> None:
    made = goldlane(
        "token", "create", "--tokens", "t.json", "--name", "agent", "--scope", "cities,shops", "--expires", "90d", "--json"
    ).document
    listed = goldlane("token", "list", "--tokens", "t.json", "--json")
    revoked = goldlane("token", "revoke", made["id"], "--tokens", "t.json")

    assert (made["name"], made["scopes"], made["token"][:3]) == ("agent", ["cities", "shops"], "gl_")
    assert [each["id"] for each in listed.document["tokens"]] == [made["id"]]
    assert made["token"].rpartition("_")[2] not in listed.out + (tmp_path / "t.json").read_text()
    assert revoked.code == 0
    assert goldlane("token", "list", "--tokens", "t.json", "--json").document == {"tokens": []}


def test_a_token_is_the_only_thing_on_stdout(goldlane: Goldlane) -> None:
    ran = goldlane("token", "create", "--tokens", "t.json")

    assert re.fullmatch(r"gl_[0-9a-f]{12}_\S{43}\n", ran.out)
    assert "it is shown this once" in ran.err


@pytest.mark.parametrize(
    "arguments, told",
    [
        (("create", "--tokens", "t.json", "--expires", "soon"), "--expires 'soon' is no length of time"),
        (("create", "--tokens", "t.json", "--scope", ""), "--scope names nothing"),
        (("create", "--tokens", "t.json", "--scope", "cities", "--scope", " , "), "--scope names nothing"),
        (("create", "--tokens", "wrong.json"), "wrong.json is not a file of tokens"),
        (("list", "--tokens", "none.json"), "the token file none.json cannot be read"),
        (("revoke", "abc", "--tokens", "t.json"), "t.json has no token 'abc'"),
    ],
    ids=["expires", "empty scope", "blank scope", "another file", "no file", "unknown"],
)
def test_a_mistake_with_tokens_is_one_line(goldlane: Goldlane, tmp_path: Path, arguments: tuple[str, ...], told: str) -> None:
    goldlane("token", "create", "--tokens", "t.json")
    (tmp_path / "wrong.json").write_text('{"tokens": [{"id": 1}]}')

    ran = goldlane("token", *arguments)

    assert ran.code == 2
    assert told in ran.complaint


def test_a_file_s_name_is_told_whole(store: str, tmp_path: Path) -> None:
    (tmp_path / "online.db").rename(tmp_path / "a@b.db")

    with served(store.replace("online.db", "a@b.db"), "--insecure", told=f"serving sqlite:///{tmp_path}/a@b.db at "):
        pass


@pytest.mark.parametrize("change", ["create", "revoke"])
def test_a_change_of_tokens_that_another_makes_meanwhile_is_not_undone(goldlane: Goldlane, tmp_path: Path, change: str) -> None:
    made = goldlane("token", "create", "--tokens", "t.json", "--json").document["id"]
    before = (tmp_path / "t.json").read_text()

    with file_lock(tmp_path / "t.json.lock", GoldlaneError):
        ran = goldlane("token", change, *([made] if change == "revoke" else []), "--tokens", "t.json")

    assert ran.code == 1
    assert f"the tokens in t.json are being changed by process {os.getpid()}" in ran.complaint
    assert (tmp_path / "t.json").read_text() == before
    assert goldlane("token", change, *([made] if change == "revoke" else []), "--tokens", "t.json").code == 0


def test_serving_imports_nothing_heavy() -> None:
    program = (
        "import sys, goldlane.serving.service, goldlane.serving.server, goldlane.serving.protocol\n"
        "heavy = ('pyspark', 'pandas', 'pyarrow', 'delta', 'deltalake', 'numpy', 'mlflow', 'databricks')\n"
        "print([name for name in heavy if name in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env={**os.environ})

    assert done.stdout.strip() == "[]"


@pytest.mark.slow
def test_a_worker_that_dies_is_replaced(store: str) -> None:
    with served(store, "--insecure", "--workers", "2") as (port, process):
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        if not children.exists():
            pytest.skip("needs /proc")
        assert ask(port, "POST", "/serving-endpoints/cities/invocations", ASKED)[0] == 200
        servers = {int(child) for child in children.read_text().split() if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()}
        for server in servers:
            os.kill(server, signal.SIGKILL)
        deadline = time.monotonic() + 60
        while servers & {int(child) for child in children.read_text().split()} and time.monotonic() < deadline:
            time.sleep(0.2)

        status, _ = ask(port, "POST", "/serving-endpoints/cities/invocations", ASKED)

    assert len(servers) == 2
    assert status == 200

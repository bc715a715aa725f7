"""A store with two tables and a set, and servers of it: real ones, on a port of this machine, in a thread of the test's process."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from goldlane.features import Feature, FeatureSet, FeatureTable, open_store, publish
from goldlane.serving.server import configuration, listen
from goldlane.serving.service import Service
from goldlane.serving.token_files import write_tokens
from goldlane.serving.tokens import new_token

AS_OF = datetime(2026, 1, 31, 10, tzinfo=timezone.utc)
SHOPS = FeatureTable(
    name="shops",
    description="What a shop sold on a day.",
    keys=("shop_id", "day"),
    key_types={"day": "int"},
    event_time="as_of",
    features=(
        Feature(name="amount", type="decimal(18,2)", description="an amount", unit="EUR"),
        Feature(name="score", type="double", description="a score"),
        Feature(name="note", type="string", description="a text"),
        Feature(name="mark", type="binary", description="a mark"),
    ),
)
CITIES = FeatureTable(
    name="cities", keys=("city",), event_time="as_of", features=(Feature(name="people", type="bigint", description="people"),)
)
TRADE = FeatureSet(name="trade", tables=("shops", "cities"))


@dataclass(frozen=True)
class Reply:
    """What a server answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Server:
    """A running server and a token that may read everything."""

    port: int
    token: str
    tokens: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(self, method: str, path: str, body: bytes | Iterable[bytes] | None = None, **headers: str | None) -> Reply:
        """One request; a header given as None is left out, an underscore in its name is a hyphen."""
        sent = {"authorization": f"Bearer {self.token}", "content-type": "application/json"}
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body, {name: value for name, value in {**sent, **given}.items() if value is not None})
            answer = connection.getresponse()
            return Reply(answer.status, dict(answer.getheaders()), answer.read())
        finally:
            connection.close()

    def query(self, endpoint: str, *records: Any, **headers: str | None) -> Reply:
        body = json.dumps({"dataframe_records": records}).encode()
        return self.ask("POST", f"/serving-endpoints/{endpoint}/invocations", body, **headers)

    def new_token(self, *scopes: str, expires_at: datetime | None = None) -> str:
        """A token more; the server knows it within two seconds."""
        from goldlane.serving.token_files import read_tokens

        text, kept = new_token("test", scopes, expires_at)
        write_tokens(self.tokens, [*read_tokens(self.tokens).values(), kept])
        return text


def publish_shops(path: Path, rows: list[dict[str, Any]] | None = None) -> None:
    from goldlane.features.arrow_batches import arrow_schema

    own = {"shop_id": "O'B", "day": 7, "as_of": AS_OF, "score": float("nan"), "mark": b"\x01\xff", "amount": "12.30"}
    table = pa.Table.from_pylist([], schema=arrow_schema(SHOPS))
    columns = {name: [row.get(name) for row in rows or [own]] for name in SHOPS.columns}
    arrays = [
        pa.array(columns[field.name]).cast(field.type) if field.name == "amount" else pa.array(columns[field.name], field.type)
        for field in table.schema
    ]
    publish(SHOPS, pa.Table.from_arrays(arrays, schema=table.schema), open_store(f"sqlite:///{path}"), mode="snapshot")


def make_store(folder: Path) -> Path:
    path = folder / "online.db"
    publish_shops(path)
    store = open_store(f"sqlite:///{path}")
    publish(CITIES, pa.table({"city": ["Ulm"], "as_of": pa.array([AS_OF], pa.timestamp("us", "UTC")), "people": [126_000]}), store)
    store.write_feature_sets([TRADE])
    store.close()
    return path


@contextmanager
def serving(store: Path | str, folder: Path, **options: Any) -> Iterator[Server]:
    """A server of ``store`` until the block ends; ``options`` are those of ``Service``."""
    import asyncio

    import uvicorn

    tokens = folder / "tokens.json"
    text, kept = new_token("all", ["*"], None)
    write_tokens(tokens, [kept])
    service = Service(
        store=store if isinstance(store, str) else f"sqlite:///{store}",
        **({"tokens": tokens} if "insecure" not in options else {}),
        **options,
    )
    with listen("127.0.0.1", 0) as listening:
        server = uvicorn.Server(configuration(service(), service.limits))
        thread = threading.Thread(target=lambda: asyncio.run(server.serve([listening])), daemon=True)
        thread.start()
        try:
            wait_for(lambda: server.started)
            yield Server(listening.getsockname()[1], text, tokens)
        finally:
            server.should_exit = True
            thread.join(30)


def wait_for(happened: Callable[[], bool], seconds: float = 20.0) -> None:
    import time

    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


@pytest.fixture(scope="session")
def store_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A published store that no test changes."""
    return make_store(tmp_path_factory.mktemp("served"))


@pytest.fixture(scope="module")
def server(store_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of that store, for tests that only ask."""
    with serving(store_path, tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture(scope="session")
def new_server(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., AbstractContextManager[Server]]:
    """Call it with a store and options of ``Service`` for a server of one's own."""
    return lambda store, **options: serving(store, tmp_path_factory.mktemp("server"), **options)


@pytest.fixture
def eventually() -> Callable[..., Any]:
    """Ask until the answer is as it should be; what is asked last is told."""

    def ask(asked: Callable[[], Reply], expected: Callable[[Reply], bool]) -> Reply:
        replies: list[Reply] = []
        wait_for(lambda: expected(replies.append(asked()) or replies[-1]))
        return replies[-1]

    return ask


@pytest.fixture
def own_store(tmp_path: Path) -> Path:
    """A store of the test's own."""
    return make_store(tmp_path)

"""A store of its own for each test, one small feature table, and gold tables written without a JVM."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from goldlane.features.declarations import Feature, FeatureTable
from goldlane.features.online import OnlineStore, open_store

Row: TypeAlias = "tuple[Any, ...]"
START = datetime(2026, 1, 1, tzinfo=timezone.utc)


def hour(number: float) -> datetime:
    return START + timedelta(hours=number)


def feature(name: str, kind: str) -> Feature:
    return Feature(name=name, type=kind, description=f"a {kind}")


@pytest.fixture
def merchants() -> FeatureTable:
    return FeatureTable(
        name="merchants",
        keys=("merchant_id",),
        event_time="as_of",
        features=(feature("tier", "string"), feature("velocity", "bigint")),
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "online.db"


@pytest.fixture
def engine() -> str:
    """What ``store`` is made of; the tests of stores ask for each."""
    return "sqlite"


@pytest.fixture
def store_url(engine: str, path: Path, request: pytest.FixtureRequest) -> str:
    return f"sqlite:///{path}" if engine == "sqlite" else str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def store(store_url: str) -> Iterator[OnlineStore]:
    store = open_store(store_url)
    yield store
    store.close()


@pytest.fixture
def storage(tmp_path: Path) -> Path:
    folder = tmp_path / "storage"
    folder.mkdir()
    return folder


@pytest.fixture
def frame(merchants: FeatureTable) -> Callable[[Sequence[Row]], Any]:
    """Rows ``(merchant_id, hour, tier, velocity)`` as an Arrow table."""
    from goldlane.features.arrow_batches import arrow_schema

    schema = arrow_schema(merchants)

    def make(rows: Sequence[Row]) -> Any:
        import pyarrow as pa

        timed = [(key, None if at is None else hour(at), *values) for key, at, *values in rows]
        return pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in timed], schema=schema)

    return make


@pytest.fixture
def gold(storage: Path, frame: Callable[[Sequence[Row]], Any]) -> Callable[..., Any]:
    """Write rows to the gold table ``merchants`` and hand its Delta table out; with a change data feed unless told otherwise."""
    from deltalake import DeltaTable, write_deltalake

    place = str(storage / "tables" / "default" / "merchants")

    def write(rows: Sequence[Row], *, mode: Any = "append", feed: bool = True) -> Any:
        (storage / "tables" / "default").mkdir(parents=True, exist_ok=True)
        write_deltalake(place, frame(rows), mode=mode, configuration={"delta.enableChangeDataFeed": "true"} if feed else None)
        return DeltaTable(place)

    return write

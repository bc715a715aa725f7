"""A store with a catalogue, made without a JVM, and servers of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pyarrow as pa
import pytest

from goldlane.expectations import Rule, Rules
from goldlane.features import Feature, FeatureSet, FeatureTable, Rolling, open_store, publish
from goldlane.features.online.catalogue import Catalogue, CountedRule, Drift, GraphNode

HOSTILE = "<script>alert('1')</script> & \"quoted\""
CARD = "4111-1111-1111-1111"
WEEK = Rolling(function="count", window="7d")
MERCHANTS = FeatureTable(
    name="merchants",
    description="Activity of a merchant, one row per day.",
    keys=("merchant_id",),
    event_time="as_of",
    ttl=timedelta(days=1),
    features=(
        Feature(name="risk_tier", type="string", description="high, medium or low"),
        Feature(name="fraud_rate_30d", type="double", description="Chargebacks for fraud", unit="chargebacks per transaction"),
        Feature(name="card_number", type="string", description="The card that was seen last", sensitive=True),
        Feature(
            name="velocity", type="bigint", description="Sales of a week", unit="sales", rolling=Rolling(function="count", window="7d")
        ),
    ),
)
VISITS = FeatureTable(
    name="visits",
    description=HOSTILE,
    keys=("merchant_id", "day"),
    key_types={"day": "int"},
    event_time="seen_at",
    features=(Feature(name="visits", type="bigint", description=HOSTILE), Feature(name="velocity", type="double", description="per hour")),
)
PRICED = CountedRule(dataset="bronze", name="has_a_price", action="drop", predicate="price > 0", why="No price.", passed=1900, failed=31)
TOLD = Catalogue(
    source="merchants",
    pipeline="shop",
    updated_at=datetime(2026, 1, 31, 10, tzinfo=timezone.utc),
    nodes=tuple(
        GraphNode(name=name, kind=kind)
        for name, kind in (("landing/", "files"), ("bronze", "streaming_table"), ("clean", "view"), ("merchants", "materialized_view"))
    ),
    edges=(("landing/", "bronze"), ("bronze", "clean"), ("clean", "merchants")),
    upstream=(
        CountedRule(dataset="bronze", name="has_a_price", action="drop", predicate="price > 0", why="No price.", passed=1900, failed=31),
    ),
    drift=(
        Drift(feature="velocity", measure="psi", value=0.01, limit=0.2),
        Drift(feature="merchant_id", measure="psi", value=9.0, limit=0.2),
        Drift(
            feature="risk_tier",
            measure="psi",
            value=0.31,
            limit=0.2,
            at=datetime(2026, 1, 31, tzinfo=timezone.utc),
            since=datetime(2026, 1, 30, tzinfo=timezone.utc),
            compared="the baseline",
            trend=(0.05, 0.31),
            now=(0.2, 0.8),
            before=(0.5, 0.5),
        ),
    ),
)


def make_store(folder: Path) -> Path:
    """Two tables, one of them with everything told of it, and a set of both."""
    from deltalake import write_deltalake

    now = datetime.now(timezone.utc) - timedelta(hours=3, minutes=10)
    gold, path = folder / "storage" / "tables" / "default" / "merchants", folder / "online.db"
    store = open_store(f"sqlite:///{path}")
    rules = Rules(
        Rule(name="tier_is_known", predicate="risk_tier IN ('low', 'high')", action="fail", why="Agents know these."),
        Rule(name="velocity_is_low", predicate="velocity < 12"),
    )
    gold.mkdir(parents=True)
    for number in range(1, 4):
        rows = {"risk_tier": ["low", "high"], "fraud_rate_30d": [0.125, None], "card_number": [CARD, None], "velocity": [11, 12]}
        keys = {"merchant_id": [f"M{number}", f"N{number}"], "as_of": pa.array([now, now], pa.timestamp("us", "UTC"))}
        write_deltalake(str(gold), pa.table({**keys, **rows}), mode="append")
        publish(MERCHANTS, folder / "storage", store, rules=rules, catalogue=TOLD)
    old = pa.array([datetime(2020, 1, 1, tzinfo=timezone.utc)], pa.timestamp("us", "UTC"))
    visits = {"merchant_id": ["M1"], "day": pa.array([3], pa.int32()), "seen_at": old, "visits": [7], "velocity": [0.5]}
    publish(VISITS, pa.table(visits), store)
    store.write_feature_sets([FeatureSet(name="everything", description="Both tables.", tables=("merchants", "visits"))])
    store.close()
    return path


@pytest.fixture(scope="session")
def catalogue_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that no test changes."""
    return make_store(tmp_path_factory.mktemp("catalogue"))


@pytest.fixture(scope="session")
def site(catalogue_store: Path, new_server: Callable[..., AbstractContextManager[Any]]) -> Iterator[Any]:
    """A server of it that asks nobody for a token."""
    with new_server(catalogue_store, insecure=True) as running:
        yield running


@pytest.fixture(scope="session")
def guarded_site(catalogue_store: Path, new_server: Callable[..., AbstractContextManager[Any]]) -> Iterator[Any]:
    """A server of it that does."""
    with new_server(catalogue_store) as running:
        yield running


@pytest.fixture
def look() -> Callable[..., Any]:
    """One look at a page of a server, without a token; ``form`` is sent as a browser would send it."""

    def looked(server: Any, path: str, form: dict[str, str] | None = None, **headers: str) -> Any:
        sent = {"authorization": None, "content-type": None, **headers}
        if form is None:
            return server.ask("GET", path, **sent)
        kind = headers.get("content_type", "application/x-www-form-urlencoded")
        return server.ask("POST", path, urlencode(form).encode(), **{**sent, "content-type": kind})

    return looked

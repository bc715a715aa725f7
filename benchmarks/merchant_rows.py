"""Merchants with ten features, made up: rows for stores and gold tables, the same for every peer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
from deltalake import write_deltalake

from goldlane.features import Feature, FeatureTable

TYPES = {
    "tx_count_7d": "bigint",
    "tx_count_30d": "bigint",
    "amount_7d": "double",
    "amount_30d": "double",
    "risk_tier": "string",
    "is_open": "boolean",
    "fraud_rate": "double",
    "employees": "bigint",
    "chargebacks": "double",
    "country": "string",
}
TABLE = FeatureTable(
    name="merchants",
    keys=("merchant_id",),
    event_time="as_of",
    features=tuple(Feature(name=name, type=kind, description="made up") for name, kind in TYPES.items()),
)
START = 1_767_225_600_000_000  # 2026-01-01 in microseconds
_BATCH = 500_000
_FEED = {"delta.enableChangeDataFeed": "true"}


def key(number: int) -> str:
    """The name of a merchant."""
    return f"M{number:08d}"


def batches(count: int, *, seed: int = 1) -> Iterator[pa.Table]:
    """``count`` merchants in no order, one row each."""
    numbers = np.random.default_rng(seed).permutation(count)
    for begin in range(0, count, _BATCH):
        yield rows(numbers[begin : begin + _BATCH], seed=seed + begin)


def rows(numbers: np.ndarray, *, seed: int, day: int = 0) -> pa.Table:  # type: ignore[type-arg]  # numpy's own types are of no help here
    """One row per number; of a later ``day``, newer ones."""
    random, size = np.random.default_rng(seed), len(numbers)
    times = pa.array(START + day * 86_400_000_000 + random.integers(0, 86_400_000_000, size), pa.timestamp("us", "UTC"))
    values = {
        "bigint": lambda: pa.array(random.integers(0, 1_000_000, size)),
        "double": lambda: pa.array(random.random(size)),
        "string": lambda: pa.array(["low", "medium", "high"]).take(pa.array(random.integers(0, 3, size))),
        "boolean": lambda: pa.array(random.random(size) > 0.5),  # noqa: PLR2004  half of them
    }
    keys = pa.array([key(number) for number in numbers])
    return pa.table({"merchant_id": keys, "as_of": times, **{name: values[kind]() for name, kind in TYPES.items()}})


def write_gold(storage: Path, count: int) -> Path:
    """A gold table of ``count`` merchants, unless it is there."""
    place = storage / "tables" / "default" / TABLE.name
    if not place.exists():
        for batch in batches(count):
            write_deltalake(str(place), batch, mode="append", configuration=_FEED)
    return place

"""Feast's SQLite online store in an environment of its own: publishes a parquet file, then reads; prints one JSON line.

python feast_online.py FOLDER ROWS.parquet READS
"""

from __future__ import annotations

import json
import random
import resource
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pyarrow.parquet as pq
from feast import Entity, FeatureStore, FeatureView, Field, FileSource, RepoConfig
from feast.types import Bool, Float64, Int64, String
from feast.value_type import ValueType

TYPES = {"int64": Int64, "double": Float64, "string": String, "bool": Bool}


def main() -> None:
    """Publishes, reads, prints."""
    folder, rows, reads = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    schema = pq.read_schema(rows)
    features = [Field(name=field.name, dtype=TYPES[str(field.type)]) for field in schema if field.name not in ("merchant_id", "as_of")]
    merchant = Entity(name="merchant", join_keys=["merchant_id"], value_type=ValueType.STRING)
    views = [
        FeatureView(
            name=name,
            entities=[merchant],
            schema=features,
            source=FileSource(path=str(rows), timestamp_field="as_of"),
            ttl=timedelta(days=3650),
        )
        for name in ("first", "second", "third")
    ]
    online = {"type": "sqlite", "path": str(folder / "online.db")}
    store = FeatureStore(
        config=RepoConfig(
            project="bench",
            registry=str(folder / "registry.db"),
            provider="local",
            online_store=online,
            entity_key_serialization_version=3,
        )
    )
    store.apply([merchant, *views])
    started = time.perf_counter()
    store.materialize(datetime(2025, 12, 31, tzinfo=timezone.utc), datetime(2026, 2, 1, tzinfo=timezone.utc), ["first"])
    seconds, size = time.perf_counter() - started, (folder / "online.db").stat().st_size
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    if reads:
        store.materialize(datetime(2025, 12, 31, tzinfo=timezone.utc), datetime(2026, 2, 1, tzinfo=timezone.utc), ["second", "third"])
    keys = pq.read_table(rows, columns=["merchant_id"]).column(0).to_pylist()
    random.Random(1).shuffle(keys)  # noqa: S311  which keys are asked for
    one = [f"first:{field.name}" for field in features]
    three = [f"{view.name}:{field.name}" for view in views for field in features]

    def read(names: list[str], some: list[str]) -> None:
        store.get_online_features(features=names, entity_rows=[{"merchant_id": key} for key in some], full_feature_names=True).to_dict()

    found = {
        "one": _timed(lambda at: read(one, [keys[at % len(keys)]]), reads),
        "many": _timed(lambda at: read(one, keys[at * 100 % len(keys) :][:100]), reads // 20),
        "all": _timed(lambda at: read(three, [keys[at % len(keys)]]), reads),
    }
    print(json.dumps({"rows": len(keys), "seconds": seconds, "bytes": size, "gigabytes": peak, **found}))


def _timed(read: Callable[[int], None], turns: int) -> list[float]:
    """Microseconds."""
    taken = []
    for at in range(turns):
        started = time.perf_counter_ns()
        read(at)
        taken.append((time.perf_counter_ns() - started) / 1000)
    return sorted(taken)


if __name__ == "__main__":
    main()

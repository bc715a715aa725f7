"""Feast's feature server over SQLite, run by Feast's own Python: `feast_server.py FOLDER ROWS PORT [mcp]`, which needs `feast[mcp]`.

The same rows as beside it: one string key, ten features, in the SQLite online store; one worker, no access log.
"""

from __future__ import annotations

import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pandas as pd
from feast import Entity, FeatureStore, FeatureView, Field, FileSource, RepoConfig, ValueType
from feast.types import Float64, Int64, String

folder, rows, port = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
at = datetime(2026, 1, 31, 10, tzinfo=timezone.utc)
frame = pd.DataFrame({"merchant_id": [f"M{number:06d}" for number in range(rows)], "as_of": at, "tier": "low", "n": range(rows)})
for number in range(8):
    frame[f"f{number}"] = frame["n"] / 7 + number
frame.to_parquet(folder / "merchants.parquet")

config = RepoConfig(
    project="bench",
    provider="local",
    registry=str(folder / "registry.db"),
    online_store={"type": "sqlite", "path": str(folder / "feast.db")},
    feature_server={"type": "mcp", "enabled": True, "mcp_enabled": True, "mcp_transport": "http"} if "mcp" in sys.argv[4:] else None,
    entity_key_serialization_version=3,
)
store = FeatureStore(config=config)
merchant = Entity(name="merchant", join_keys=["merchant_id"], value_type=ValueType.STRING)
fields = [Field(name="tier", dtype=String), Field(name="n", dtype=Int64), *(Field(name=f"f{number}", dtype=Float64) for number in range(8))]
source = FileSource(path=str(folder / "merchants.parquet"), timestamp_field="as_of")
view = FeatureView(name="merchants", entities=[merchant], ttl=timedelta(days=0), schema=fields, source=source)
store.apply([merchant, view])
store.write_to_online_store("merchants", frame)
print("written", flush=True)
store.serve(host="127.0.0.1", port=port, type_="http", no_access_log=True, workers=1, max_requests=0)

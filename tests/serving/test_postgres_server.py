from __future__ import annotations

from typing import Any

import pyarrow as pa

from goldlane.features import Feature, FeatureSet, FeatureTable, open_store, publish

TOWNS = FeatureTable(name="towns", keys=("town",), event_time="at", features=(Feature(name="bars", type="int", description="bars"),))
ROADS = FeatureTable(name="roads", keys=("town",), event_time="at", features=(Feature(name="km", type="double", description="km"),))
AT = pa.array([0], pa.timestamp("us", "UTC"))


def test_a_postgres_store_is_served_like_a_file(postgres_url: str, new_server: Any, eventually: Any) -> None:
    store = open_store(postgres_url)
    publish(TOWNS, pa.table({"town": ["Hof"], "at": AT, "bars": pa.array([3], pa.int32())}), store)
    with new_server(postgres_url) as server:
        before = server.query("towns", {"town": "Hof"}, {"town": "Ulm"})
        publish(ROADS, pa.table({"town": ["Hof"], "at": AT, "km": [float("inf")]}), store)
        store.write_feature_sets([FeatureSet(name="places", tables=("towns", "roads"))])
        after = eventually(lambda: server.query("places", {"town": "Hof"}), lambda reply: reply.status == 200)
        wrong = server.query("towns", {"town": 7})
        strange = [server.query("towns", {"town": town}).status for town in ("a\0b", "'; DROP TABLE towns; --", "\uffff", "x" * 100_000)]
        ready = server.ask("GET", "/ready")
    store.close()

    assert [output["bars"] for output in before.document["outputs"]] == [3, None]
    assert (after.document["outputs"][0]["bars"], after.document["outputs"][0]["km"]) == (3, "Infinity")
    assert (wrong.status, ready.status) == (400, 200)
    assert strange == [200, 200, 200, 200]

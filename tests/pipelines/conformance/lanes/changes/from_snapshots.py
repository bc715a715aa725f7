"""AUTO CDC from snapshots: a table that is replaced as a whole, and a function that hands out one version after the other."""

import dlt

dlt.create_streaming_table("mirror")
dlt.apply_changes_from_snapshot(target="mirror", source="customers", keys=["id"], stored_as_scd_type=1, name="mirrored", once=None)

dlt.create_streaming_table("dated")
dlt.create_auto_cdc_from_snapshot_flow(
    target="dated", source="customers", keys=["id"], stored_as_scd_type=2, track_history_column_list=["city"], flow_name="dated_customers"
)

SNAPSHOTS = {
    1: [(1, "Ada", "Bonn"), (2, "Bob", "Rome"), (3, "Cid", "Oslo")],
    2: [(1, "Ada", "Ulm"), (2, "Rob", "Rome")],
    5: [(1, "Ada", "Ulm"), (2, "Rob", "Rome"), (3, "Cid", "Oslo")],
}


def next_snapshot(latest):
    later = [version for version in SNAPSHOTS if latest is None or version > latest]
    if not later:
        return None
    return spark.createDataFrame(SNAPSHOTS[later[0]], "id BIGINT, name STRING, city STRING"), later[0]


dlt.create_streaming_table("versions")
dlt.create_auto_cdc_from_snapshot_flow("versions", next_snapshot, ["id"], 2, track_history_except_column_list=["name"])

dlt.create_streaming_table("last_version")
dlt.create_auto_cdc_from_snapshot_flow(target="last_version", snapshot_and_version=next_snapshot, keys=["id"])

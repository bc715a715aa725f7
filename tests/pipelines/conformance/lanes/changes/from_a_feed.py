"""AUTO CDC: one change feed, read in every way it can be merged."""

import dlt
from pyspark.sql.functions import col, expr

dlt.create_streaming_table("newest", table_properties={"pipelines.cdc.tombstoneGCThresholdInSeconds": "3600"})
dlt.apply_changes(
    target="newest",
    source="customer_changes",
    keys=["id"],
    sequence_by=col("number"),
    apply_as_deletes=expr("operation = 'DELETE'"),
    apply_as_truncates="operation = 'TRUNCATE'",
    except_column_list=["operation", "number", "written"],
    stored_as_scd_type=1,
    where="id IS NOT NULL",
    ignore_null_updates=False,
    column_list=None,
    once=False,
    flow_name="newest_customers",
)

dlt.create_streaming_table("history", schema="id BIGINT, name STRING, city STRING, __START_AT BIGINT, __END_AT BIGINT")
dlt.create_auto_cdc_flow(
    name="customer_history",
    target="history",
    source="without_truncates",
    keys=["id"],
    sequence_by="number",
    apply_as_deletes="operation = 'DELETE'",
    column_list=["id", "name", "city"],
    stored_as_scd_type="2",
    track_history_column_list=["city"],
)

dlt.create_streaming_table("named")
dlt.create_auto_cdc_flow(
    "named",
    "without_truncates",
    ["id"],
    "number",
    apply_as_deletes="operation = 'DELETE'",
    except_column_list=["operation", "written"],
    stored_as_scd_type=2,
    track_history_except_column_list=["city", "number"],
)

dlt.create_streaming_table("filled", expect_all={"known": "operation IN ('UPSERT', 'DELETE')"})
dlt.create_auto_cdc_flow(
    target="filled",
    source="without_truncates",
    keys=["id"],
    sequence_by="number",
    ignore_null_updates=True,
    except_column_list=["operation", "number", "written"],
)

dlt.create_streaming_table("partly_filled")
dlt.create_auto_cdc_flow(
    target="partly_filled",
    source="without_truncates",
    keys=["id"],
    sequence_by="number",
    ignore_null_updates_column_list=["city"],
    except_column_list=["operation", "number", "written"],
)

dlt.create_streaming_table("filled_but_city")
dlt.create_auto_cdc_flow(
    target="filled_but_city",
    source="without_truncates",
    keys=["id"],
    sequence_by="number",
    ignore_null_updates_except_column_list=["city"],
    except_column_list=["operation", "number", "written"],
)

dlt.create_streaming_table("as_named")
dlt.create_auto_cdc_flow(
    target="as_named",
    source="without_truncates",
    keys=["id"],
    sequence_by="number",
    columns_to_update="written",
    except_column_list=["operation", "number", "written"],
)


@dlt.view
def without_truncates():
    return dlt.read_stream("customer_changes").where("operation != 'TRUNCATE'")

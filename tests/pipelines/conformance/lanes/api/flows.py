"""Tables that are declared on their own, and the flows that feed them, by the name ``pyspark.pipelines``."""

from pyspark import pipelines as dp

dp.create_streaming_table(
    name="collected",
    comment="two countries",
    spark_conf={"spark.sql.shuffle.partitions": "1"},
    table_properties={"quality": "silver"},
    partition_cols=["country"],
    path="/mnt/lake/collected",
    schema="id BIGINT, price DOUBLE, country STRING",
    expect_all={"cheap": "price < 10"},
    expect_all_or_drop={"priced": "price > 0"},
    expect_all_or_fail={"known": "id IS NOT NULL"},
    row_filter=None,
)


def append(country: str) -> None:
    @dp.append_flow(name=f"orders_{country}", target="collected", comment="one country", spark_conf={}, once=False, depends_on=None)
    def flow():
        return spark.readStream.table("orders").selectExpr("id", "price", f"'{country}' AS country")


for one in ("DE", "FR"):
    append(one)


@dp.append_flow(name="history", target="collected", once=True)
def backfill():
    return spark.sql("SELECT id + 100 AS id, price, 'XX' AS country FROM orders")


@dp.temporary_view(name="streamed")
def streamed_orders():
    return spark.readStream.format("delta").table("orders")


@dp.table
def from_stream():
    return spark.readStream.table("streamed")


@dp.materialized_view(comment="per country")
def per_country():
    return spark.sql("WITH few AS (SELECT * FROM collected) SELECT country, count(*) AS orders FROM few GROUP BY country")


dp.create_target_table("old_target", cluster_by=["id"])
dp.create_streaming_live_table(name="old_live", cluster_by_auto=True, format="delta")


dp.create_table(
    name="old_fed",
    comment="decorates nothing",
    spark_conf={"spark.sql.shuffle.partitions": "1"},
    table_properties={"quality": "bronze"},
    path="/mnt/lake/old_fed",
    partition_cols=None,
    cluster_by=["id"],
    cluster_by_auto=False,
    schema="id BIGINT",
    row_filter=None,
    private=False,
    temporary=False,
    expect_all={"known": "id IS NOT NULL"},
    expect_all_or_drop=None,
    expect_all_or_fail=None,
)


@dp.append_flow(target="old_fed")
def into_old_fed():
    return spark.readStream.table("orders").select("id")


@dp.append_flow(target="old_target")
def into_old_target():
    return spark.sql("SELECT id FROM STREAM(LIVE.streamed)")


@dp.append_flow(target="old_live")
def into_old_live():
    return spark.readStream.table("old_target")

"""Every way to declare a table or a view, by the name ``dlt``."""

import dlt
from pyspark.sql import functions as F


@dlt.table
def bare():
    return dlt.read("orders")


@dlt.table()
def called():
    return dlt.read_stream("orders")


@dlt.table(
    name="described",
    comment="one row per order",
    spark_conf={"spark.sql.shuffle.partitions": "1"},
    table_properties={"quality": "gold", "pipelines.autoOptimize.managed": True},
    path="/mnt/lake/described",
    partition_cols=["country"],
    schema="id BIGINT NOT NULL COMMENT 'who', price DOUBLE, country STRING, CONSTRAINT pk PRIMARY KEY (id)",
    row_filter="ROW FILTER main.default.only_mine ON (country)",
    private=False,
)
def another_name():
    return dlt.read("orders").groupBy("id").agg(F.max("price").alias("price")).withColumn("country", F.lit("DE"))


@dlt.table(name="hidden", temporary=True, cluster_by=["id"])
def hidden_rows():
    return dlt.read("orders").where("price > 5")


@dlt.materialized_view(name="clustered", cluster_by_auto=True, refresh_policy="auto")
def clustered_rows():
    return dlt.read("hidden")


@dlt.create_table
def old_table():
    return dlt.read("a_view")


@dlt.view
def a_view():
    return dlt.read("orders").where("id = 1")


@dlt.view(name="named_view", comment="said once", spark_conf={"spark.sql.ansi.enabled": "true"})
def other_view():
    return dlt.readStream("orders")


@dlt.create_view()
def old_view():
    return dlt.read("a_view")


@dlt.table
def from_views():
    return dlt.read("old_view").union(spark.read.table("a_view"))


dlt.enable_local_execution()

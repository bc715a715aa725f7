"""Orders: landed files and a table of customers, up to the revenue of each country. The pipeline of these tests, as a user writes one."""

# ruff: noqa: ANN201, F821  as users write it; `spark` is injected
import dlt
from pyspark.sql import functions as F


@dlt.table
def bronze_orders():
    return (
        spark.readStream.format("cloudFiles")
        .option("cloudFiles.format", "json")
        .option("cloudFiles.inferColumnTypes", "true")
        .load("/Volumes/shop/landing/orders")
    )


@dlt.table
@dlt.expect_or_drop("has_customer", "customer IS NOT NULL")
@dlt.expect("is_positive", "amount > 0")
def silver_orders():
    return dlt.read_stream("bronze_orders").select("id", "customer", F.col("amount").cast("decimal(10,2)").alias("amount"))


@dlt.view
def customers():
    return spark.read.table("crm.customers").select("customer", "country")


@dlt.table
def gold_revenue():
    return dlt.read("silver_orders").join(dlt.read("customers"), "customer").groupBy("country").agg(F.sum("amount").alias("revenue"))


@dlt.table
def gold_calendar():
    return spark.read.table("ref.days").where("is_open")

"""Every expectation decorator, by the name ``databricks.pipelines``."""

import databricks.pipelines as pipelines
from pyspark.sql import functions as F

POSITIVE = {"priced": "price > 0", "known": F.col("id").isNotNull()}


@pipelines.table
@pipelines.expect("cheap", "price < 10")
@pipelines.expect_or_drop("priced", "price > 0")
@pipelines.expect_or_fail("known", F.col("id").isNotNull())
def one_by_one():
    return pipelines.read("orders")


@pipelines.table
@pipelines.expect_all({"cheap": "price < 10", "named": "name IS NOT NULL"})
@pipelines.expect_all_or_drop(POSITIVE)
@pipelines.expect_all_or_fail({"sane": "price < 1000"})
def all_at_once():
    return pipelines.read_stream("orders")

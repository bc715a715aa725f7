"""A pipeline of which one table cannot be computed."""

# ruff: noqa: ANN201, F821  as users write it; `spark` is injected
import dlt


@dlt.table
def orders():
    return spark.read.table("raw.orders").where(f"region = '{spark.conf.get('region')}'")


@dlt.table
def returns():
    return spark.read.table("raw.orders").selectExpr("IF(amount > 0, raise_error('the scale is broken'), amount) AS weight")

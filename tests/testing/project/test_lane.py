"""DLT's own tests of lane.py; by its name pytest would take it for a module."""

# ruff: noqa: ANN201  as users write it
import dlt


@dlt.table(name="TEST_orders", temporary=True)
@dlt.expect_all_or_fail({"has_id": "id IS NOT NULL", "is_priced": "amount > 0", "is_big": "amount < 100"})
def check_orders():
    return dlt.read("orders")


@dlt.table(private=True)
@dlt.expect("warned", "amount > 0")
@dlt.expect_or_fail("two_of_them", "n >= 2")
def totals():
    return dlt.read("orders").selectExpr("count(1) AS n", "min(amount) AS amount")


@dlt.table(temporary=True)
@dlt.expect_or_fail("weighed", "weight > 0")
def test_returns():
    return dlt.read("returns")

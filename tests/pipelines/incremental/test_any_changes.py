"""Whatever happens to the sources, in whatever order: a view refreshed by key equals its query."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.slow

QUERIES = """
from pyspark.sql import Window
from pyspark.sql import functions as F

HOUR = 3_600_000_000

def grouped(read):
    sums = [F.count("amount").alias("n"), F.sum("amount").alias("s"), F.avg("amount").alias("m"), F.min("amount").alias("least")]
    return read("orders").groupBy("customer").agg(*sums, F.max("at").alias("last"), F.count_distinct("amount").alias("kinds"))

def tiles(read):
    tile = F.expr(f"(unix_micros(at) + pmod(-unix_micros(at), {HOUR})) div {HOUR}").alias("tile")
    return read("orders").groupBy("customer", tile).agg(F.sum("amount").alias("s"))

def windowed(read):
    return read("orders").groupBy("customer", F.window("at", "1 day")).agg(F.max("amount").alias("most"))

def ranked(read):
    by_time = Window.partitionBy("customer").orderBy("at", "id")
    return read("orders").select("id", "customer", F.row_number().over(by_time).alias("rank"), F.sum("amount").over(by_time).alias("s"))

def ranged(read):
    near = Window.partitionBy("customer").orderBy(F.col("at").cast("bigint")).rangeBetween(-6 * 3600, 3600)
    return read("orders").select("id", "customer", "at", F.sum("amount").over(near).alias("s"))

def days(read):
    daily = read("orders").groupBy("customer", F.unix_date(F.to_date("at")).alias("day")).agg(F.sum("amount").alias("s"))
    near = Window.partitionBy("customer").orderBy(F.desc("day")).rangeBetween(-1, 0)
    return daily.select("customer", "day", F.sum("s").over(near).alias("s"))

def filtered(read):
    return read("orders").where("amount > 4 OR amount IS NULL").select("customer", "amount")

def joined(read):
    return read("orders").join(read("customers"), "customer", "left").select("customer", "name", "amount")

def matched(read):
    totals = read("orders").groupBy("customer").count()
    return totals.join(read("customers"), "customer", "full")

def strangers(read):
    return read("orders").join(read("customers"), "customer", "left_anti").select("id", "customer")

def distinct(read):
    return read("orders").select("customer", "amount").distinct()

def both(read):
    return read("orders").select("customer").unionAll(read("customers").select("customer"))

ALL = {f.__name__: f for f in (grouped, tiles, windowed, ranked, ranged, days, filtered, joined, matched, strangers, distinct, both)}
"""
UPDATES = 3
CUSTOMERS = ["a", "b", "c", "d", "e", None]


def change(lane: Any, chance: random.Random, number: int) -> str:
    """One change of one source; what it was."""
    kind = chance.choice(["append", "append", "late", "delete", "update", "move", "customer", "forget", "rename"])
    customer = chance.choice(CUSTOMERS)
    where = "customer IS NULL" if customer is None else f"customer = '{customer}'"
    if kind in {"append", "late"}:
        day = number if kind == "append" else 0
        rows = [
            lane.order(1000 * number + n, chance.choice(CUSTOMERS), chance.choice([None, *range(9)]), day=day, hour=n) for n in range(3)
        ]
        lane.append("orders", *rows)
    elif kind == "delete":
        lane.delta("orders").delete(f"id % 5 = {chance.randrange(5)} AND {where}")
    elif kind == "update":
        lane.delta("orders").update(updates={"amount": "amount + 1"}, predicate=where)
    elif kind == "move":
        lane.delta("orders").update(
            updates={"customer": chance.choice(["'a'", "'f'", "NULL"])}, predicate=f"id % 7 = {chance.randrange(7)}"
        )
    elif kind == "customer":
        lane.append("customers", {"customer": customer, "name": f"N{number}"})
    elif kind == "forget":
        lane.delta("customers").delete(where)
    else:
        lane.delta("customers").update(updates={"name": f"'R{number}'"}, predicate=where)
    return f"{kind} {customer}"


@pytest.mark.parametrize("seed", [3])
def test_any_changes_in_any_order(new_lane: Callable[..., Any], seed: int) -> None:
    chance, lane = random.Random(seed), new_lane(QUERIES)  # noqa: S311  repeatable, not secret
    for day in range(3):
        lane.append("orders", *(lane.order(10 * day + n, chance.choice(CUSTOMERS), n, day=day, hour=2 * n) for n in range(8)))
    lane.append("customers", *({"customer": one, "name": str(one)} for one in CUSTOMERS[::2]))
    lane.run()

    for number in range(4, 4 + UPDATES):
        done = [change(lane, chance, number) for _ in range(chance.randrange(1, 4))]
        update = lane.run()

        assert lane.wrong(update) == {}, done
        assert {plan["technique"] for plan in lane.plans(update).values()}.isdisjoint({"COMPLETE_RECOMPUTE"}), done

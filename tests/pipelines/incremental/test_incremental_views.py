"""Materialized views refreshed by the keys that changed: after each update they equal their queries, and the log says how."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.slow  # updates of many flows, one after the other

QUERIES = """
from pyspark.sql import Window
from pyspark.sql import functions as F

def totals(read):
    sums = [F.count("*").alias("n"), F.sum("amount").alias("amount"), F.avg("amount").alias("mean"), F.max("at").alias("last")]
    return read("orders").groupBy("customer", F.to_date("at").alias("day")).agg(*sums)

def ranked(read):
    by_time = Window.partitionBy("customer").orderBy("at", "id")
    return read("orders").select("id", "customer", F.row_number().over(by_time).alias("rank"), F.sum("amount").over(by_time).alias("sum"))

def named(read):
    return read("orders").join(read("customers"), "customer", "left").select("id", "customer", "name", "amount")

def big(read):
    return read("orders").where("amount > 10").select("id", (F.col("amount") * 2).alias("twice"))

def keyed(read):
    return read("orders").select("id", "customer", "amount")

ALL = {function.__name__: function for function in (totals, ranked, named, big, keyed)}
"""
KEYED = "id BIGINT NOT NULL, customer STRING, amount BIGINT, CONSTRAINT pk PRIMARY KEY (id)"


@pytest.fixture(scope="module")
def lane(new_lane: Callable[..., Any]) -> Any:
    made = new_lane(QUERIES, {"keyed": KEYED})
    for day in range(3):
        made.append("orders", *(made.order(10 * day + number, "abc"[number % 3], 5 * number, day=day) for number in range(6)))
    made.append("orders", made.order(100, None), made.order(101, "d", None))
    made.append("customers", {"customer": "a", "name": "A"}, {"customer": "b", "name": "B"}, {"customer": None, "name": "N"})
    update = made.run()
    assert {plan["technique"] for plan in made.plans(update).values()} == {"COMPLETE_RECOMPUTE"}
    assert {plan["incrementalization_issues"][0]["issue_type"] for plan in made.plans(update).values()} == {"CHANGE_SET_MISSING"}
    return made


def test_new_rows_touch_their_keys_and_no_others(lane: Any) -> None:
    lane.append("orders", lane.order(200, "a", 7, day=3), lane.order(201, "e", 30, day=3))

    update = lane.run()

    told = lane.plans(update)
    assert lane.wrong(update) == {}
    assert {name: plan["technique"] for name, plan in told.items()} == {
        "totals": "GENERIC_AGGREGATE",
        "ranked": "WINDOW_FUNCTION",
        "named": "APPEND_ONLY",
        "big": "APPEND_ONLY",
        "keyed": "ROW_BASED",
    }
    assert (told["totals"]["key_columns"], told["totals"]["num_keys"]) == (["customer", "day"], 2)
    assert (told["totals"]["num_rows_read"], told["totals"]["num_source_rows"]) == (2, 22)
    assert (told["ranked"]["key_columns"], told["ranked"]["num_keys"]) == (["customer"], 2)
    assert (update["totals"].output_rows, update["keyed"].output_rows) == (2, 2)


def test_late_rows_null_keys_and_rows_taken_back_are_seen(lane: Any) -> None:
    lane.append("orders", lane.order(300, "c", 4, day=0), lane.order(301, None, 5))
    lane.delta("orders").delete("customer = 'd' OR id = 11")

    update = lane.run()

    assert lane.wrong(update) == {}
    assert {plan["technique"] for plan in lane.plans(update).values()} == {"GENERIC_AGGREGATE", "WINDOW_FUNCTION", "ROW_BASED"}


def test_a_row_that_moves_to_another_key_leaves_the_old_one(lane: Any) -> None:
    lane.delta("orders").update(updates={"customer": "'z'"}, predicate="id IN (0, 21)")

    update = lane.run()

    assert lane.wrong(update) == {}
    assert lane.plans(update)["ranked"]["num_keys"] == 3, "a, b and z: the other rows of their files were only copied"


def test_a_change_of_the_table_beside_reaches_the_rows_that_are_joined_to_it(lane: Any) -> None:
    lane.append("customers", {"customer": "c", "name": "C"})
    lane.delta("customers").delete("customer = 'a'")

    update = lane.run()

    told = lane.plans(update)
    assert lane.wrong(update) == {}
    assert (told["named"]["technique"], told["named"]["key_columns"]) == ("ROW_BASED", ["customer"])
    assert {told[name]["technique"] for name in ("totals", "ranked", "big", "keyed")} == {"NO_OP"}


def test_files_that_are_only_put_together_touch_no_key(lane: Any) -> None:
    lane.delta("orders").optimize.compact()
    versions = {name: lane.version(name) for name in ("totals", "keyed")}

    update = lane.run()

    assert {plan.get("num_keys") for name, plan in lane.plans(update).items()} <= {0, None}
    assert {name: lane.version(name) for name in versions} == versions
    assert lane.wrong(update) == {}


def test_a_full_refresh_and_another_query_are_computed_anew(lane: Any) -> None:
    lane.append("orders", lane.order(400, "a"))
    lane.rewrite(QUERIES.replace('F.col("amount") * 2', 'F.col("amount") * 3'))

    update = lane.run(full_refresh=["totals"], refresh=["big"])

    told = lane.plans(update)
    assert [issue["issue_type"] for issue in told["totals"]["incrementalization_issues"]] == ["CHANGE_SET_MISSING"]
    assert [issue["issue_type"] for issue in told["big"]["incrementalization_issues"]] == ["QUERY_FINGERPRINT_CHANGED"]
    assert told["big"]["message"] == "'big' was computed anew: its query has changed."
    assert lane.wrong(lane.run()) == {}


def test_a_write_that_was_cut_off_is_made_good_by_key(lane: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commit happened and nobody noted it: rows must not be added a second time."""
    from goldlane.pipelines.errors import UpdateFailedError
    from goldlane.pipelines.flows import materialize

    def killed(*_: Any) -> None:
        raise RuntimeError("killed")

    lane.append("orders", lane.order(500, "b", 50), lane.order(501, "b", 60))
    with monkeypatch.context() as patched:
        patched.setattr(materialize, "_remember", killed)
        with pytest.raises(UpdateFailedError, match="killed"):
            lane.run(refresh=["big"])
    lane.append("orders", lane.order(502, "b", 70))

    update = lane.run()

    assert lane.plans(update)["big"]["technique"] == "ROW_BASED"
    assert lane.wrong(update) == {}

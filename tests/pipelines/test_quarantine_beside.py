"""A quarantine in three lines, and the two ways by which its rows return to tables that a pipeline owns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from goldlane.expectations import Action, Replayed, Rule, Rules, replay_quarantine

LANE = """
    import dlt
    from goldlane.expectations import Action, Rule, Rules, split

    SALES = Rules(Rule(name="is_small", predicate="amount < {limit}", action="drop"))

    dlt.create_streaming_table("sales")

    @dlt.append_flow(target="sales")
    def fresh():
        return split(dlt.read_stream("raw_sales"), SALES).kept

    @dlt.append_flow(target="sales")
    def returned():
        return spark.readStream.table("sales_returned")

    @dlt.table
    def sales_quarantine():
        return split(dlt.read_stream("raw_sales"), SALES).quarantined
"""
ONCE = """
    @dlt.append_flow(target="sales", once=True)
    def replay_of_january():
        return split(dlt.read("sales_quarantine").drop("_broken_rules", "_quarantined_at"), SALES).kept
"""


@pytest.mark.slow
def test_quarantined_rows_return_by_a_table_beside_the_pipeline_and_by_a_flow_that_runs_once(project: Any) -> None:
    project.feed("raw_sales", {"id": 1, "amount": 5}, {"id": 2, "amount": 50}, {"id": 3, "amount": 500}, {"id": 4, "amount": None})
    project.feed("sales_returned", {"id": 0, "amount": 0})
    project.write("lane/sales.py", LANE.format(limit=10))
    project.run().raise_for_status()
    quarantine = str(project.storage / "tables" / "default" / "sales_quarantine")
    before = project.rows("sales_quarantine", "id")

    replayed = replay_quarantine(
        quarantine,
        Rules(Rule(name="is_small", predicate="amount < 100", action=Action.DROP)),
        kept=str(Path(project.folder) / "inputs" / "sales_returned"),
    )
    project.feed("raw_sales", {"id": 5, "amount": 7000}, {"id": 6, "amount": 6})
    project.write("lane/sales.py", LANE.format(limit=1000) + ONCE)
    project.run().raise_for_status()
    project.run().raise_for_status()

    assert before == [(2,), (3,), (4,)]
    assert replayed == Replayed(returned=1, left=2)
    assert project.rows("sales", "id") == [(0,), (1,), (2,), (3,), (6,)]
    assert project.rows("sales_quarantine", "id") == [(3,), (4,), (5,)]

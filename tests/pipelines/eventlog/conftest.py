"""One update that does a bit of everything, and the rows that it left in the log."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from goldlane.pipelines.eventlog import read_events

if TYPE_CHECKING:
    from goldlane.pipelines import Update

SOURCE = """
    import dlt

    @dlt.table
    @dlt.expect_or_drop("priced", "price > 0")
    @dlt.expect("cheap", "price < 10")
    def stream():
        return spark.readStream.option("maxFilesPerTrigger", 1).table("orders")

    @dlt.table
    @dlt.expect("cheap", "price < 10")
    def batch():
        return dlt.read("stream")

    dlt.create_target_table("newest")
    dlt.create_auto_cdc_flow(target="newest", source="stream", keys=["id"], sequence_by="price")

    @dlt.table
    def landed():
        return spark.readStream.format("cloudFiles").option("cloudFiles.format", "json").load("/landing")

    @dlt.table
    def broken():
        return dlt.read("stream").selectExpr("CAST(raise_error('no good') AS STRING) AS x")

    @dlt.table
    def after_broken():
        return dlt.read("broken")
"""


@pytest.fixture(scope="session")
def update(new_project: Callable[[], Any]) -> Update:
    project = new_project()
    project.write("lane/lane.py", SOURCE)
    project.land("a.json", {"id": 1})
    project.land("b.json", {"id": 2})
    project.feed("orders", {"id": 1, "price": 5.0}, {"id": 2, "price": 0.0})
    project.feed("orders", {"id": 1, "price": 50.0})
    return project.run(name="shop", paths={"/landing": str(project.folder / "landing")})


@pytest.fixture(scope="session")
def rows(update: Update) -> list[dict[str, Any]]:
    return read_events(update.events_path.parents[1], update=update.update_id)

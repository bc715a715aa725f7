"""What runs at the same time: flows of one table, each with settings of its own; pipelines of two processes on one storage."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from goldlane.pipelines import Update

pytestmark = pytest.mark.slow  # updates of many flows, one after the other

SOURCE = """
    import threading
    import dlt
    from pyspark.sql import functions as F

    dlt.create_streaming_table("events")
    both = threading.Barrier(2, timeout=60)

    def zone(name):
        if dlt_is_writing():
            both.wait()
        said = F.lit(spark.conf.get("spark.sql.session.timeZone")).alias("said")
        return dlt.read_stream("raw.events").select(F.lit(name).alias("flow"), said, F.current_timezone().alias("zone"), "id")

    def dlt_is_writing():
        # Planning comes first, once, in one thread.
        runs.append(1)
        return len(runs) > 2

    runs = []

    @dlt.append_flow(target="events", spark_conf={"spark.sql.session.timeZone": "Asia/Tokyo", "pipelines.maxFlowRetryAttempts": "2"})
    def tokyo():
        return zone("tokyo")

    @dlt.append_flow(target="events")
    def utc():
        return zone("utc")
"""


@pytest.fixture(scope="module")
def project(new_project: Callable[[], Any]) -> Any:
    made = new_project()
    made.write("lane/lane.py", SOURCE)
    made.feed("raw.events", {"id": 1}, {"id": 2})
    return made


@pytest.fixture(scope="module")
def ran(project: Any) -> Update:
    update: Update = project.run(configuration={"pipelines.numUpdateRetryAttempts": "5"}).raise_for_status()
    return update


def test_flows_of_one_table_run_side_by_side_and_each_has_its_own_settings(project: Any, ran: Update) -> None:
    # The barrier lets neither through before both are there.
    assert ran["events"].output_rows == 4
    assert project.rows("events", "flow", "said", "zone") == [("tokyo", "Asia/Tokyo", "Asia/Tokyo")] * 2 + [("utc", "UTC", "UTC")] * 2


def test_a_flow_without_anything_new_is_not_started_and_what_arrives_later_is_read_once(project: Any, ran: Update) -> None:
    assert ran.status == "COMPLETED"

    idle = project.run()
    project.feed("raw.events", {"id": 3})
    later = project.run()

    assert (idle.status, idle["events"].output_rows) == ("COMPLETED", 0)
    assert (later.status, later["events"].output_rows) == ("COMPLETED", 2)
    assert sorted(row[0] for row in project.rows("events", "id")) == [1, 1, 2, 2, 3, 3]


def test_two_processes_update_two_pipelines_of_one_storage_at_once(project: Any) -> None:
    lane = (
        "import dlt\n@dlt.table\ndef numbers_{n}(): return spark.range({n})\n@dlt.table\ndef more_{n}(): return dlt.read('numbers_{n}')\n"
    )
    sources = [project.write(f"pair/{n}/lane.py", lane.format(n=n)) for n in (3, 4)]

    command = [sys.executable, "-m", "goldlane.cli", "run", "--storage", str(project.storage), "--name"]
    running = [
        subprocess.Popen([*command, f"pair {source.parent.name}", str(source)], env=os.environ, stderr=subprocess.PIPE, text=True)
        for source in sources
    ]
    said = [process.communicate(timeout=240)[1] for process in running]

    assert [process.returncode for process in running] == [0, 0], said
    assert (len(project.rows("more_3")), len(project.rows("more_4"))) == (3, 4)

"""AUTO CDC in a pipeline: what its declaration takes, where its changes come from, and what a target may be."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from goldlane.errors import UsageError
from goldlane.pipelines.cdc import CdcError, ChangeSpec
from goldlane.pipelines.cdc.properties import with_properties

if TYPE_CHECKING:
    from goldlane.pipelines import Update

pytestmark = pytest.mark.slow  # updates of many flows, one after the other

SOURCE = """
    import dlt
    from pyspark.sql import functions as F

    @dlt.view
    def changes():
        return dlt.read_stream("events").withColumn("at", F.struct("seq", "part"))

    @dlt.table
    def loaded():
        return spark.read.table("exported")

    dlt.create_streaming_table(
        "customers",
        table_properties={"pipelines.cdc.tombstoneGCThresholdInSeconds": 3600},
        expect_all_or_drop={"a name": "name <> 'nobody'"},
        expect_all={"short": "length(name) < 4"},
    )
    dlt.apply_changes(
        "customers", "changes", ["id"], F.col("at"), None, False, F.expr("op = 'D'"), None, None, ["op", "seq", "part", "at"], "1"
    )
    dlt.create_auto_cdc_flow(
        target="customers", source="loaded", keys=[F.col("ID")], sequence_by=F.struct("seq", "part"), once=True, name="seed",
        except_column_list=["seq", "part"], column_list=None, ignore_null_updates=None, where=False, system_sequence_by=None,
    )

    dlt.create_streaming_table("history", schema="id BIGINT NOT NULL, name STRING, __START_AT BIGINT, __END_AT BIGINT")
    dlt.apply_changes(
        target="history", source="events", keys="id", sequence_by="seq", column_list=["id", "name"], stored_as_scd_type=2,
        track_history_column_list=["name"], apply_as_deletes="op = 'D'", flow_name="by_hand", ignore_null_updates=True,
    )

    dlt.create_streaming_table("beliefs")
    dlt.create_auto_cdc_flow(
        "beliefs", "events", ["id"], "seq", system_sequence_by="part", stored_as_scd_type="bitemporal", column_list=["id", "name"],
    )
"""
EVENTS = [(1, "ann", 1, 1, "U"), (1, "bob", 3, 2, "U"), (2, "nobody", 1, 1, "U"), (3, "longer", 1, 1, "U"), (4, "dan", 5, 1, "D")]
COLUMNS = ("id", "name", "seq", "part", "op")


def events(*rows: tuple[Any, ...]) -> list[dict[str, Any]]:
    return [dict(zip(COLUMNS, row, strict=True)) for row in rows]


@pytest.fixture(scope="module")
def updated(new_project: Callable[[], Any]) -> tuple[Any, Update]:
    project = new_project()
    project.write("lane/tables.py", SOURCE)
    project.feed("events", *events(*EVENTS))
    project.feed("exported", *[{"id": n, "name": name, "seq": 2, "part": 0} for n, name in ((1, "old"), (4, "ded"), (5, "eve"))])
    update = project.run()
    return project, update.raise_for_status()


def test_flows_from_a_stream_and_from_a_table_that_is_read_once_share_a_target(updated: tuple[Any, Update]) -> None:
    project, _ = updated

    assert project.rows("customers") == [(1, "bob"), (3, "longer"), (5, "eve")]


def test_rules_of_the_target_look_at_the_changes_and_drop_them_before_they_are_merged(updated: tuple[Any, Update]) -> None:
    _, update = updated

    customers = update["customers"]
    assert sorted((rule.name, rule.passed, rule.failed) for rule in customers.expectations) == [("a name", 7, 1), ("short", 6, 2)]
    assert customers.dropped_rows == 1


def test_a_declared_history_and_a_bitemporal_one_have_their_bounds(updated: tuple[Any, Update]) -> None:
    project, _ = updated

    assert project.rows("history") == [(1, "ann", 1, 3), (1, "bob", 3, None), (2, "nobody", 1, None), (3, "longer", 1, None)]
    beliefs = [row for row in project.rows("beliefs") if row[0] == 1]
    assert beliefs == [(1, "ann", 1, 3, 2, None), (1, "ann", 1, None, 1, 2), (1, "bob", 3, None, 2, None)]


def test_a_source_that_was_overwritten_is_said_to_be_no_stream_of_changes(updated: tuple[Any, Update]) -> None:
    project, _ = updated
    project.feed("events", *events((1, "cyd", 9, 9, "U")), mode="overwrite")

    update = project.run(refresh=["history"])

    assert update["history"].error is not None
    assert "needs an append-only source" in update["history"].error.message
    assert (1, "bob", 3, None) in project.rows("history")


MISTAKES = """
    import dlt

    for name in ("mixed", "keys", "odd"):
        dlt.create_streaming_table(name)
    dlt.create_streaming_table("slow", table_properties={"pipelines.cdc.tombstonegcthresholdinseconds": "two days"})

    @dlt.append_flow(target="mixed")
    def appended():
        return dlt.read_stream("events")

    dlt.apply_changes("mixed", "events", ["id"], "seq", name="merged")
    dlt.apply_changes("keys", "events", ["id"], "seq", name="one")
    dlt.apply_changes("keys", "events", ["id", "part"], "seq", name="two")
    dlt.apply_changes("slow", "events", ["id"], "seq")
    dlt.apply_changes("odd", "events", ["id"], "sequence", apply_as_deletes="op == DELETE", except_column_list=["opp"])

    dlt.create_streaming_table("bounds", schema="id BIGINT, name STRING, __START_AT BIGINT")
    dlt.apply_changes("bounds", "events", ["id"], "seq", column_list=["name"], stored_as_scd_type=2)
"""


def test_what_is_wrong_with_change_flows_is_reported_at_once_before_anything_is_written(project: Any) -> None:
    project.write("lane/tables.py", MISTAKES)
    project.feed("events", *events(*EVENTS))

    with pytest.raises(UsageError) as caught:
        project.run()

    message = str(caught.value)
    line = next(number for number, text in enumerate(MISTAKES.splitlines(), 1) if text.strip().startswith('dlt.apply_changes("odd"'))
    assert f"tables.py:{line}: 'odd': " in message
    assert "flow 'appended' appends rows to it, and AUTO CDC flow 'merged' decides about all its rows" in message
    assert "its AUTO CDC flows (one, two) must have the same keys and the same SCD type" in message
    assert "pipelines.cdc.tombstoneGCThresholdInSeconds of slow must be a number of seconds, not 'two days'" in message
    assert "except_column_list names 'opp', which the source lacks" in message
    assert "sequence_by 'sequence' does not fit the source" in message
    assert "apply_as_deletes 'op == DELETE' does not fit the source" in message
    assert "'bounds': flow 'bounds' gives column __END_AT, which is not declared" in message
    assert not (project.storage / "tables").exists()


def test_a_tables_property_says_how_long_deletes_are_remembered() -> None:
    spec = ChangeSpec(target="t", keys=("k",), sequence_by="s")

    assert with_properties(spec, {"PIPELINES.cdc.tombstoneGCThresholdInSeconds": "90"}).tombstone_ttl == timedelta(seconds=90)
    assert with_properties(spec, {"delta.appendOnly": "false"}) is spec
    with pytest.raises(CdcError, match="of t must be a number of seconds, not '-1'"):
        with_properties(spec, {"pipelines.cdc.tombstoneGCThresholdInSeconds": "-1"})

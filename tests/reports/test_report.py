from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from goldlane.errors import GoldlaneError, UsageError
from goldlane.expectations import Rules, not_null, row_count_between
from goldlane.reports import report_of

RULE = {"name": "has_a_price", "action": "drop", "predicate": "price IS NOT NULL"}
QUARANTINE = [{"name": "id"}, {"name": "_broken_rules"}]


def wrote(name: str, rows: int, passed: int = 0, failed: int = 0, on: str | None = None) -> Any:
    quality = {
        "dropped_records": failed,
        "expectations": [{"name": "has_a_price", "dataset": on or name, "passed_records": passed, "failed_records": failed}],
    }
    return (
        "flow_progress",
        name,
        {"status": "COMPLETED", "metrics": {"num_output_rows": rows}, **({"data_quality": quality} if passed + failed else {})},
    )


def read(name: str, **sources: int) -> Any:
    """What a stream read, by table."""
    told = [{"description": f"DeltaSource[file:/s/tables/default/{table}]", "numInputRows": rows} for table, rows in sources.items()]
    return ("stream_progress", name, {"progress": {"sources": told}})


def status(name: str, word: str) -> Any:
    return ("flow_progress", name, {"status": word})


def test_a_rule_has_its_counts_and_those_of_the_updates_before(written: Any, define: Any) -> None:
    for failed in (0, 5, 1):
        written.update(*define("orders", rules=[RULE]), wrote("orders", 10 - failed, 10 - failed, failed))

    (rule,) = report_of(written.storage.root, update="00000001").rules

    assert (rule.name, rule.action, rule.predicate, rule.passed, rule.failed, rule.share) == (*RULE.values(), 5, 5, 0.5)
    assert [(one.update_id[:8], one.share) for one in rule.trend] == [("00000000", 0.0), ("00000001", 0.5)]


def test_a_rule_says_why_where_the_project_does(written: Any, define: Any) -> None:
    events = (wrote(name, 1, 1) for name in ("orders", "checks"))
    written.update(*define("orders", rules=[RULE]), *define("checks", rules=[RULE]), *events)
    priced = not_null("price", name="has_a_price", why="No price, no sale.")
    other = row_count_between(1, 9, name="has_a_price", why="Another reason.")

    alone = report_of(written.storage.root, declared={"Orders": Rules(priced)}).rules
    several = report_of(written.storage.root, declared={"Orders": Rules(priced), "sales": Rules(other)}).rules

    assert [rule.why for rule in alone] == ["No price, no sale.", "No price, no sale."]
    assert [rule.why for rule in several] == ["No price, no sale.", ""]


def test_readers_of_a_view_that_counted_the_same_share_a_line(written: Any, define: Any) -> None:
    written.update(
        *define("clean", "VIEW", rules=[RULE]), *define("a", inputs=("clean",)), *define("b", inputs=("clean",)),
        *define("c", rules=[RULE]),
        wrote("a", 1, 1, 1, on="clean"), wrote("b", 1, 1, 1, on="clean"), wrote("c", 1, 1, 2),
    )  # fmt: skip

    report = report_of(written.storage.root)

    assert [(rule.dataset, rule.declared_on, rule.failed) for rule in report.distinct_rules] == [("c", "c", 2), ("a and b", "clean", 1)]
    assert [rule.dataset for rule in report.rules] == ["a", "b", "c"]


def test_a_rule_that_no_row_reached_is_there_with_nothing(written: Any, define: Any) -> None:
    written.update(*define("orders", rules=[RULE]), status("orders", "SKIPPED"), state="FAILED")

    (rule,) = report_of(written.storage.root).rules

    assert (rule.passed, rule.failed, rule.share, rule.trend) == (0, 0, None, ())


def test_an_edge_has_the_rows_that_were_read_along_it(written: Any, define: Any) -> None:
    written.table("raw", {"id": [1, 2, 3, 4, 5]})
    written.update(
        *define("raw", "STREAMING_TABLE"),
        *define("clean", "VIEW", ("raw",), rules=[RULE]),
        *define("orders", "STREAMING_TABLE", ("clean",)),
        *define("everything", inputs=("raw", "elsewhere.codes")),
        *define("sales", inputs=("orders", "everything")),
        wrote("raw", 2),
        read("orders", raw=2),
        wrote("orders", 1, 1, 1, on="clean"),
        wrote("everything", 4),
        wrote("sales", 1),
    )

    edges = {(edge.source, edge.target): edge.rows for edge in report_of(written.storage.root).edges}

    assert edges == {
        ("raw", "clean"): 2,
        ("clean", "orders"): 1,
        ("raw", "everything"): 5,  # all that the table holds
        ("elsewhere.codes", "everything"): None,
        ("orders", "sales"): None,
        ("everything", "sales"): 4,
    }


def test_what_was_left_alone_read_nothing_and_what_was_killed_is_running(written: Any, define: Any) -> None:
    nothing = ("planning_information", "same", {"technique_information": [{"maintenance_type": "MAINTENANCE_TYPE_NO_OP"}]})
    written.update(
        *define("raw"), *define("same", inputs=("raw",)), *define("late", inputs=("same",)),
        wrote("raw", 3), nothing, status("same", "COMPLETED"), status("late", "STARTING"), state="RUNNING",
    )  # fmt: skip

    report = report_of(written.storage.root)

    assert report.update.status == "RUNNING"
    assert [dataset.status for dataset in report.datasets] == ["COMPLETED", "UNCHANGED", "RUNNING"]
    assert [edge.rows for edge in report.edges] == [0, None]


def test_quarantined_rows_are_counted_by_reason_and_shown_masked(written: Any, define: Any) -> None:
    events = (*define("orders", rules=[RULE]), *define("orders_quarantine", schema=QUARANTINE), wrote("orders", 1, 1, 2))
    written.update(*events)
    began = written.update(*events) and report_of(written.storage.root).update.started
    raw = ['{"EMAIL": "a@x"}', "nothing", None]
    rows = {
        "id": [1, 2, 3],
        "email": ["a@x", None, "c@x"],
        "raw": raw,
        "_broken_rules": [["has_a_price"], ["has_a_price", "other's"], ["other's"]],
    }
    written.table("orders_quarantine", {**rows, "_quarantined_at": [began, began + timedelta(seconds=1), began - timedelta(minutes=9)]})

    report = report_of(written.storage.root, masked=["Email"])

    (table,) = report.quarantine
    assert (table.rows, table.total, table.reasons) == (2, 3, {"has_a_price": (2, 2), "other's": (1, 2)})
    assert report.rules[0].examples == ({"id": 1, "email": "•••", "raw": "•••"}, {"id": 2, "email": None, "raw": "nothing"})


def test_values_that_json_or_python_lack_are_shown_and_a_mask_reaches_into_maps(written: Any, define: Any) -> None:
    events = (*define("orders", rules=[RULE]), *define("bad", schema=QUARANTINE), wrote("orders", 1, 1, 2))
    written.update(*events)
    far = pa.array([253_402_300_800_000_000 + 10_000 * 31_556_952_000_000, 0], pa.timestamp("us", "UTC"))
    contact = pa.array([[("email", "a@x"), ("age", "7")], None], pa.map_(pa.string(), pa.string()))
    prices = [[float("nan"), float("-inf")], []]
    written.table("bad", {"at": far, "prices": prices, "contact": contact, "_broken_rules": [["has_a_price"], []]})

    report = report_of(written.storage.root, masked=["email"])

    (table,) = report.quarantine
    (example,) = report.rules[0].examples
    assert (table.rows, table.total, table.problem) == (1, 1, None)
    assert str(example["at"]).startswith("20000-01-01") or "out of range" in str(example["at"])
    assert example["contact"] == [["•••", "•••"], ["age", "7"]]
    told = json.loads(json.dumps(report.to_json(), default=str, allow_nan=False))
    assert told["rules"][0]["examples"][0]["prices"] == ["NaN", "-Infinity"]


def test_a_quarantine_that_cannot_be_read_is_said_and_the_rest_comes_out(written: Any, define: Any) -> None:
    written.update(*define("orders_quarantine", schema=QUARANTINE), wrote("orders_quarantine", 1))

    report = report_of(written.storage.root)

    assert "there is no Delta table" in (report.quarantine[0].problem or "")
    assert report.datasets[0].output_rows == 1


@pytest.mark.parametrize("value", ["a@x", "a'. Output record: '{b", 'quote"d'])
def test_a_failure_quotes_its_row_masked(written: Any, define: Any, value: str) -> None:
    row = json.dumps({"id": 7, "email": value, "who": {"email": value}})
    message = f"Violated expectations: 'sane'. Input data: '{row}'. Output record: '{row}'. Rows of this batch: sane 1 passed."
    written.update(*define("orders"), status("orders", "FAILED"), state="FAILED", error=message)

    (failed,) = report_of(written.storage.root, masked=["email"]).failures

    masked = '{"id": 7, "email": "•••", "who": {"email": "•••"}}'
    assert failed.error
    assert (
        failed.error.message
        == f"Violated expectations: 'sane'. Input data: '{masked}'. Output record: '{masked}'. Rows of this batch: sane 1 passed."
    )


def test_the_document_is_json_with_the_words_of_the_contract(written: Any, define: Any) -> None:
    written.update(*define("a"), *define("b", inputs=("a",)), wrote("a", 1, 1, 1), status("b", "FAILED"), state="FAILED", error="no")

    document = report_of(written.storage.root).to_json()

    assert json.loads(json.dumps(document, default=str))["edges"] == [{"from": "a", "to": "b", "rows": None}]
    assert document["datasets"][1]["error"] == {"class": "ExpectationError", "message": "no", "file": None, "line": None}
    assert document["rules"][0]["share"] == 0.5


def test_mistakes_are_told(written: Any, define: Any, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no update yet"):
        report_of(written.storage.root)
    written.update(*define("a"))
    written.update(*define("a"))
    with pytest.raises(UsageError, match="has no update 'x'"):
        report_of(written.storage.root, update="x")
    with pytest.raises(UsageError, match="has several updates '0000'"):
        report_of(written.storage.root, update="0000")
    with pytest.raises(GoldlaneError, match="no Goldlane storage"):
        report_of(tmp_path)

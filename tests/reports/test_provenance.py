from __future__ import annotations

from pathlib import Path
from typing import Any

from goldlane.expectations import Rules, not_null
from goldlane.reports.provenance import Provenance

RULE = {"name": "has_a_price", "action": "drop", "predicate": "price IS NOT NULL"}


def counted(name: str, passed: int, failed: int, on: str | None = None) -> Any:
    found = {"name": "has_a_price", "dataset": on or name, "passed_records": passed, "failed_records": failed}
    quality = {"dropped_records": failed, "expectations": [found]}
    return ("flow_progress", name, {"status": "COMPLETED", "data_quality": quality})


def lane(define: Any) -> tuple[Any, ...]:
    """Two chains over one bronze table, of which the second is of no interest."""
    return (
        *define("bronze", "STREAMING_TABLE", inputs=("raw.events",)), *define("silver", rules=[RULE], inputs=("bronze",)),
        *define("gold", inputs=("silver",)), *define("other_gold", inputs=("bronze",)), *define("checks", inputs=("gold",)),
    )  # fmt: skip


def test_a_table_s_graph_is_its_ancestors_and_nothing_else(written: Any, define: Any) -> None:
    written.update(*lane(define))

    told = Provenance(written.storage.root).of("gold")

    assert told is not None
    assert told.edges == (("raw.events", "bronze"), ("bronze", "silver"), ("silver", "gold"))
    assert [(node.name, node.kind) for node in told.nodes] == [
        ("raw.events", "external"), ("bronze", "streaming_table"), ("silver", "materialized_view"), ("gold", "materialized_view"),
    ]  # fmt: skip
    assert (told.source, told.pipeline) == ("gold", "shop")


def test_a_circle_has_an_end(written: Any, define: Any) -> None:
    written.update(*define("a", inputs=("b",)), *define("b", inputs=("a",)))

    told = Provenance(written.storage.root).of("a")

    assert told is not None
    assert set(told.edges) == {("a", "b"), ("b", "a")}


def test_a_rule_has_the_counts_of_the_newest_update_that_counted_it_and_its_reason(written: Any, define: Any) -> None:
    written.update(*lane(define), counted("silver", 5, 1), counted("other_gold", 9, 9))
    written.update(*lane(define), counted("silver", 8, 2))
    written.update(*lane(define))
    declared = {"silver": Rules(not_null("price", name="has_a_price", why="No price, no sale."))}

    told = Provenance(written.storage.root, declared).of("gold")

    assert told is not None
    (rule,) = told.upstream
    assert (rule.dataset, rule.name, rule.action, rule.predicate) == ("silver", *RULE.values())
    assert (rule.passed, rule.failed, rule.why) == (8, 2, "No price, no sale.")
    assert told.updated_at is not None
    assert rule.counted_at is not None
    assert rule.counted_at < told.updated_at


def test_a_rule_that_stands_on_a_view_is_told_of_the_table_that_counted_it(written: Any, define: Any) -> None:
    view = define("clean", "VIEW", rules=[RULE], inputs=("bronze",))
    written.update(*define("bronze"), *view, *define("gold", inputs=("clean",)), counted("gold", 3, 1, on="clean"))

    told = Provenance(written.storage.root).of("gold")

    assert told is not None
    assert [(rule.dataset, rule.predicate, rule.failed) for rule in told.upstream] == [("gold", RULE["predicate"], 1)]


def test_a_rule_that_is_declared_no_more_is_not_told(written: Any, define: Any) -> None:
    written.update(*lane(define), counted("silver", 5, 1))
    written.update(*define("silver"), *define("gold", inputs=("silver",)))

    told = Provenance(written.storage.root).of("gold")

    assert told is not None
    assert told.upstream == ()


def test_nothing_is_told_where_there_is_no_log_or_no_such_table(written: Any, define: Any, tmp_path: Path) -> None:
    assert Provenance(written.storage.root).of("gold") is None
    written.update(*lane(define))

    assert Provenance(written.storage.root).of("merchants") is None
    assert Provenance(tmp_path / "elsewhere").of("gold") is None

"""A run, and what is reported of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from goldlane.features import Feature, FeatureTable

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SHOP = """
import dlt
from goldlane.expectations import Action, Rules, not_null, split

RULES = Rules(not_null("price", action=Action.DROP))


@dlt.view
def came():
    return spark.sql("SELECT * FROM VALUES (1, 2.0, 'a@x'), (2, NULL, 'b@x') AS orders(id, price, email)")


@dlt.table
@dlt.expect_all_or_drop(RULES.drop)
def orders():
    return dlt.read("came")


@dlt.table
def orders_quarantine():
    return split(dlt.read("came"), RULES).quarantined


@dlt.table
@dlt.expect("is [b]old[/i] 100%", "sales > 5")
@dlt.expect_or_fail("is_sold", "sales > 5")
def sales():
    return dlt.read("orders").groupBy().sum("price").toDF("sales")
"""

TABLES = (
    FeatureTable(
        name="people",
        keys=("id",),
        event_time="at",
        features=(Feature(name="email", type="string", description="where to write", sensitive=True),),
    ),
)


@pytest.fixture
def shop(goldlane: Callable[..., Any], spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:  # noqa: ARG001  the run's session
    Path("shop.py").write_text(SHOP, encoding="utf-8")
    monkeypatch.setattr("goldlane.cli.report.application", lambda *_, **__: TABLES)
    Path("pyproject.toml").write_text('[tool.goldlane]\nstorage = "storage"\nfeatures = "features"\n', encoding="utf-8")
    ran = goldlane("run", "shop.py")
    assert ran.code == 1
    assert "is [b]old[/i] 100% 1, is_sold 1" in ran.out
    return goldlane


def test_a_run_is_reported_as_a_document_on_the_terminal_and_as_a_page(shop: Callable[..., Any]) -> None:
    document = shop("report", "--json").document
    terminal = shop("report", "--update", document["update"]["update_id"][:8])
    page = shop("report", "--out", "report.html")

    assert {dataset["name"]: (dataset["status"], dataset["output_rows"], dataset["dropped_rows"]) for dataset in document["datasets"]} == {
        "came": ("COMPLETED", 0, 0), "orders": ("COMPLETED", 1, 1), "orders_quarantine": ("COMPLETED", 1, 0), "sales": ("FAILED", 0, 0),
    }  # fmt: skip
    rules = {rule["name"]: rule for rule in document["rules"]}
    assert [(name, rule["passed"], rule["failed"]) for name, rule in rules.items()] == [
        ("price_is_not_null", 1, 1),
        ("is [b]old[/i] 100%", 0, 1),
        ("is_sold", 0, 1),
    ]
    assert rules["price_is_not_null"]["examples"] == [{"id": 2, "price": None, "email": "•••"}]
    assert document["quarantine"][0]["reasons"] == [{"rule": "price_is_not_null", "rows": 1, "total": 1}]
    assert {"from": "orders", "to": "sales", "rows": 1} in document["edges"]
    assert "orders_quarantine: 1 rows quarantined, 1 in all; price_is_not_null 1" in terminal.out
    assert "is [b]old[/i] 100%" in terminal.out
    assert (page.code, page.out, page.err) == (0, "", "goldlane: wrote report.html\n")
    assert "b@x" not in Path("report.html").read_text(encoding="utf-8") + terminal.out


def test_the_graph_is_a_page_of_its_own(goldlane: Callable[..., Any], spark: SparkSession) -> None:  # noqa: ARG001  the run's session
    Path("shop.py").write_text(SHOP, encoding="utf-8")

    ran = goldlane("graph", "shop.py", "--format", "html")

    assert ran.out.startswith("<!doctype html>")
    assert "orders to sales" in ran.out


@pytest.mark.parametrize("arguments,message", [("", "is no Goldlane storage"), ("--storage file", "is no Goldlane storage")])
def test_a_folder_without_updates_is_exit_2_or_1_and_one_line(goldlane: Callable[..., Any], arguments: str, message: str) -> None:
    Path("file").write_text("", encoding="utf-8")

    ran = goldlane("report", *arguments.split())

    assert ran.code in {1, 2}
    assert message in ran.complaint

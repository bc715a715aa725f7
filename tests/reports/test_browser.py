"""The page of an update in headless Chromium: at the size of a phone and of a desk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from goldlane.reports import report_of
from goldlane.reports.pages import report_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SIZES = {"phone": {"width": 360, "height": 740}, "desk": {"width": 1280, "height": 900}}
RULE = {"name": "has_a_price_" + "and_a_long_name_" * 6, "action": "drop", "predicate": "price IS NOT NULL OR " * 20 + "true"}


@pytest.fixture(params=SIZES)
def opened(request: pytest.FixtureRequest, browser: Browser, written: Any, define: Callable[..., Any], tmp_path: Path) -> Iterator[Page]:
    """The page of an update whose quarantined rows are wide, with the examples of its rule unfolded."""
    told = {"name": RULE["name"], "dataset": "orders", "passed_records": 1_234_567, "failed_records": 1}
    written.update(
        *define("orders", rules=[RULE]),
        *define("bad", schema=[{"name": "_broken_rules"}]),
        ("flow_progress", "orders", {"status": "COMPLETED", "data_quality": {"dropped_records": 1, "expectations": [told]}}),
    )
    written.table("bad", {f"column_{number}": ["a value of some length"] for number in range(20)} | {"_broken_rules": [[RULE["name"]]]})
    (tmp_path / "report.html").write_text(report_page(report_of(written.storage.root)), encoding="utf-8")
    page = browser.new_page(viewport=SIZES[request.param])
    page.goto((tmp_path / "report.html").as_uri())
    page.locator("summary").click()
    yield page
    page.close()


def test_wide_examples_scroll_by_themselves_and_push_no_count_aside(opened: Page) -> None:
    width = opened.evaluate("innerWidth")

    count = opened.get_by_text("1,234,567").bounding_box()

    assert opened.evaluate("document.documentElement.scrollWidth") == width
    assert count is not None
    assert 0 < count["x"] < count["x"] + count["width"] < width
    assert opened.evaluate("(at => at.scrollWidth > at.clientWidth)(document.querySelector('details .scroll'))")


def test_the_values_of_an_example_stand_under_their_columns(opened: Page) -> None:
    header, value = opened.get_by_text("column_1", exact=True), opened.locator("details td").nth(1)

    over, under = header.bounding_box(), value.bounding_box()

    assert header.is_visible()
    assert over is not None
    assert under is not None
    assert abs(over["x"] - under["x"]) < 1
    assert over["y"] < under["y"]

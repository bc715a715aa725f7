from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest

from goldlane.drawing.rendering import duration, share
from goldlane.expectations import in_range
from goldlane.reports import report_of
from goldlane.reports.pages import graph_page, report_page

HOSTILE = "<script>alert('1')</script>&\"quoted\""
VOID = {"meta", "br", "link", "img"}


class Balanced(HTMLParser):
    """Fails on a tag that is closed wrongly; collects texts and tags."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.words = ""
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), (tag, attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002  the parser's signature
        self.tags.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


def page_of(written: Any) -> str:
    return report_page(report_of(written.storage.root))


def test_whatever_a_name_spells_is_text(written: Any, define: Any) -> None:
    rule = {"name": HOSTILE, "action": "drop", "predicate": HOSTILE}
    quality = {"dropped_records": 1, "expectations": [{"name": HOSTILE, "dataset": HOSTILE, "passed_records": 1, "failed_records": 1}]}
    failed = ("flow_progress", HOSTILE, {"status": "FAILED", "data_quality": quality})
    written.update(*define(HOSTILE, rules=[rule]), *define("b", inputs=(HOSTILE, HOSTILE + "2")), failed, state="FAILED", error=HOSTILE)

    page = Balanced(page_of(written))

    assert "script" not in page.tags
    assert page.words.count(HOSTILE) >= 4


def test_a_predicate_stands_there_as_it_was_written(written: Any, define: Any) -> None:
    rules = [{"name": one.name, "action": "drop", "predicate": one.sql} for one in (in_range("a", 0), in_range("b", 0, or_null=True))]
    written.update(*define("orders", rules=rules))

    words = Balanced(page_of(written)).words

    assert "a >= 0 AND NOT isnan(a)\n" in words
    assert "b >= 0 AND NOT isnan(b) (or NULL)\n" in words


def test_a_page_needs_nothing_but_itself(written: Any, define: Any) -> None:
    written.update(*define("a"))

    page = page_of(written)

    assert not re.search(r"(?:src|href)=|url\((?!#)|@import|<script|https?:", page)
    assert 'lang="en"' in page
    assert "prefers-color-scheme: dark" in page


def test_an_update_without_rules_failures_or_quarantine_shows_no_empty_chapters(written: Any, define: Any) -> None:
    written.update(*define("a"))

    words = Balanced(page_of(written)).words

    assert "Graph" in words
    assert not re.search("What failed|Expectations|Quarantined rows by reason|Updates until", words)


@pytest.mark.parametrize("count", [0, 3, 60])
def test_the_page_of_a_graph_names_every_dataset_and_what_it_reads(count: int) -> None:
    names = [f"{'very_' * 9}long_name_{number}" for number in range(count)]
    edges = [[names[number // 3], names[number]] for number in range(1, count)]

    page = Balanced(graph_page({"nodes": [{"name": name, "kind": "materialized_view"} for name in names], "edges": edges}, "Graph of shop"))

    assert all(page.words.count(name) >= 2 for name in names)
    assert f"{count} datasets and {max(0, count - 1)} edges" in page.words


@pytest.mark.parametrize("seconds,words", [(0.04, "0.0 s"), (59.4, "59.4 s"), (125, "2 min 5 s"), (3725, "1 h 2 min")])
def test_durations_are_said_in_the_unit_that_fits(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize("part,words", [(None, "\N{EN DASH}"), (0.0, "0 %"), (1e-9, "< 0.01 %"), (0.069, "6.90 %"), (1.0, "100 %")])
def test_a_share_is_never_called_nothing(part: float | None, words: str) -> None:
    assert share(part) == words

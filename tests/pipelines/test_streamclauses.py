"""The clauses behind streams in SQL text, and text that sqlglot does not parse."""

from __future__ import annotations

import pytest

from goldlane.pipelines.sqltext import replace_tables, table_references
from goldlane.pipelines.streamclauses import Watermark, stream_clauses, without


@pytest.mark.parametrize(
    "text, options",
    [
        ("SELECT * FROM STREAM orders WITH (SKIPCHANGECOMMITS)", {"SKIPCHANGECOMMITS": "true"}),
        (
            "SELECT * FROM STREAM(main.a.orders)\nWITH (skipChangeCommits = TRUE, startingVersion=3) o",
            {"skipChangeCommits": "TRUE", "startingVersion": "3"},
        ),
        ("SELECT * FROM STREAM(orders) WITH (startingTimestamp = '2026-01-01') WHERE id > 1", {"startingTimestamp": "2026-01-01"}),
        ("WITH o (a) AS (SELECT 1) SELECT * FROM STREAM(orders), o", {}),
        ("SELECT * FROM STREAM(orders) WHERE name = 'WITH (SKIPCHANGECOMMITS)'", {}),
    ],
    ids=["a flag", "several", "a text", "a WITH of its own", "in quotes"],
)
def test_a_stream_is_read_with_the_options_behind_it(text: str, options: dict[str, str]) -> None:
    (orders,) = [reference for reference in table_references(text) if reference.streams]

    assert orders.options == options


def test_each_stream_has_its_own_options() -> None:
    found = table_references("SELECT * FROM STREAM(a) WITH (SKIPCHANGECOMMITS) JOIN STREAM b WITH (startingVersion = 1) USING (id)")

    assert [(one.name, one.options) for one in found] == [("a", {"SKIPCHANGECOMMITS": "true"}), ("b", {"startingVersion": "1"})]


def test_what_is_left_stands_where_it_stood() -> None:
    text = "SELECT *\nFROM STREAM(a) WITH (\n  SKIPCHANGECOMMITS\n) s\nWHERE nothing"

    plain = without(text, stream_clauses(text))

    assert (len(plain), plain.index("nothing"), plain.count("\n")) == (len(text), text.index("nothing"), text.count("\n"))
    assert plain.split() == ["SELECT", "*", "FROM", "STREAM(a)", "s", "WHERE", "nothing"]


@pytest.mark.parametrize(
    "text, watermark",
    [
        ("SELECT * FROM STREAM(a) WATERMARK at DELAY OF INTERVAL 3 minutes e", Watermark("at", "3 minutes")),
        (
            "SELECT * FROM STREAM a WATERMARK e.at DELAY OF INTERVAL '10 seconds' AS e GROUP BY x",
            Watermark("at", "10 seconds"),
        ),
        (
            "FROM STREAM a WITH (SKIPCHANGECOMMITS) WATERMARK at DELAY OF INTERVAL 1 HOUR 30 MINUTES",
            Watermark("at", "1 HOUR 30 MINUTES"),
        ),
    ],
    ids=["a name after it", "a text", "behind options"],
)
def test_a_stream_has_the_watermark_behind_it(text: str, watermark: Watermark) -> None:
    (stream,) = table_references(text)

    assert (stream.name, stream.watermark) == ("a", watermark)


def test_a_replaced_stream_takes_its_clauses_with_it() -> None:
    text = "SELECT a.x FROM STREAM s.a WITH (SKIPCHANGECOMMITS) WATERMARK at DELAY OF INTERVAL 3 MINUTES GROUP BY x"

    assert replace_tables(text, lambda _: "v", with_clauses=True) == "SELECT a.x FROM v AS a GROUP BY x"


@pytest.mark.parametrize(
    "text, names",
    [
        ("SELECT window.start FROM STREAM(a) GROUP BY window(at, '1 hour'), b", ["STREAM a"]),
        (
            "SELECT ~~ FROM a, STREAM(main.s.c) c, `odd name` AS o LEFT JOIN s.b x ON x.i = c.i",
            ["a", "STREAM main.s.c", "`odd name`", "s.b"],
        ),
        ("WITH o AS (SELECT ~~ FROM a) SELECT * FROM o JOIN STREAM b", ["a", "STREAM b"]),
        ("SELECT ~~ FROM read_files('/x') JOIN a", ["a"]),
        ("SELECT ~~, 'FROM x' FROM a -- FROM y", ["a"]),
        ("FROM ~~", []),
    ],
    ids=["window", "lists", "clauses", "calls", "quotes", "nothing"],
)
def test_tables_are_found_in_text_that_does_not_parse(text: str, names: list[str]) -> None:
    assert [("STREAM " if one.streams else "") + one.name for one in table_references(text)] == names


def test_columns_keep_their_qualifiers_in_text_that_does_not_parse() -> None:
    assert replace_tables("SELECT ~~ a.x, b.y FROM s.a JOIN b AS b WHERE a.x", lambda one: f"<{one.name}>") == (
        "SELECT ~~ a.x, b.y FROM <s.a> AS a JOIN <b> AS b WHERE a.x"
    )

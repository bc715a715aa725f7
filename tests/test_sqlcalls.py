"""Calls of table functions inside SQL text."""

from __future__ import annotations

import pytest

from goldlane.sqlcalls import Argument, TableCall, replace_calls, table_calls


def found(text: str) -> list[TableCall]:
    return table_calls(text, {"read_files": None, "event_log": None})


def test_positional_and_named_arguments_are_told_apart_as_they_were_written() -> None:
    (call,) = found("SELECT * FROM read_files('/in', format => 'json', schemaHints => 'a INT, b MAP<STRING, INT>')")

    assert call.arguments == (
        Argument("'/in'"),
        Argument("'json'", "format"),
        Argument("'a INT, b MAP<STRING, INT>'", "schemahints"),
    )


def test_commas_in_parentheses_separate_nothing() -> None:
    (call,) = found("SELECT * FROM read_files(concat('/in', '/b'), array(1, 2))")

    assert [argument.value for argument in call.arguments] == ["concat('/in', '/b')", "array(1, 2)"]


@pytest.mark.parametrize(
    "text, streams",
    [
        ("SELECT * FROM STREAM read_files('/in') AS f", True),
        ("SELECT * FROM stream(read_files('/in')) AS f", True),
        ("SELECT * FROM READ_FILES ('/in') AS f", False),
        ("SELECT * FROM STREAM(orders), read_files('/in') AS f", False),
    ],
)
def test_a_call_that_streams_is_replaced_together_with_its_stream(text: str, streams: bool) -> None:  # noqa: FBT001  a case's outcome
    (call,) = found(text)

    assert call.streams is streams
    assert replace_calls(text, {"read_files": lambda _: "v"}).endswith(" v AS f")


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 'event_log(1)' AS event_log",
        "SELECT event_log FROM t -- event_log(1)",
        "SELECT * FROM main.event_log('x')",
        "SELECT * FROM `event_log`('x')",
        "SELECT * FROM event_logs('x')",
        "SELECT 'unclosed event_log(",
    ],
)
def test_what_only_looks_like_a_call_is_left_alone(text: str) -> None:
    assert replace_calls(text, {"event_log": lambda _: "wrong"}) == text


def test_every_call_is_replaced_where_it_stands() -> None:
    text = 'WITH a AS (SELECT * FROM event_log("x")) SELECT * FROM a JOIN event_log(TABLE(b.c)) USING (id)'

    assert replace_calls(text, {"event_log": lambda call: f"<{call.arguments[0].value}>"}) == (
        'WITH a AS (SELECT * FROM <"x">) SELECT * FROM a JOIN <TABLE(b.c)> USING (id)'
    )


def test_a_call_that_is_not_closed_ends_with_the_text() -> None:
    assert [call.end for call in found("SELECT * FROM event_log('x'")] == [27]

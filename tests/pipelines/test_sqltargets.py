"""Tables that SQL text writes to, replaced where they stand."""

from __future__ import annotations

import pytest

from goldlane.pipelines.sqltargets import replace_targets


@pytest.mark.parametrize(
    "text, expected",
    [
        (
            "MERGE INTO a.b.c USING s ON c.id = s.id WHEN MATCHED THEN DELETE",
            "MERGE INTO <a.b.c> AS c USING s ON c.id = s.id WHEN MATCHED THEN DELETE",
        ),
        (
            "MERGE INTO `odd name` t USING s ON t.id = s.id WHEN MATCHED THEN DELETE",
            "MERGE INTO <`odd name`> t USING s ON t.id = s.id WHEN MATCHED THEN DELETE",
        ),
        ("INSERT INTO a.b (x) SELECT x FROM s", "INSERT INTO <a.b> (x) SELECT x FROM s"),
        ("UPDATE b SET x = 1", "UPDATE <b> AS b SET x = 1"),
        ("DELETE FROM b WHERE b.x = 1", "DELETE FROM <b> AS b WHERE b.x = 1"),
        ("CREATE TABLE IF NOT EXISTS a.b (id INT) USING delta", "CREATE TABLE IF NOT EXISTS <a.b> (id INT) USING delta"),
    ],
)
def test_the_table_a_statement_writes_to_is_replaced(text: str, expected: str) -> None:
    assert replace_targets(text, lambda name: f"<{name}>") == expected


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM a.b",
        "CREATE OR REPLACE TEMP VIEW v AS SELECT 1",
        "INSERT INTO delta.`/data/x` SELECT 1",
        "this is no SQL (",
    ],
)
def test_other_text_is_left_as_it_is(text: str) -> None:
    assert replace_targets(text, lambda name: f"<{name}>") == text


def test_a_table_without_replacement_stays() -> None:
    assert replace_targets("INSERT INTO a.b SELECT 1", lambda _name: None) == "INSERT INTO a.b SELECT 1"

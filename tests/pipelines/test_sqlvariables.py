"""``${key}`` in SQL text."""

from __future__ import annotations

import pytest

from goldlane.pipelines.sqlvariables import substitute, variables_in

VALUES = {"schema": "sales", "a.b-c": "3"}


@pytest.mark.parametrize(
    "text, expected",
    [
        ("SELECT * FROM ${schema}.t WHERE n > ${ a.b-c }", "SELECT * FROM sales.t WHERE n > 3"),
        ("SELECT '${schema}/x', `${schema}`", "SELECT 'sales/x', `sales`"),
        ("SELECT 1 -- ${schema}\n/* ${schema} */ + ${a.b-c}", "SELECT 1 -- ${schema}\n/* ${schema} */ + 3"),
        ("SELECT ${unknown}, ${env:HOME}", "SELECT ${unknown}, ${env:HOME}"),
        ("SELECT 'open ${schema}", "SELECT 'open sales"),
    ],
)
def test_variables_outside_of_comments_become_their_values(text: str, expected: str) -> None:
    assert substitute(text, VALUES.get) == expected


def test_variables_are_found_with_their_places() -> None:
    (found,) = variables_in("SELECT ${x}")

    assert (found.group(1), found.start(), found.end()) == ("x", 7, 11)

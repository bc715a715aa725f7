"""What ``CREATE FLOW``, ``AUTO CDC INTO`` and ``APPLY CHANGES INTO`` declare."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from goldlane.pipelines.definitions import ChangeFlow
from goldlane.pipelines.registry import Registry

Declared = Callable[..., Registry]


def flow(registry: Registry) -> Any:
    assert registry.problems == []
    return registry.flows[0]


@pytest.mark.parametrize(
    "insert, once",
    [
        ("INSERT INTO t BY NAME", False),
        ("INSERT INTO t", False),
        ("INSERT INTO ONCE t BY NAME", True),
        ("INSERT ONCE INTO LIVE.t BY NAME", True),
    ],
)
def test_an_insert_appends_its_query_to_the_target(declared: Declared, insert: str, once: bool) -> None:  # noqa: FBT001  a case's outcome
    found = flow(declared(f"CREATE STREAMING TABLE t; CREATE FLOW `f 1` COMMENT 'c' AS {insert} SELECT * FROM STREAM(a)"))

    assert (found.name, found.target.key, found.once, found.function.text) == ("f 1", "default.t", once, "SELECT * FROM STREAM(a)")


@pytest.mark.parametrize(
    "text",
    [
        "CREATE STREAMING TABLE t FLOW REPLACE USING (id, `shop no`) SEQUENCE BY changed_at BY NAME SELECT * FROM STREAM(a)",
        """CREATE STREAMING TABLE t;
        CREATE FLOW f AS INSERT INTO t BY NAME REPLACE USING (id, `shop no`) SEQUENCE BY changed_at SELECT * FROM STREAM(a)""",
    ],
    ids=["in the table", "a flow of its own"],
)
def test_a_flow_may_replace_the_rows_of_its_keys(declared: Declared, text: str) -> None:
    found = flow(declared(text))

    assert (found.replacement.keys, found.replacement.sequence_by) == (("id", "shop no"), "changed_at")
    assert (found.target.key, found.function.text) == ("default.t", "SELECT * FROM STREAM(a)")


def test_every_clause_of_auto_cdc_reaches_the_specification(declared: Declared) -> None:
    found = flow(
        declared(
            """
        CREATE STREAMING TABLE t;
        CREATE FLOW f AS AUTO CDC INTO t
        FROM stream(main.raw.changes)
        KEYS (id, `shop no`)
        WHERE id > 0
        IGNORE NULL UPDATES ON * EXCEPT (a)
        APPLY AS DELETE WHEN op = 'D' AND (x IS NULL)
        SEQUENCE BY struct(ts, seq)
        COLUMNS * EXCEPT (op, ts)
        STORED AS SCD TYPE 2
        TRACK HISTORY ON (name, city)
        """
        )
    )

    assert isinstance(found, ChangeFlow)
    assert (found.name, found.source, found.query, found.target.key) == ("f", "main.raw.changes", None, "default.t")
    spec = found.spec
    assert (spec.keys, spec.where, spec.sequence_by, spec.scd_type) == (("id", "shop no"), "id > 0", "struct(ts, seq)", 2)
    assert (spec.apply_as_deletes, spec.except_column_list) == ("op = 'D' AND (x IS NULL)", ("op", "ts"))
    assert (spec.ignore_null_updates_except_column_list, spec.track_history_column_list) == (("a",), ("name", "city"))


def test_clauses_come_in_any_order_and_lists_with_or_without_parentheses(declared: Declared) -> None:
    found = flow(
        declared("""
        CREATE STREAMING TABLE t;
        APPLY CHANGES INTO LIVE.t FROM STREAM(LIVE.s) KEYS (id) SEQUENCE BY ts IGNORE NULL UPDATES
        STORED AS SCD TYPE 1 COLUMNS id, name APPLY AS TRUNCATE WHEN op = "T"
        """)
    )

    assert (found.name, found.source, found.spec.column_list) == ("t", "LIVE.s", ("id", "name"))
    assert (found.spec.ignore_null_updates, found.spec.apply_as_truncates) == (True, 'op = "T"')


@pytest.mark.parametrize("columns", ["COLUMNS *", "TRACK HISTORY ON *"])
def test_all_columns_are_no_restriction(declared: Declared, columns: str) -> None:
    spec = flow(declared(f"CREATE STREAMING TABLE t; APPLY CHANGES INTO t FROM STREAM s KEYS (id) SEQUENCE BY ts {columns}")).spec

    assert (spec.column_list, spec.track_history_column_list) == (None, None)


@pytest.mark.parametrize(
    "source", ["(SELECT * FROM STREAM(a) WHERE x = 1)", "STREAM(a) AS s", "STREAM read_files('/in', format => 'json')"]
)
def test_changes_may_come_from_a_query(declared: Declared, source: str) -> None:
    found = flow(declared(f"CREATE STREAMING TABLE t; CREATE FLOW f AS AUTO CDC ONCE INTO t\nFROM {source}\nKEYS (id) SEQUENCE BY ts"))

    assert (found.once, found.query.text, found.query.place.line) == (True, f"SELECT * FROM {source}", 2)


def test_beliefs_have_a_sequence_of_their_own(declared: Declared) -> None:
    spec = flow(
        declared("""
        CREATE STREAMING TABLE t;
        APPLY CHANGES INTO t FROM STREAM s KEYS (id) SEQUENCE BY ts SYSTEM SEQUENCE BY known_at STORED AS BITEMPORAL
        """)
    ).spec

    assert (spec.scd_type, spec.sequence_by, spec.system_sequence_by) == ("bitemporal", "ts", "known_at")

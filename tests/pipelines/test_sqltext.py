"""Which names in SQL text are tables, and what stands there after they were replaced."""

from __future__ import annotations

import pytest

from goldlane.pipelines.sqltext import is_governance, replace_paths, replace_tables, table_references


def names(text: str) -> list[str]:
    return [("STREAM " if reference.streams else "") + reference.name for reference in table_references(text)]


def replaced(text: str) -> str:
    """``text`` with each table ``x`` as ``<x>``, streams as ``<<x>>``."""
    return replace_tables(text, lambda table: f"<<{table.name}>>" if table.streams else f"<{table.name}>")


@pytest.mark.parametrize(
    "text, expected",
    [
        ("SELECT * FROM orders", ["orders"]),
        ("SELECT * FROM LIVE.orders", ["LIVE.orders"]),
        ("select * from main.sales.orders o", ["main.sales.orders"]),
        ("SELECT * FROM `odd name`, sales.`x-y`", ["`odd name`", "sales.`x-y`"]),
        ("SELECT * FROM a JOIN b USING (id) LEFT JOIN c ON c.id = a.id", ["a", "b", "c"]),
        ("SELECT * FROM a WHERE id IN (SELECT id FROM b) AND EXISTS (SELECT 1 FROM c)", ["a", "b", "c"]),
        ("SELECT * FROM a UNION ALL SELECT * FROM b", ["a", "b"]),
        ("SELECT * FROM STREAM(orders)", ["STREAM orders"]),
        ("SELECT * FROM stream( LIVE.orders ) s JOIN items i ON s.id = i.id", ["STREAM LIVE.orders", "items"]),
        ("SELECT * FROM STREAM orders", ["STREAM orders"]),
        ("SELECT * FROM STREAM(orders) WITH (SKIPCHANGECOMMITS) o JOIN items i ON o.id = i.id", ["STREAM orders", "items"]),
        ("SELECT /*+ BROADCAST(b), COALESCE(3) */ * FROM a JOIN b USING (id)", ["a", "b"]),
        ("SELECT 'FROM b' AS t, \"FROM c\" FROM a -- FROM d\n/* FROM e */", ["a"]),
        ("SELECT * FROM delta.`/data/orders`", []),
        ("SELECT * FROM json.`dbfs:/data/orders.json`", []),
        ("SELECT * FROM range(3)", []),
        ("SELECT * FROM VALUES (1) AS v(a)", []),
        ("SELECT explode(xs) FROM a LATERAL VIEW explode(ys) t AS y", ["a"]),
        ("SELECT * FROM a WHERE day = :day", ["a"]),
        ("SELECT * FROM a; SELECT * FROM b", ["a", "b"]),
        ("SELECT * FROM größe", ["größe"]),
        ("FROM", []),
        ("", []),
        ("SHOW TABLES", []),
    ],
)
def test_the_tables_that_a_text_reads(text: str, expected: list[str]) -> None:
    assert names(text) == expected


@pytest.mark.parametrize(
    "text, expected",
    [
        pytest.param("WITH o AS (SELECT 1) SELECT * FROM o", [], id="a clause is no table"),
        pytest.param("WITH O AS (SELECT 1) SELECT * FROM o", [], id="in whatever case"),
        pytest.param("WITH orders AS (SELECT * FROM orders) SELECT * FROM orders", ["orders"], id="a clause does not see itself"),
        pytest.param("WITH a AS (SELECT * FROM b), b AS (SELECT * FROM a) SELECT * FROM b", ["b"], id="nor those after it"),
        pytest.param("WITH o AS (SELECT 1) SELECT * FROM LIVE.o", ["LIVE.o"], id="a qualified name is never a clause"),
        pytest.param("SELECT * FROM (WITH o AS (SELECT 1) SELECT * FROM o) x JOIN o", ["o"], id="a clause ends with its query"),
        pytest.param("WITH o AS (SELECT 1) SELECT * FROM a WHERE EXISTS (SELECT * FROM o)", ["a"], id="subqueries see it"),
        pytest.param("WITH a AS (SELECT 1), b AS (SELECT * FROM a) SELECT * FROM (SELECT * FROM b)", [], id="later clauses see it"),
        pytest.param(
            "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 3) SELECT * FROM r",
            [],
            id="recursive ones see themselves",
        ),
    ],
)
def test_a_with_clause_hides_a_table_only_where_it_is_visible(text: str, expected: list[str]) -> None:
    assert names(text) == expected


@pytest.mark.parametrize(
    "text, expected",
    [
        ("INSERT INTO a SELECT * FROM b", ["b"]),
        ("INSERT INTO a (id, name) SELECT * FROM b", ["b"]),
        ("CREATE TABLE a AS SELECT * FROM b", ["b"]),
        ("CREATE OR REPLACE TEMP VIEW a AS SELECT * FROM b", ["b"]),
        ("DROP TABLE a", []),
        ("DELETE FROM a WHERE id = 1", []),
        ("UPDATE a SET id = 1", []),
        ("MERGE INTO a USING b ON a.id = b.id WHEN MATCHED THEN DELETE", ["b"]),
    ],
)
def test_what_a_statement_writes_to_is_not_read(text: str, expected: list[str]) -> None:
    assert names(text) == expected


@pytest.mark.parametrize(
    "text, expected",
    [
        ("SELECT orders.id FROM LIVE.orders", "SELECT orders.id FROM <LIVE.orders> AS orders"),
        ("SELECT o.id FROM LIVE.orders o", "SELECT o.id FROM <LIVE.orders> o"),
        ("SELECT o.id FROM LIVE.orders AS o", "SELECT o.id FROM <LIVE.orders> AS o"),
        ("SELECT * FROM a.`x-y`", "SELECT * FROM <a.`x-y`> AS `x-y`"),
        ("SELECT * FROM STREAM(orders)", "SELECT * FROM <<orders>> AS orders"),
        ("SELECT * FROM STREAM(orders) AS s", "SELECT * FROM <<orders>> AS s"),
        ("SELECT * FROM STREAM orders s", "SELECT * FROM <<orders>> s"),
        ("SELECT * FROM a JOIN b ON a.id = b.id", "SELECT * FROM <a> AS a JOIN <b> AS b ON a.id = b.id"),
        ("SELECT * FROM a TABLESAMPLE (10 PERCENT)", "SELECT * FROM <a> TABLESAMPLE (10 PERCENT)"),
        ("SELECT  *\n  FROM   a  -- all of a\n", "SELECT  *\n  FROM   <a> AS a  -- all of a\n"),
        ("SELECT '😀' AS smile FROM a", "SELECT '😀' AS smile FROM <a> AS a"),
    ],
)
def test_a_replaced_table_keeps_the_name_that_its_columns_are_qualified_with(text: str, expected: str) -> None:
    assert replaced(text) == expected


def test_a_table_without_replacement_stays_as_it_is_written() -> None:
    text = "SELECT * FROM STREAM(theirs) JOIN ours"

    kept = replace_tables(text, lambda table: None if table.name == "theirs" else "mine")

    assert kept == "SELECT * FROM STREAM(theirs) JOIN mine AS ours"


def test_statements_that_cannot_be_read_say_nothing_on_stderr(capfd: pytest.CaptureFixture[str]) -> None:
    table_references("SHOW TABLES; OPTIMIZE x; VACUUM y")

    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    "text",
    [
        "CREATE CATALOG IF NOT EXISTS main",
        "create schema if not exists main.bronze",
        "-- where it lives\nUSE CATALOG main",
        "USE main.bronze",
        "CREATE EXTERNAL VOLUME main.bronze.files LOCATION 's3://x'",
        "/* rights */ GRANT SELECT ON TABLE t TO `team`",
        "DROP DATABASE bronze CASCADE",
        "ALTER SCHEMA bronze OWNER TO me",
    ],
)
def test_statements_about_catalogs_schemas_volumes_and_grants_are_known(text: str) -> None:
    assert is_governance(text)


@pytest.mark.parametrize(
    "text", ["SELECT 1", "CREATE TABLE t (id INT)", "ALTER TABLE t ADD COLUMN x INT", "DROP TABLE t", "used", "SET x=1"]
)
def test_other_statements_are_not(text: str) -> None:
    assert not is_governance(text)


def test_paths_in_text_are_replaced_and_nothing_else() -> None:
    text = "SELECT `a`, json.b FROM delta.`/mnt/a` JOIN json.`dbfs:/b` USING (id)"

    assert replace_paths(text, str.upper) == "SELECT `a`, json.b FROM delta.`/MNT/A` JOIN json.`DBFS:/B` USING (id)"


def test_a_name_given_as_an_identifier_is_a_name() -> None:
    assert replaced("SELECT * FROM IDENTIFIER('main.sales.orders')") == "SELECT * FROM <main.sales.orders> AS orders"


def test_a_table_as_of_a_version_is_known_as_such() -> None:
    assert [table.travels for table in table_references("SELECT * FROM a VERSION AS OF 1 JOIN b TIMESTAMP AS OF '2026-01-01' JOIN c")] == [
        True,
        True,
        False,
    ]

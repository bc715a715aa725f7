"""What a SQL file gets wrong is named with its line, all of it at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from goldlane.errors import UsageError
from goldlane.pipelines.names import Namespace
from goldlane.pipelines.registry import Registry
from goldlane.pipelines.sqlfiles import load_sql

Declared = Callable[..., Registry]


@pytest.mark.parametrize(
    "text, message",
    [
        ("SELECT 1", "'SELECT 1' begins no statement of a pipeline (a pipeline takes CREATE STREAMING TABLE"),
        ("CREATE TABLE a AS SELECT 1", "'CREATE TABLE a' begins no statement"),
        ("CREATE TEMPORARY FUNCTION f() RETURNS INT RETURN 1", "'CREATE TEMPORARY FUNCTION' begins no statement"),
        ("REFRESH STREAMING TABLE a", "'REFRESH STREAMING TABLE' begins no statement"),
        ("DECLARE VARIABLE x INT", "'DECLARE VARIABLE x' begins no statement"),
        ("OPTIMIZE a ZORDER BY (b)", "begins no statement"),
        ("CREATE LIVE TABLE a", "expected AS, found the end of the statement"),
        ("CREATE LIVE TABLE a AS", "AS needs a query"),
        ("CREATE STREAMING TABLE", "expected a name, found the end"),
        ("CREATE STREAMING TABLE a COMMENT b", "expected a comment in quotes, found 'b'"),
        ("CREATE STREAMING TABLE a\n\nAPPLY CHANGES INTO a", "'APPLY' begins no clause of a dataset (a statement ends with ;)"),
        ("CREATE STREAMING TABLE a (id INT", "the ( before the columns is never closed"),
        ("CREATE STREAMING TABLE a (id INT, name)", "columns without a type beside columns with one: name"),
        ("CREATE STREAMING TABLE a (PRIMARY KEY (id))", "a key needs the columns of the table"),
        ("CREATE STREAMING TABLE a (CONSTRAINT c EXPECT (x) ON VIOLATION DROP)", "expected DROP ROW or FAIL UPDATE, found 'DROP'"),
        ("CREATE STREAMING TABLE a (CONSTRAINT c EXPECTS (x))", "expected EXPECT, PRIMARY KEY or FOREIGN KEY after CONSTRAINT c"),
        ("CREATE STREAMING TABLE a TBLPROPERTIES ('x')", "a property needs a key and a value"),
        ("CREATE FLOW f AS MERGE INTO a", "expected INSERT, found 'MERGE'"),
        ("CREATE FLOW f AS INSERT INTO a BY NAME", "the flow has no query"),
        ("CREATE FLOW f AS AUTO CDC FROM SNAPSHOT s", "AUTO CDC FROM SNAPSHOT has no SQL (declare it in Python"),
        ("CREATE STREAMING TABLE a FLOW REPLACE WHERE x BY NAME SELECT 1", "REPLACE WHERE flows are not supported"),
        ("CREATE STREAMING TABLE a FLOW REPLACE USING (x) BY NAME SELECT 1", "expected SEQUENCE BY, found 'BY'"),
        ("CREATE STREAMING TABLE a FLOW REPLACE USING (x, X) SEQUENCE BY t BY NAME SELECT 1", "names X, x more than once"),
        ("CREATE FLOW f AS INSERT ONCE INTO a BY NAME REPLACE USING (x) SEQUENCE BY t SELECT 1", "a flow that runs once replaces nothing"),
        ("APPLY CHANGES INTO a FROM STREAM(b)", "the flow into default.a does not say KEYS and SEQUENCE BY"),
        ("APPLY CHANGES INTO a FROM STREAM(b) KEYS (id) KEYS (id)", "KEYS is said twice"),
        ("APPLY CHANGES INTO a FROM b KEYS (id) SEQUENCE BY", "SEQUENCE BY needs an expression"),
        (
            "APPLY CHANGES INTO a FROM b KEYS (id) SEQUENCE BY t STORED AS SCD TYPE 3",
            "expected SCD TYPE 1, SCD TYPE 2 or BITEMPORAL, found SCD TYPE 3",
        ),
        ("APPLY CHANGES INTO a FROM b KEYS (id) SEQUENCE BY t APPLY AS TRUNCATE WHEN x STORED AS SCD TYPE 2", "needs SCD type 1"),
        ("SET spark.x", "expected =, found the end of the statement"),
        ("SET TIME ZONE = x", "SET takes a key and a value"),
        ("CREATE VIEW a AS SELECT 'open", "not SQL"),
    ],
)
def test_a_mistake_is_told_in_words(declared: Declared, text: str, message: str) -> None:
    (problem,) = [found for found in declared(text).problems if found.code in {"SqlSourceError", "CdcError", "DefinitionError"}]

    assert message in problem.message


def test_all_mistakes_of_a_file_come_at_once_with_their_lines_and_the_rest_is_declared(declared: Declared) -> None:
    registry = declared("""\
        SELECT 1;
        CREATE STREAMING TABLE good;

        CREATE STREAMING TABLE bad (
          id INT,
          CONSTRAINT c EXPECT id > 0
        );
        -- COMMAND ----------
        CREATE VIEW a AS SELECT 'never closed
        -- COMMAND ----------
        CREATE LIVE TABLE t
        """)

    assert [problem.place.line for problem in registry.problems if problem.place] == [1, 6, 9, 11]
    assert list(registry.datasets) == ["default.good"]


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "lane.sql").write_bytes(b"\xff\xfe\xff")

    with pytest.raises(UsageError, match="not UTF-8 text"):
        load_sql(tmp_path / "lane.sql", Registry(Namespace()), None)


def test_doubled_names_are_a_mistake_as_in_python(declared: Declared) -> None:
    (problem,) = declared("CREATE STREAMING TABLE a;\nCREATE STREAMING TABLE A;").problems

    assert (problem.code, problem.place and problem.place.line) == ("duplicate_name", 2)

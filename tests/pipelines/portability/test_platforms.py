"""What each platform has: open-source Spark is asked itself."""

from __future__ import annotations

import importlib.util
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from goldlane.pipelines.api import NAMES
from goldlane.pipelines.portability import Platform, reasons_in_sql
from goldlane.pipelines.portability.platforms import DATABRICKS, OPEN_SOURCE

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@pytest.fixture(scope="module")
def open_source() -> dict[str, Callable[..., Any]]:
    """The functions of the installed ``pyspark.pipelines``."""
    from pyspark.pipelines import api

    public = importlib.import_module("pyspark.pipelines").__all__
    return {name: getattr(api, name) for name in public if hasattr(api, name)}


def test_open_source_spark_has_these_functions_and_keywords(open_source: dict[str, Callable[..., Any]]) -> None:
    found = {name: frozenset(inspect.signature(function).parameters) for name, function in open_source.items()}

    assert found == OPEN_SOURCE


def test_goldlane_serves_only_names_that_a_platform_has() -> None:
    assert set(NAMES) - set(DATABRICKS) - set(OPEN_SOURCE) == set()


@pytest.mark.parametrize("name", sorted(set(NAMES) & set(DATABRICKS)))
def test_goldlane_takes_the_keywords_of_databricks_and_no_others(name: str) -> None:
    taken = set(inspect.signature(NAMES[name]).parameters)

    assert taken - DATABRICKS[name] == set()


@pytest.mark.parametrize(
    "statement,code",
    [
        ("CREATE STREAMING TABLE a AS SELECT * FROM STREAM(b)", None),
        ("CREATE MATERIALIZED VIEW a AS SELECT 1 AS x", None),
        ("CREATE FLOW f AS INSERT INTO a BY NAME SELECT * FROM STREAM(b)", None),
        ("CREATE TEMPORARY VIEW v AS SELECT 1 AS x -- LIVE.b, AUTO CDC", None),
        ("CREATE TEMPORARY VIEW v AS SELECT 'EXPECT (it)' AS x", None),
        ("CREATE OR REFRESH STREAMING TABLE a AS SELECT * FROM STREAM(b)", "create_or_refresh"),
        ("CREATE PRIVATE MATERIALIZED VIEW a AS SELECT 1 AS x", "keywords"),
        ("CREATE STREAMING TABLE a CLUSTER BY AUTO AS SELECT * FROM STREAM(b)", "keywords"),
        ("CREATE STREAMING TABLE a (x INT, CONSTRAINT c EXPECT (x > 1)) AS SELECT * FROM STREAM(b)", "expectations"),
        ("CREATE STREAMING LIVE TABLE a AS SELECT * FROM STREAM(b)", "live_schema"),
        ("CREATE FLOW f AS INSERT INTO ONCE a BY NAME SELECT * FROM b", "flow_types"),
        ("CREATE FLOW f AS AUTO CDC INTO a FROM STREAM(b) KEYS (id) SEQUENCE BY ts", "auto_cdc_in_sql"),
        ("APPLY CHANGES INTO a FROM STREAM(b) KEYS (id) SEQUENCE BY ts", "apply_changes"),
    ],
)
def test_a_sql_statement_has_a_reason_where_sparks_own_parser_refuses_it(
    spark: SparkSession, tmp_path: Path, statement: str, code: str | None
) -> None:
    from pyspark.errors import ParseException

    file = tmp_path / "lane.sql"
    file.write_text(statement)
    parser = spark._jsparkSession.sessionState().sqlParser()  # noqa: SLF001  parsing alone has no public Python face

    reasons = reasons_in_sql(str(file))

    assert [reason.code for reason in reasons] == ([code] if code else [])
    assert all(reason.platforms == {Platform.OPEN_SOURCE} for reason in reasons)
    if code is None:
        parser.parsePlan(statement)
    else:
        with pytest.raises(ParseException):
            parser.parsePlan(statement)

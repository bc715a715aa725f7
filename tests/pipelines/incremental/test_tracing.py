"""Which columns of a query lead to its sources, and what is said of those queries of which none does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from goldlane.pipelines.incremental.keys import keys_of
from goldlane.pipelines.incremental.reasons import NotIncrementalError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

ROWS = pa.table({"id": [1], "k": ["a"], "n": [1.5], "day": [1], "tags": [["x"]]})


@pytest.fixture(scope="module")
def tables(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Any:
    from deltalake import write_deltalake

    folder = tmp_path_factory.mktemp("tables")
    for name in ("a", "b"):
        write_deltalake(str(folder / name), ROWS)
        spark.read.format("delta").load(str(folder / name)).createOrReplaceTempView(f"traced_{name}")
    yield folder
    for name in ("a", "b"):
        spark.catalog.dropTempView(f"traced_{name}")


@pytest.fixture
def keys(spark: SparkSession, tables: Path) -> Callable[..., tuple[str, ...]]:
    """The key columns of a query of ``a`` and ``b`` for a change of some of them."""

    def found(query: str, *changed: str, primary_key: tuple[str, ...] = ()) -> tuple[str, ...]:
        frame = spark.sql(query.replace("{a}", "traced_a").replace("{b}", "traced_b"))
        return keys_of(frame, [f"file:{tables / name}" for name in changed or ("a",)], primary_key).columns

    return found


@pytest.mark.parametrize(
    "query, changed, columns",
    [
        ("SELECT k, day div 7 AS week, count(*) AS c FROM {a} GROUP BY k, day div 7", "a", ("k", "week")),
        ("SELECT upper(k) AS up, sum(n) AS s FROM {a} GROUP BY k", "a", ("up",)),
        ("SELECT id, k, sum(n) OVER (PARTITION BY k ORDER BY id) AS s FROM {a}", "a", ("k",)),
        ("SELECT DISTINCT k, day FROM {a}", "a", ("k", "day")),
        ("SELECT a.id, b.n FROM {a} AS a JOIN {b} AS b ON a.id = b.id", "ab", ("id",)),
        ("SELECT a.id, b.n FROM {a} AS a JOIN {b} AS b ON a.id = b.id", "a", ("id",)),
        ("SELECT k, a.n AS x, b.n AS y FROM {a} AS a FULL JOIN {b} AS b USING (k)", "ab", ("k",)),
        ("SELECT k, id FROM {a} WHERE k IN (SELECT k FROM {b})", "a", ("k", "id")),
        ("SELECT k, id FROM {a} LEFT ANTI JOIN {b} USING (k)", "b", ("k",)),
        ("SELECT k FROM {a} UNION ALL SELECT k FROM {b}", "ab", ("k",)),
        ("SELECT k FROM {a} EXCEPT SELECT k FROM {b}", "ab", ("k",)),
        ("WITH w AS (SELECT k, max(n) AS m FROM {a} GROUP BY k) SELECT w.k, m, id FROM w JOIN {a} AS a ON w.k = a.k", "a", ("k",)),
        ("SELECT id, tag FROM {a} LATERAL VIEW explode(tags) AS tag", "a", ("id",)),
    ],
)
def test_columns_that_lead_to_every_changed_table(keys: Any, query: str, changed: str, columns: tuple[str, ...]) -> None:
    assert keys(query, *changed) == columns


@pytest.mark.parametrize(
    "query, changed, said",
    [
        ("SELECT count(*) AS c FROM {a}", "a", ("PLAN_NOT_INCREMENTALIZABLE", "Aggregate")),
        ("SELECT id, sum(n) OVER (ORDER BY id) AS s FROM {a}", "a", ("PLAN_NOT_INCREMENTALIZABLE", "Window")),
        ("SELECT id FROM {a} ORDER BY id LIMIT 3", "a", ("PLAN_NOT_INCREMENTALIZABLE", "GlobalLimit")),
        ("SELECT id FROM {a} WHERE k IN (SELECT k FROM {b})", "b", ("PLAN_NOT_INCREMENTALIZABLE", "")),
        ("SELECT a.id FROM {a} AS a CROSS JOIN (SELECT max(day) AS newest FROM {b})", "b", ("DATA_HAS_CHANGED", "")),
        ("SELECT a.id, b.n FROM {a} AS a LEFT JOIN {b} AS b ON a.k = b.k", "b", ("DATA_HAS_CHANGED", "")),
    ],
)
def test_queries_that_are_computed_anew_say_why(keys: Any, query: str, changed: str, said: tuple[str, str]) -> None:
    with pytest.raises(NotIncrementalError) as refused:
        keys(query, *changed)

    assert {(str(issue.type), issue.operator) for issue in refused.value.issues} == {said}


def test_the_key_is_part_of_the_primary_key(keys: Any) -> None:
    assert keys("SELECT id, k, n FROM {a}", primary_key=("ID",)) == ("id",)


def test_a_read_of_the_past_does_not_follow_its_table(spark: SparkSession, tables: Path) -> None:
    past = spark.read.format("delta").option("versionAsOf", 0).load(str(tables / "a"))

    with pytest.raises(NotIncrementalError, match="as it was at a version"):
        keys_of(past, (), ())

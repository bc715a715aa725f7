"""Files as tables of SQL text, in one pipeline of SQL and Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from goldlane.pipelines.errors import InvalidPipelineError

if TYPE_CHECKING:
    from goldlane.pipelines import Update

LANE = """\
CREATE STREAMING TABLE arrived AS
SELECT *, _metadata.file_name AS file FROM STREAM read_files(
  '/Volumes/main/raw/json/',
  format => 'json',
  schemaHints => 'amount DECIMAL(10,2)'
);

CREATE STREAMING TABLE older AS SELECT * FROM cloud_files("/Volumes/main/raw/csv", "csv", map("header", "true"));

CREATE MATERIALIZED VIEW typed AS
WITH f AS (SELECT * FROM read_files('/Volumes/main/raw/csv/*.csv', header => true))
SELECT f.*, n.name FROM f JOIN json.`/Volumes/main/raw/names` n ON n.id = f.id;

-- From here on flows run in sessions of their own.
SET spark.sql.shuffle.partitions = 3;

CREATE MATERIALIZED VIEW given AS
SELECT id, _metadata.file_name AS file
FROM read_files('/Volumes/main/raw/json', schema => 'id INT', schemaEvolutionMode => 'none', pathGlobFilter => '1*');
"""
PYTHON = """
    import dlt

    @dlt.table
    def from_python():
        return spark.sql('''
            SELECT r.id, r._metadata.file_size > 0 AS known
            FROM STREAM(read_files('/Volumes/main/raw/csv', header => true)) AS r
        ''')

    @dlt.view
    def one_file():
        return spark.sql("SELECT count(*) AS n FROM read_files(concat('/Volumes/main/raw/csv', '/a.csv'), format => 'csv')")

    @dlt.table
    def counted():
        return dlt.read("one_file")
"""


@pytest.fixture(scope="module")
def lane(new_project: Callable[[], Any]) -> tuple[Any, Update]:
    project = new_project()
    (project.folder / "lane").mkdir()
    (project.folder / "lane" / "files.sql").write_text(LANE, encoding="utf-8")
    project.write("lane/files.py", PYTHON)
    project.land("json/1.json", {"id": 1, "amount": "1.5"}, {"id": "x", "amount": "2"})
    project.land("json/2.json", {"id": 3, "amount": "3"})
    project.land("names/n.json", {"id": 1, "name": "one"})
    project.write("landing/csv/a.csv", "id,price\n1,2.5\n2,x\n")
    update = project.run(paths={"/Volumes/main/raw": str(project.folder / "landing")})
    assert [(found.name, found.error) for found in update.datasets if found.error] == []
    return project, update


def test_a_stream_of_files_has_inferred_types_hints_metadata_and_a_rescued_column(lane: tuple[Any, Update]) -> None:
    project, update = lane

    schema = {column.name: column.dataType.simpleString() for column in update.table("arrived").schema}
    assert schema == {"amount": "decimal(10,2)", "id": "string", "_rescued_data": "string", "file": "string"}
    assert [(row[1], row[3]) for row in project.rows("arrived", "amount", "id", "_rescued_data", "file")] == [
        ("1", "1.json"),
        ("x", "1.json"),
        ("3", "2.json"),
    ]


def test_cloud_files_keeps_auto_loaders_defaults(lane: tuple[Any, Update]) -> None:
    project, _ = lane

    assert project.rows("older") == [("1", "2.5", None), ("2", "x", None)]


def test_a_batch_infers_types_over_all_files_and_joins_files_by_path(lane: tuple[Any, Update]) -> None:
    project, _ = lane

    assert project.rows("typed") == [(1, "2.5", None, "one")]


def test_a_given_schema_rescues_nothing_and_a_filter_chooses_files(lane: tuple[Any, Update]) -> None:
    project, _ = lane

    assert project.rows("given") == [(1, "1.json"), (None, "1.json")]


def test_pythons_sql_reads_files_too(lane: tuple[Any, Update]) -> None:
    project, _ = lane

    assert project.rows("from_python") == [(1, True), (2, True)]
    assert project.rows("counted") == [(3,)]


def test_files_are_read_once(lane: tuple[Any, Update]) -> None:
    project, _ = lane
    project.land("json/4.json", {"id": 4, "amount": "4"})

    project.run(paths={"/Volumes/main/raw": str(project.folder / "landing")}, refresh=["arrived"])

    assert len(project.rows("arrived")) == 4


def test_wrong_calls_are_told_with_their_place(lane: tuple[Any, Update]) -> None:
    project, _ = lane
    broken = project.write(
        "broken/lane.sql",
        """\
        CREATE MATERIALIZED VIEW a AS SELECT * FROM read_files('/nowhere', format => 'csv');
        CREATE STREAMING TABLE b AS SELECT * FROM STREAM read_kinesis(streamName => 's');
        CREATE MATERIALIZED VIEW c AS SELECT * FROM read_files();
        """,
    )

    with pytest.raises(InvalidPipelineError) as refused:
        project.run(sources=broken)

    first, second, third = refused.value.problems
    assert "there is no /nowhere" in first.message
    assert "read_kinesis reads a service" in second.message
    assert "read_files takes one path, not 0" in third.message
    assert [problem.place.line for problem in (first, second, third) if problem.place] == [1, 2, 3]

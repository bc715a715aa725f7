"""Columns that the schema does not know, under each schemaEvolutionMode."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pyspark.errors import StreamingQueryException

from goldlane.pipelines.autoloader import evolve, explain, is_schema_failure
from goldlane.pipelines.autoloader.store import SchemaStore


def test_a_new_column_stops_the_stream_and_no_row_is_lost_or_doubled(landing: Any) -> None:
    landing.put("a.json", {"id": 1})
    landing.run()
    landing.put("b.json", {"id": 2}, {"id": 3, "city": "Ulm"})
    file = landing.put("c.json", {"id": 4, "zip": None})

    with pytest.raises(StreamingQueryException) as stopped:
        landing.run()
    before = landing.table()
    change = evolve(stopped.value)
    landing.run()

    assert before == [("1", None)]
    assert change is not None
    assert sorted(change.columns) == ["city", "zip"]
    assert change.file.rsplit("/", 1)[1] in {"b.json", file.name}
    assert landing.table("id", "city", "zip") == [("1", None, None), ("2", None, None), ("3", "Ulm", None), ("4", None, None)]


def test_a_new_field_inside_a_struct_is_a_change_too(landing: Any) -> None:
    landing.put("a.json", {"id": 1, "at": {"zip": 1}, "list": [{"a": 1}]})
    landing.run(inferColumnTypes="true")
    landing.put("b.json", {"id": 2, "at": {"zip": 2, "city": "Ulm"}, "list": [{"a": 1}, {"b": 2}]})

    with pytest.raises(StreamingQueryException) as stopped:
        landing.run(inferColumnTypes="true")
    change = evolve(stopped.value)
    landing.run(inferColumnTypes="true")

    assert change is not None
    assert sorted(change.columns) == ["at.city", "list.b"]
    assert landing.table("id", "at.city", "list.b") == [(1, None, [None]), (2, "Ulm", [None, 2])]


def test_rescue_keeps_the_schema_and_the_value(landing: Any) -> None:
    landing.put("a.json", {"id": 1})
    landing.run(schemaEvolutionMode="rescue")
    landing.put("b.json", {"id": 2, "city": "Ulm", "n": {"x": 1}})

    landing.run(schemaEvolutionMode="rescue")

    (kept, added) = landing.table("id", "_rescued_data")
    assert kept == ("1", None)
    assert {key: value for key, value in json.loads(added[1]).items() if key != "_file_path"} == {"city": "Ulm", "n": {"x": 1}}


def test_none_ignores_what_is_new(landing: Any) -> None:
    landing.put("a.json", {"id": 1})
    landing.run(schemaEvolutionMode="none")
    landing.put("b.json", {"id": 2, "city": "Ulm"})

    landing.run(schemaEvolutionMode="none")

    assert landing.table() == [("1", None), ("2", None)]


def test_fail_on_new_columns_names_column_and_file_and_never_evolves(landing: Any) -> None:
    landing.put("a.json", {"id": 1})
    landing.run(schemaEvolutionMode="failOnNewColumns")
    landing.put("b.json", {"id": 2, "city": "Ulm"})

    with pytest.raises(StreamingQueryException) as stopped:
        landing.run(schemaEvolutionMode="failOnNewColumns")

    assert is_schema_failure(stopped.value)
    assert evolve(stopped.value) is None
    message = str(explain(stopped.value))
    assert "city" in message
    assert "b.json" in message


def test_another_failure_is_not_ours() -> None:
    error = RuntimeError("disk full")

    assert (evolve(error), explain(error), is_schema_failure(error)) == (None, None, False)


def test_the_second_of_two_writers_gets_the_version_of_the_first(landing: Any) -> None:
    landing.put("a.json", {"id": 1})
    landing.open()
    store = SchemaStore(location=landing.root / "schema")
    first = store.newest()
    assert first is not None

    winner = store.add(first)
    loser = store.add(first)

    assert (winner.version, loser) == (1, winner)
    assert [file.name for file in (landing.root / "schema").iterdir() if file.name.startswith(".")] == []

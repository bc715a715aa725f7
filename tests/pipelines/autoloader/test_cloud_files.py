"""Each file once, which files count, and what is said about a wrong source."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from goldlane.pipelines.autoloader import AutoLoaderError, AutoLoaderUsageError, cloud_files

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def test_each_file_is_read_once_across_restarts_old_ones_that_arrive_late_too(landing: Any) -> None:
    landing.put("a.json", {"id": 1})
    landing.run()
    late = landing.put("deep/er/b.json", {"id": 2})
    os.utime(late, (1_000_000_000, 1_000_000_000))

    landing.run()
    landing.run()

    assert landing.table("id") == [("1",), ("2",)]


def test_only_files_that_arrive_later_count_without_existing_files(landing: Any) -> None:
    landing.put("a.json", {"id": 1})
    landing.run(includeExistingFiles="false")
    time.sleep(0.05)
    landing.put("b.json", {"id": 2})

    landing.run(includeExistingFiles="false")

    assert landing.table("id") == [("2",)]


def test_globs_times_and_limits_choose_files(landing: Any) -> None:
    old = landing.put("old.json", {"id": 0})
    os.utime(old, (1_000_000_000, 1_000_000_000))
    landing.put("a.json", {"id": 1})
    landing.put("b.json", {"id": 2})
    landing.put("c.txt", {"id": 3})

    landing.run(pathGlobFilter="*.json", modifiedAfter="2020-01-01T00:00:00Z", maxFilesPerTrigger="1", useNotifications="true")

    assert landing.table("id") == [("1",), ("2",)]


def test_a_stored_schema_is_not_inferred_again(landing: Any) -> None:
    file = landing.put("a.json", {"id": 1})
    landing.open()
    file.unlink()

    frame = landing.open()

    assert frame.columns == ["id", "_rescued_data"]


def test_every_wrong_option_is_named_at_once(landing: Any) -> None:
    with pytest.raises(AutoLoaderUsageError) as refused:
        landing.open(format="jsn", schemaEvolutionMode="rescued", inferColumnType="true", maxFilesPerTrigger="many")

    message = str(refused.value)
    assert "did you mean 'json'" in message
    assert "did you mean 'rescue'" in message
    assert "did you mean 'cloudFiles.inferColumnTypes'" in message
    assert "'many'" in message


def test_an_empty_folder_needs_a_schema(landing: Any) -> None:
    with pytest.raises(AutoLoaderUsageError, match="no files to infer a schema from"):
        landing.open()


def test_a_missing_path_is_the_callers_mistake(spark: SparkSession, tmp_path: Path) -> None:
    with pytest.raises(AutoLoaderUsageError, match="nowhere"):
        cloud_files(spark, [str(tmp_path / "nowhere")], {"cloudFiles.format": "json"}, None, schema_location=tmp_path / "schema")


def test_hints_that_are_no_ddl_are_quoted(landing: Any) -> None:
    landing.put("a.json", {"id": 1})

    with pytest.raises(AutoLoaderUsageError, match="id NUMBERISH"):
        landing.open(schemaHints="id NUMBERISH")


def test_a_damaged_schema_file_is_named(landing: Any) -> None:
    landing.put("a.json", {"id": 1})
    landing.open()
    (landing.root / "schema" / "0").write_text("{", encoding="utf-8")

    with pytest.raises(AutoLoaderError, match="cannot be read"):
        landing.open()

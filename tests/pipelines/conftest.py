"""A project in a folder of its own: source files, landing files, inputs, a storage, and updates of it."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import goldlane

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from goldlane.pipelines import Update


class _Project:
    """``lane/`` holds the sources, ``storage`` is the storage, ``inputs`` are bound in every run."""

    def __init__(self, spark: SparkSession, folder: Path) -> None:
        self.spark, self.folder, self.storage = spark, folder, folder / "storage"
        self.inputs: dict[str, str] = {}
        folder.mkdir(exist_ok=True)
        self.write("pyproject.toml", "")

    def write(self, name: str, text: str) -> Path:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text), encoding="utf-8")
        return file

    def land(self, name: str, *records: dict[str, Any]) -> None:
        """A file of JSON lines under ``landing``."""
        self.write(f"landing/{name}", "".join(json.dumps(record) + "\n" for record in records))

    def feed(self, table: str, *rows: dict[str, Any], mode: str = "append") -> None:
        """Rows of a Delta input, written without Spark."""
        import pyarrow as pa
        from deltalake import write_deltalake

        path = self.folder / "inputs" / table
        path.parent.mkdir(exist_ok=True)
        write_deltalake(str(path), pa.Table.from_pylist(list(rows)), mode=mode)  # type: ignore[call-overload]
        self.inputs[table] = str(path)

    def run(self, **options: Any) -> Update:
        return goldlane.run(
            options.pop("sources", self.folder / "lane"), storage=self.storage, spark=self.spark, inputs=self.inputs, **options
        )

    def rows(self, table: str, *columns: str, version: int | None = None) -> list[tuple[Any, ...]]:
        """A table's rows in the order of their texts, read without Spark."""
        from deltalake import DeltaTable

        schema, _, name = f"default.{table}".rpartition(".")
        found = DeltaTable(str(self.storage / "tables" / schema.removeprefix("default.") / name), version=version).to_pyarrow_table()
        chosen = found.select(list(columns)) if columns else found
        return sorted((tuple(row.values()) for row in chosen.to_pylist()), key=str)

    def version(self, table: str) -> int:
        """A table's newest Delta version."""
        from deltalake import DeltaTable

        return DeltaTable(str(self.storage / "tables" / "default" / table)).version()


@pytest.fixture(scope="session")
def new_project(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], _Project]:
    """Makes projects, for fixtures that several tests share."""
    return lambda: _Project(spark, tmp_path_factory.mktemp("project"))


@pytest.fixture
def project(new_project: Callable[[], _Project]) -> _Project:
    return new_project()

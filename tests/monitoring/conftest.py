"""Watched tables of a few rows: landed by delta-rs, refreshed, and their metric tables read back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from deltalake import write_deltalake

from goldlane.monitoring.refreshing import Refreshed, refresh

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import SparkSession

    from goldlane.monitoring import Monitor


@dataclass(frozen=True, slots=True, kw_only=True)
class Lake:
    """A storage: ``land`` writes a table, ``refresh`` watches it, ``profile`` and ``drift`` are its metric rows."""

    spark: SparkSession
    root: Path

    def folder(self, table: str) -> Path:
        return self.root / "tables" / "default" / table

    def land(self, table: str, rows: pa.Table, *, anew: bool = False) -> None:
        """Append rows, or put a table of any columns in the place of the one that is there."""
        self.folder(table).parent.mkdir(parents=True, exist_ok=True)
        how: dict[str, Any] = {"mode": "overwrite", "schema_mode": "overwrite"} if anew else {"mode": "append"}
        write_deltalake(str(self.folder(table)), rows, **how)

    def refresh(self, monitor: Monitor) -> Refreshed:
        return refresh(monitor, self.root, self.spark)

    def profile(self, table: str, **wanted: Any) -> list[dict[str, Any]]:
        return self._rows(f"{table}_profile_metrics", wanted)

    def drift(self, table: str, **wanted: Any) -> list[dict[str, Any]]:
        return self._rows(f"{table}_drift_metrics", wanted)

    def _rows(self, table: str, wanted: dict[str, Any]) -> list[dict[str, Any]]:
        """In the order of their windows; of the whole, unless a slice is asked for."""
        asked = wanted if "slice_key" in wanted else {"slice_key": None, **wanted}
        frame = self.spark.read.format("delta").load(str(self.folder(table)))
        rows = [row.asDict(recursive=True) for row in frame.orderBy("window.start", "slice_value", "column_name").collect()]
        return [row for row in rows if all(row[name] == value for name, value in asked.items())]


@pytest.fixture(scope="module")
def lake(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A storage of the module's own."""
    return Lake(spark=spark, root=tmp_path_factory.mktemp("lake"))

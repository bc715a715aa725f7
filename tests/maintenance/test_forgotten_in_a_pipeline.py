"""A small pipeline of streams: its source deletes somebody's rows, its streams pass over that, and a full refresh leaves them out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import goldlane
from goldlane.features import open_store, publish
from goldlane.maintenance import Retention, forget, maintain
from tests.maintenance.conftest import CUSTOMERS, column

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from goldlane.pipelines import Update

pytestmark = pytest.mark.slow

SOURCE = """
import dlt
from goldlane.features import without_forgotten
from pyspark.sql import functions as F


@dlt.table
def bronze():
    schema = "customer_id STRING, as_of TIMESTAMP, spent BIGINT"
    return spark.readStream.schema(schema).json(spark.conf.get("landing"))


@dlt.table
def silver():
    return without_forgotten(dlt.read_stream("bronze"), dlt.read("forgotten"), "customer_id")


@dlt.table(table_properties={"delta.enableChangeDataFeed": "true"})
def customers():
    return dlt.read("silver").groupBy("customer_id").agg(F.max("as_of").alias("as_of"), F.sum("spent").alias("spent"))
"""


def test_nobody_comes_back(spark: SparkSession, tmp_path: Path) -> None:
    source, storage, landing = tmp_path / "flows.py", tmp_path / "storage", tmp_path / "landing"
    source.write_text(SOURCE)

    def run(**how: Any) -> Update:
        update = goldlane.run([str(source)], storage=str(storage), spark=spark, configuration={"landing": str(landing)}, **how)
        assert update.status == "COMPLETED", [(dataset.name, dataset.error) for dataset in update.datasets if dataset.error]
        return update

    def land(name: str, *customers: str) -> None:
        landing.mkdir(exist_ok=True)
        rows = [{"customer_id": who, "as_of": "2026-01-01T12:00:00Z", "spent": 1} for who in customers]
        (landing / f"{name}.json").write_text("\n".join(map(json.dumps, rows)))

    land("first", "C1", "C2")
    run()
    store = open_store(f"sqlite:///{tmp_path / 'online.db'}")
    publish(CUSTOMERS, storage, store)
    forget(CUSTOMERS, {"customer_id": "C1"}, storage, store)
    assert [column(storage, table, "customer_id") for table in ("bronze", "silver", "customers")] == [["C2"]] * 3

    land("second", "C1", "C3")
    run()
    assert column(storage, "silver", "customer_id") == ["C2", "C3"]
    maintain(storage, Retention(file_days=0))
    assert column(storage, "bronze", "customer_id") == ["C2", "C3"]

    run(full_refresh=True)
    publish(CUSTOMERS, storage, store)
    assert column(storage, "silver", "customer_id") == ["C2", "C3"]
    assert column(storage, "customers", "customer_id") == ["C2", "C3"]
    assert store.lookup("customers", {"customer_id": "C1"}, unknown="empty").as_of is None
    assert store.lookup("customers", {"customer_id": "C3"}).features == {"spent": 1}
    store.close()


def test_any_other_deletion_still_stops_a_stream(spark: SparkSession, tmp_path: Path) -> None:
    from deltalake import DeltaTable

    source, storage, landing = tmp_path / "flows.py", tmp_path / "storage", tmp_path / "landing"
    source.write_text(SOURCE)
    landing.mkdir()
    (landing / "first.json").write_text('{"customer_id": "C1", "as_of": "2026-01-01T12:00:00Z", "spent": 1}')
    settings: dict[str, Any] = {"storage": str(storage), "spark": spark, "configuration": {"landing": str(landing)}}
    goldlane.run([str(source)], **settings).raise_for_status()

    DeltaTable(str(storage / "tables" / "default" / "bronze")).delete("customer_id = 'C1'")

    assert goldlane.run([str(source)], **settings).status == "FAILED"

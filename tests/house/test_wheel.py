"""The wheel, installed alone and far from this checkout, on a pipeline that somebody else wrote."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from deltalake import DeltaTable

HELPER = """
from pyspark.sql import functions as F


def with_total(orders):
    numbers = orders.select("city", F.col("quantity").cast("int"), F.col("price").cast("double"))
    return numbers.withColumn("total", F.col("quantity") * F.col("price"))
"""
TABLES = """
import dlt
from helpers.totals import with_total


@dlt.table(comment="Orders as they came.")
def orders():
    return spark.readStream.format("cloudFiles").option("cloudFiles.format", "json").load(spark.conf.get("shop.landing"))


@dlt.table
@dlt.expect_or_drop("quantity_is_positive", "quantity > 0")
def clean_orders():
    return with_total(dlt.read_stream("orders"))
"""
BY_CITY = """
CREATE OR REFRESH MATERIALIZED VIEW turnover AS SELECT city, sum(total) AS total, count(*) AS orders FROM clean_orders GROUP BY city
"""
ORDERS = [
    {"city": "Ulm", "quantity": 2, "price": 1.5},
    {"city": "Ulm", "quantity": 1, "price": 4.0},
    {"city": "Bonn", "quantity": 3, "price": 2.0},
    {"city": "Bonn", "quantity": 0, "price": 9.0},
]


@pytest.mark.slow
def test_the_wheel_alone_runs_the_pipeline_folder_of_somebody_else(
    installed: Callable[[str], Path], alone: dict[str, str], tmp_path: Path
) -> None:
    files = {
        "helpers/totals.py": HELPER,
        "transformations/orders.py": TABLES,
        "transformations/turnover.sql": BY_CITY,
        "landing/day1.json": "\n".join(map(json.dumps, ORDERS)),
        "pyproject.toml": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    bin_folder = installed("spark")
    told = ("--storage", "lakehouse", "--conf", f"shop.landing={tmp_path / 'landing'}", "--json")

    ran = subprocess.run(
        [bin_folder / "goldlane", "run", "transformations", *told], cwd=tmp_path, env=alone, capture_output=True, text=True, check=False
    )

    assert ran.returncode == 0, ran.stderr
    update = {each["name"]: each for each in json.loads(ran.stdout)["datasets"]}
    assert update["clean_orders"]["expectations"] == [{"name": "quantity_is_positive", "action": "drop", "passed": 3, "failed": 1}]
    turnover = DeltaTable(update["turnover"]["path"]).to_pyarrow_table().sort_by("city").to_pylist()
    assert turnover == [{"city": "Bonn", "total": 6.0, "orders": 1}, {"city": "Ulm", "total": 7.0, "orders": 2}]

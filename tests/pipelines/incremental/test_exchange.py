"""New rows of touched keys in the place of the old ones."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pyarrow as pa
from deltalake import DeltaTable, write_deltalake

from goldlane.pipelines.incremental.exchange import exchange_rows
from goldlane.pipelines.incremental.touched import Touched

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import SparkSession

DAYS = [date(2026, 1, number) for number in (1, 2, 3)]


def test_rows_stay_in_files_of_a_day_although_a_number_comes_first_in_their_key(spark: SparkSession, tmp_path: Path) -> None:
    place = tmp_path / "totals"
    for day in DAYS:
        rows = [{"customer": customer, "day": day, "total": 1} for customer in range(10)]
        write_deltalake(str(place), pa.Table.from_pylist(rows), mode="append")
    new = spark.createDataFrame([(5, day, 2) for day in DAYS[1:]], "customer bigint, day date, total bigint")

    exchange_rows(new, place, Touched(new.select("customer", "day"), 2), ("customer", "day"))

    table = DeltaTable(str(place))
    stored = table.to_pyarrow_table().to_pylist()
    assert sorted((row["customer"], row["day"], row["total"]) for row in stored) == sorted(
        (customer, day, 2 if customer == 5 and day in DAYS[1:] else 1) for day in DAYS for customer in range(10)
    )
    ends = pa.table(table.get_add_actions(flatten=True)).select(["min.day", "max.day"]).to_pylist()
    assert sorted((file["min.day"], file["max.day"]) for file in ends) == [(day, day) for day in DAYS]

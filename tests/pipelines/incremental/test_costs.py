"""When a recompute is taken although a refresh by key could be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from goldlane.pipelines.incremental.costs import require_few_keys
from goldlane.pipelines.incremental.keys import Keys
from goldlane.pipelines.incremental.reach import Reach
from goldlane.pipelines.incremental.reasons import NotIncrementalError
from goldlane.pipelines.incremental.spans import spans_around
from goldlane.pipelines.incremental.touched import Touched

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import SparkSession


@pytest.fixture(scope="module")
def view(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten merchants on three days."""
    place = tmp_path_factory.mktemp("views") / "days"
    rows = [{"merchant": f"M{number}", "day": day} for number in range(10) for day in range(3)]
    write_deltalake(str(place), pa.Table.from_pylist(rows))
    return place


def keys_of(spark: SparkSession, *columns: str, order: str | None = None) -> Keys:
    return Keys(spark, None, columns, {}, {}, {}, order)


def touched(spark: SparkSession, merchants: int, **options: Any) -> Touched:
    frame = spark.createDataFrame([(f"M{number}",) for number in range(merchants)], "merchant STRING")
    return Touched(frame, merchants, **options)


def test_half_of_the_keys_are_refreshed_and_most_of_them_are_not(spark: SparkSession, view: Path) -> None:
    require_few_keys(touched(spark, 4), keys_of(spark, "merchant"), view, None)

    with pytest.raises(NotIncrementalError, match=r"8 keys \(merchant\) of some (9|10|11) had changed"):
        require_few_keys(touched(spark, 8), keys_of(spark, "merchant"), view, 1.0)


def test_nobody_counts_keys_whose_files_are_few(spark: SparkSession, view: Path) -> None:
    require_few_keys(touched(spark, 8), keys_of(spark, "merchant"), view / "that is not looked at", 0.4)


def test_stretches_of_most_partitions_that_most_files_hold_are_not_refreshed(spark: SparkSession, view: Path) -> None:
    days = spark.createDataFrame([(f"M{number}", day) for number in range(8) for day in (0, 100)], "merchant STRING, day BIGINT")
    found = Touched(spans_around(days, "day", Reach(1, 1)), 16, "day")

    with pytest.raises(NotIncrementalError, match=r"8 keys \(merchant\)"):
        require_few_keys(found, keys_of(spark, "merchant", "day", order="day"), view, 0.9)
    with pytest.raises(NotIncrementalError, match="lie around those"):
        require_few_keys(Touched(found.frame.drop("merchant"), 2, "day"), keys_of(spark, "day", order="day"), view, 0.9)

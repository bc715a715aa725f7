"""How far a model's numbers are from the true ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from goldlane.monitoring.columns import quoted

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_IS_FINITE = "NOT isnan({0}) AND abs({0}) < double('infinity')"


def regression_quality(frame: DataFrame, prediction: str, label: str, by: Sequence[str]) -> DataFrame:
    """``by`` and the columns of ``REGRESSION_COLUMNS``, over rows whose prediction and label are finite numbers.

    Rows whose label is 0 have no relative error and are left out of ``mean_absolute_percentage_error`` (a share: 0.1 is 10 %);
    ``r2_score`` is NULL where all labels are equal.
    """
    from pyspark.sql import functions as F

    named = frame.select(*by, F.col(quoted(prediction)).cast("double").alias("p"), F.col(quoted(label)).cast("double").alias("y"))
    finite = named.where(" AND ".join(_IS_FINITE.format(name) for name in ("p", "y")))
    error = F.col("p") - F.col("y")
    spread = F.var_pop("y")
    squared = F.avg(error * error)
    return finite.groupBy(*by).agg(
        squared.alias("mean_squared_error"),
        F.sqrt(squared).alias("root_mean_squared_error"),
        F.avg(F.abs(error)).alias("mean_average_error"),
        F.avg(F.when(F.col("y") != 0, F.abs(error / F.nullif(F.col("y"), F.lit(0.0))))).alias("mean_absolute_percentage_error"),
        F.when(spread > 0, 1 - squared / F.nullif(spread, F.lit(0.0))).alias("r2_score"),
    )

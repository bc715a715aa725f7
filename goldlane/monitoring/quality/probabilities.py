"""Log loss and the area under the ROC curve, exact: of probabilities by class, in one aggregation each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

# What scikit-learn cuts off, so that a certain mistake costs much, and not everything.
_SMALLEST = 2.220446049250313e-16


def log_losses(scored: DataFrame, by: Sequence[str]) -> DataFrame:
    """``by`` and ``log_loss``: the mean of -ln of what was given to the true class, 0 where it was given nothing.

    ``scored`` has ``by``, ``label`` and ``scores`` (a map by class).
    """
    from pyspark.sql import functions as F

    given = F.coalesce(F.try_element_at("scores", F.col("label")), F.lit(0.0))
    kept = F.greatest(F.least(given, F.lit(1 - _SMALLEST)), F.lit(_SMALLEST))
    return scored.groupBy(*by).agg(F.avg(-F.log(kept)).alias("log_loss"))


def roc_areas(scored: DataFrame, by: Sequence[str]) -> DataFrame:
    """``by``, ``class``, ``area`` and ``positives``: each class against the rest. No row where a class has no rows, or all of them.

    The area is the chance that a row of the class scores higher than another one; equal scores count half.
    """
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    rows = scored.select(*by, "label", F.explode("scores").alias("class", "score"))
    hit = (F.col("label") == F.col("class")).cast("bigint")
    counted = rows.groupBy(*by, "class", "score").agg(F.sum(hit).alias("hits"), F.sum(1 - hit).alias("misses"))
    below = Window.partitionBy(*by, "class").orderBy("score").rowsBetween(Window.unboundedPreceding, -1)
    ranked = counted.withColumn("below", F.coalesce(F.sum("misses").over(below), F.lit(0)))
    won = F.sum(F.col("hits") * (F.col("below") + F.col("misses") / 2))
    totals = ranked.groupBy(*by, "class").agg(won.alias("won"), F.sum("hits").alias("positives"), F.sum("misses").alias("negatives"))
    possible = totals.where("positives > 0 AND negatives > 0")
    # Multiplied as doubles: the pairs of a large window are more than a long can count.
    pairs = F.col("positives").cast("double") * F.col("negatives")
    return possible.select(*by, "class", (F.col("won") / pairs).alias("area"), "positives")


def is_usable() -> str:
    """Whether a row's probabilities are there and none of them is NULL or NaN: as SQL over ``scores``."""
    return "scores IS NOT NULL AND forall(map_values(scores), score -> score IS NOT NULL AND NOT isnan(score))"

"""What delta-rs cannot do to a table whose features it does not know, Spark does; it takes a JVM, so it comes second."""

from __future__ import annotations

from goldlane.errors import GoldlaneError, first_line

_CHECK = "spark.databricks.delta.retentionDurationCheck.enabled"


def by_spark(statement: str, refused: Exception) -> None:
    """Run an upkeep statement, with whatever retention it says.

    Raises:
        GoldlaneError: Spark cannot do it either; the message holds both reasons.
    """
    from pyspark.errors import PySparkException

    from goldlane.session import local_spark

    spark = local_spark()
    spark.conf.set(_CHECK, "false")
    try:
        spark.sql(statement)
    except PySparkException as failed:
        raise GoldlaneError(f"neither delta-rs ({first_line(refused)}) nor Spark ({first_line(failed)}) can do it") from failed
    finally:
        spark.conf.unset(_CHECK)

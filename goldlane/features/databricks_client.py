"""The calls of ``databricks_calls``, made: by the real client, or by one that a test passes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from goldlane.errors import MissingExtraError, UsageError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from goldlane.features.databricks_calls import Call


def execute(calls: Iterable[Call], *, client: Any = None, spark: SparkSession | None = None) -> list[Any]:
    """What each call returns, in order. Without ``client`` a ``FeatureEngineeringClient`` of the workspace this runs in is made.

    Raises:
        MissingExtraError: the package is not installed.
        UsageError: the online store that a table is to be published to is not there.
    """
    try:
        from databricks.feature_engineering import FeatureEngineeringClient, FeatureLookup
    except ImportError as missing:
        raise MissingExtraError("databricks", needed_for="making feature tables on Databricks") from missing
    asked = client or FeatureEngineeringClient()
    made: list[Any] = []
    for call in calls:
        if call.method == "FeatureLookup":
            made.append(FeatureLookup(**call.arguments))
        elif call.method == "sql":
            made.append(_session(spark).sql(**call.arguments))
        else:
            made.append(getattr(asked, call.method)(**_with_store(call, asked)))
    return made


def _with_store(call: Call, client: Any) -> dict[str, Any]:
    """The client takes the online store itself where the plan has its name."""
    arguments = dict(call.arguments)
    name = arguments.get("online_store")
    if name is not None:
        arguments["online_store"] = client.get_online_store(name=name)
        if arguments["online_store"] is None:
            raise UsageError(f"there is no online store {name!r}", hint=f"client.create_online_store(name={name!r}, capacity='CU_1')")
    return arguments


def _session(spark: SparkSession | None) -> SparkSession:
    from goldlane.session import local_spark

    return spark or local_spark()

"""Live: what a card does, straight from its landing files, by the transforms and rules of the pipeline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expectations import TRANSACTIONS
from goldlane.expectations import split
from pipelines.bronze.landed import landed
from pipelines.gold.real_time_features import customer_events
from pipelines.silver.transactions import typed_transactions

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_COLUMNS = (
    "transaction_id",
    "customer_id",
    "merchant_id",
    "amount",
    "currency",
    "event_time",
    "channel",
    "entry_mode",
    "mcc",
    "card_country",
    "merchant_country",
    "device_id",
    "_corrupt_record",
)


def card_events(spark: SparkSession) -> DataFrame:
    """The rows of ``pipelines.gold.real_time_features.customer_events``, of files as they land in ``<payments.landing>/transactions``.

    Everything is read as text, as Auto Loader does; here the columns are named, so that a batch begins without inferring them.
    """
    schema = ", ".join(f"{name} STRING" for name in _COLUMNS)
    files = spark.readStream.schema(schema).json(f"{spark.conf.get('payments.landing')}/transactions")
    return split(files.transform(landed).transform(typed_transactions), TRANSACTIONS).kept.transform(customer_events)

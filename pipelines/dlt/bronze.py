"""Bronze: the four landing feeds, one streaming table each. ``payments.landing`` is the folder that holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dlt

from pipelines.bronze.landed import landed

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

FEEDS = {
    "transactions": "Card transactions as they landed: text, resends and faults included.",
    "customers": "Changes of customers as they landed, out of order.",
    "merchants": "Changes of merchants as they landed, out of order.",
    "chargebacks": "Chargebacks as they landed, days after their sales.",
}


def bronze(feed: str, comment: str) -> None:
    """Declares ``bronze_<feed>`` over the folder ``<payments.landing>/<feed>``."""

    @dlt.table(name=f"bronze_{feed}", comment=comment)
    def table() -> DataFrame:
        files = (
            spark.readStream.format("cloudFiles")
            .option("cloudFiles.format", "json")
            # Without the hint an unreadable line would be a row of NULLs that nobody can explain.
            .option("cloudFiles.schemaHints", "_corrupt_record STRING")
            .load(f"{spark.conf.get('payments.landing')}/{feed}")
        )
        return files.transform(landed)


for feed, comment in FEEDS.items():
    bronze(feed, comment)

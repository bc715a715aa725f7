"""Gold: real_time_features, the events behind the windows declared in ``features/real_time.py``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dlt

from features.real_time import REAL_TIME_FEATURES
from pipelines.gold.real_time_features import customer_events

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


@dlt.table(name=REAL_TIME_FEATURES.name, comment=REAL_TIME_FEATURES.description)
def real_time_features() -> DataFrame:
    """A stream over bronze, for silver_transactions changes and cannot be streamed."""
    return dlt.read_stream("clean_transactions").transform(customer_events)

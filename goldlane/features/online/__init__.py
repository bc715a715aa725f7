"""The online store: the newest row of each key, read in microseconds.

Reading needs Python's own ``sqlite3`` and nothing else: no Spark, pandas or pyarrow is imported here.
"""

from __future__ import annotations

from goldlane.features.online.opening import open_async_store, open_store
from goldlane.features.online.store import (
    Answer,
    FeatureNotFoundError,
    Key,
    OnlineStore,
    Publication,
    StoreError,
    TableWriter,
    Unknown,
    Written,
)

__all__ = [
    "Answer",
    "FeatureNotFoundError",
    "Key",
    "OnlineStore",
    "Publication",
    "StoreError",
    "TableWriter",
    "Unknown",
    "Written",
    "open_async_store",
    "open_store",
]

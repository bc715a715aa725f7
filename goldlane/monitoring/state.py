"""The state behind the metrics: what can be merged into coarser windows and compared later without reading the table again.

Grain: one row per ``log_type``, ``window``, ``granularity``, slice, ``model_id`` and column; ``column_name`` ``:table`` counts rows.
Only the base granularity of a monitor is kept (``granularities.base_granularity``); coarser windows are merged from it.
"""

from __future__ import annotations

# What makes two rows of state one row when they are merged; window and granularity are replaced by the coarser ones.
STATE_KEYS: dict[str, str] = {
    "log_type": "STRING",  # INPUT, or BASELINE: rows of the baseline table, one window (NULL), granularity NULL, model NULL
    "window": "STRUCT<start: TIMESTAMP, end: TIMESTAMP>",  # [start, end); start = end is the instant of a snapshot
    "granularity": "STRING",  # NULL for a snapshot
    "slice_key": "STRING",  # NULL with slice_value: the whole
    "slice_value": "STRING",
    "model_id": "STRING",  # NULL unless the monitor is of an inference log
    "column_name": "STRING",
}

STATE_VALUES: dict[str, str] = {
    "data_type": "STRING",  # the type's simple string, of the newest rows
    "kind": "STRING",  # table, numeric, timestamp (and date), categorical (string and boolean), other (counted only)
    "rows": "BIGINT",
    "nulls": "BIGINT",
    "nans": "BIGINT",  # numeric
    "infinities": "BIGINT",  # numeric; infinite values are in min and max, and in nothing else below
    "zeros": "BIGINT",  # numeric
    "finite": "BIGINT",  # numeric and timestamp: the values behind mean, m2 and kll
    "mean": "DOUBLE",  # numeric; timestamps in epoch seconds
    "m2": "DOUBLE",  # sum of squared distances from the mean
    "min": "DOUBLE",  # numeric and timestamp
    "max": "DOUBLE",
    "min_length": "BIGINT",  # strings: characters
    "max_length": "BIGINT",
    "total_length": "BIGINT",
    "kll": "BINARY",  # numeric and timestamp: Spark's kll_sketch_*_double over the finite values; NULL where there are none
    "hll": "BINARY",  # Spark's hll_* over the values that are not NULL; NULL where there are none
    # categorical: the most frequent values, most frequent first; numeric: the finite values by order of magnitude (magnitudes.py)
    "items": "ARRAY<STRUCT<item: STRING, count: BIGINT>>",
    "other": "BIGINT",  # categorical: rows that are neither NULL nor in items
}

STATE_COLUMNS: dict[str, str] = {**STATE_KEYS, **STATE_VALUES}

KLL_K = 4_000
HLL_LG_K = 14
ITEMS_KEPT = 1_000
# Counts are exact up to this many different values in a window and slice; of longer values the first characters count.
ITEMS_TRACKED = 10_000
ITEM_LENGTH = 256

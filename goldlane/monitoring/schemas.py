"""The schemas of the two metric tables, as DDL text: names, types and order are the platform's, so that what reads its tables reads these.

Real rows of the platform settle what its words leave open: a timestamp column has min, max and median (epoch seconds), distinct_count
and percent_distinct, and no avg, stddev, zeros, NaNs or quantile-based drift; the ``:table`` row has count and non_null_columns only.
"""

from __future__ import annotations

# What log_type and drift_type say.
INPUT, BASELINE, CONSECUTIVE = "INPUT", "BASELINE", "CONSECUTIVE"

_WINDOW = "STRUCT<start: TIMESTAMP, end: TIMESTAMP>"
_TEST = "STRUCT<statistic: DOUBLE, pvalue: DOUBLE>"

# count is of values that are not NULL, of rows for :table; percentages are 0 to 100; the window of a snapshot is an instant.
PROFILE_COLUMNS: dict[str, str] = {
    "window": _WINDOW,
    "log_type": "STRING",
    "logging_table_commit_version": "INT",
    "monitor_version": "BIGINT",
    "granularity": "STRING",
    "slice_key": "STRING",
    "slice_value": "STRING",
    "column_name": "STRING",
    "count": "BIGINT",
    "data_type": "STRING",
    "num_nulls": "BIGINT",
    "avg": "DOUBLE",
    "quantiles": "ARRAY<DOUBLE>",
    "min": "DOUBLE",
    "max": "DOUBLE",
    "stddev": "DOUBLE",
    "num_zeros": "BIGINT",
    "num_nan": "BIGINT",
    "min_length": "DOUBLE",
    "max_length": "DOUBLE",
    "avg_length": "DOUBLE",
    "non_null_columns": "ARRAY<STRING>",
    "frequent_items": "ARRAY<STRUCT<item: STRING, count: BIGINT>>",
    "median": "DOUBLE",
    "distinct_count": "BIGINT",
    "percent_nan": "DOUBLE",
    "percent_null": "DOUBLE",
    "percent_zeros": "DOUBLE",
    "percent_distinct": "DOUBLE",
}

DRIFT_COLUMNS: dict[str, str] = {
    "window": _WINDOW,
    "granularity": "STRING",
    "monitor_version": "BIGINT",
    "slice_key": "STRING",
    "slice_value": "STRING",
    "column_name": "STRING",
    "data_type": "STRING",
    "window_cmp": _WINDOW,
    "drift_type": "STRING",
    "count_delta": "BIGINT",
    "avg_delta": "DOUBLE",
    "percent_null_delta": "DOUBLE",
    "percent_zeros_delta": "DOUBLE",
    "percent_distinct_delta": "DOUBLE",
    "non_null_columns_delta": "STRUCT<added: INT, missing: INT>",
    "js_distance": "DOUBLE",
    "ks_test": _TEST,
    "wasserstein_distance": "DOUBLE",
    "population_stability_index": "DOUBLE",
    "chi_squared_test": _TEST,
    "tv_distance": "DOUBLE",
    "l_infinity_distance": "DOUBLE",
}

_PER_CLASS = "STRUCT<one_vs_all: MAP<STRING, DOUBLE>, macro: DOUBLE, weighted: DOUBLE>"

# Of an inference log, on its :table rows: the first group of a classification, the second of a regression.
CLASSIFICATION_COLUMNS: dict[str, str] = {
    "accuracy_score": "DOUBLE",
    "confusion_matrix": "ARRAY<STRUCT<prediction: STRING, label: STRING, count: BIGINT>>",
    "precision": _PER_CLASS,
    "recall": _PER_CLASS,
    "f1_score": _PER_CLASS,
    "false_positive_rate": _PER_CLASS,
    "log_loss": "DOUBLE",
    "roc_auc_score": _PER_CLASS,
    "predictive_parity": "MAP<STRING, DOUBLE>",
    "predictive_equality": "MAP<STRING, DOUBLE>",
    "equal_opportunity": "MAP<STRING, DOUBLE>",
    "statistical_parity": "MAP<STRING, DOUBLE>",
}
REGRESSION_COLUMNS: dict[str, str] = {
    "mean_squared_error": "DOUBLE",
    "root_mean_squared_error": "DOUBLE",
    "mean_average_error": "DOUBLE",
    "mean_absolute_percentage_error": "DOUBLE",
    "r2_score": "DOUBLE",
}

RESERVED_NAMES = frozenset(
    name.lower() for table in (PROFILE_COLUMNS, DRIFT_COLUMNS, CLASSIFICATION_COLUMNS, REGRESSION_COLUMNS) for name in table
)


def ddl(columns: dict[str, str]) -> str:
    """The schema as DDL text, for ``createDataFrame`` and ``StructType.fromDDL``."""
    return ", ".join(f"`{name}` {kind}" for name, kind in columns.items())

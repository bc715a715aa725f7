"""The schemas of the metric tables are the platform's, name by name and type by type."""

from __future__ import annotations

from goldlane.monitoring.schemas import DRIFT_COLUMNS, PROFILE_COLUMNS

WINDOW = "struct<start:timestamp,end:timestamp>"
PROFILE = f"""
window {WINDOW}
log_type string
logging_table_commit_version int
monitor_version bigint
granularity string
slice_key string
slice_value string
column_name string
count bigint
data_type string
num_nulls bigint
avg double
quantiles array<double>
min double
max double
stddev double
num_zeros bigint
num_nan bigint
min_length double
max_length double
avg_length double
non_null_columns array<string>
frequent_items array<struct<item:string,count:bigint>>
median double
distinct_count bigint
percent_nan double
percent_null double
percent_zeros double
percent_distinct double
"""
DRIFT = f"""
window {WINDOW}
granularity string
monitor_version bigint
slice_key string
slice_value string
column_name string
data_type string
window_cmp {WINDOW}
drift_type string
count_delta bigint
avg_delta double
percent_null_delta double
percent_zeros_delta double
percent_distinct_delta double
non_null_columns_delta struct<added:int,missing:int>
js_distance double
ks_test struct<statistic:double,pvalue:double>
wasserstein_distance double
population_stability_index double
chi_squared_test struct<statistic:double,pvalue:double>
tv_distance double
l_infinity_distance double
"""


def test_the_profile_has_the_29_columns_of_the_platform() -> None:
    assert _lines(PROFILE_COLUMNS) == PROFILE.split("\n")[1:-1]
    assert len(PROFILE_COLUMNS) == 29


def test_drift_has_the_22_columns_of_the_platform() -> None:
    assert _lines(DRIFT_COLUMNS) == DRIFT.split("\n")[1:-1]
    assert len(DRIFT_COLUMNS) == 22


def _lines(columns: dict[str, str]) -> list[str]:
    """As Spark spells the types."""
    return [f"{name} {kind.lower().replace(': ', ':').replace(', ', ',')}" for name, kind in columns.items()]

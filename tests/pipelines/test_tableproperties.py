"""What of a table's properties open-source Delta is told."""

from __future__ import annotations

import pytest

from goldlane.pipelines.definitions import Kind
from goldlane.pipelines.tableproperties import storable_properties


@pytest.mark.parametrize(
    "key, value",
    [
        ("delta.feature.catalogManaged", "supported"),
        ("delta.universalFormat.enabledFormats", "iceberg"),
        ("delta.enableIcebergCompatV2", "true"),
        ("delta.autoOptimize.autoCompact", "auto"),
        ("delta.appendOnly", "true"),
    ],
)
def test_what_delta_would_refuse_is_left_out(key: str, value: str) -> None:
    assert storable_properties({key: value, "quality": "gold"}, Kind.MATERIALIZED_VIEW) == {"quality": "gold"}


def test_everything_else_is_kept() -> None:
    properties = {"delta.appendOnly": "true", "delta.autoOptimize.optimizeWrite": "true", "pipelines.autoOptimize.zOrderCols": "id"}

    assert storable_properties(properties, Kind.STREAMING_TABLE) == properties

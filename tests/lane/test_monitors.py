"""The monitors that the lane declares, and its drill."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pyarrow as pa
import pytest

from expectations import RULES
from features import FEATURE_TABLES
from features.monitors import AGENT_TRACES_MONITOR, MONITORS, TRANSACTIONS_MONITOR
from goldlane.monitoring import InferenceLog, Monitor, Snapshot
from pipelines.drill import planted_day

FEATURES = {table.name: table for table in FEATURE_TABLES}
NEWEST = datetime(2026, 3, 30, tzinfo=timezone.utc)


@pytest.mark.parametrize("monitor", MONITORS, ids=lambda monitor: monitor.table)
def test_every_table_is_watched_by_the_day_for_drift_of_all_kinds(monitor: Monitor) -> None:
    assert not isinstance(monitor.profile, Snapshot)
    assert "1 day" in monitor.profile.granularities
    assert {"numbers_shifted", "values_changed", "nulls_rose", "zeros_rose"} <= {rule.name for rule in monitor.alerts}


@pytest.mark.parametrize("monitor", [each for each in MONITORS if each.table in FEATURES], ids=lambda monitor: monitor.table)
def test_a_monitor_of_features_names_columns_that_its_table_declares(monitor: Monitor) -> None:
    columns = set(FEATURES[monitor.table].columns)

    named = {monitor.profile.timestamp, *monitor.slicing} if not isinstance(monitor.profile, Snapshot) else set()
    excepted = {name for rule in monitor.alerts for name in rule.except_columns}

    assert named | excepted <= columns


def test_the_watched_silver_table_is_one_that_rules_are_written_for() -> None:
    assert TRANSACTIONS_MONITOR.table in RULES


def test_the_log_of_agents_is_watched_by_model_with_its_outcome() -> None:
    log = AGENT_TRACES_MONITOR.profile

    assert isinstance(log, InferenceLog)
    assert (log.model_id, log.prediction, log.label) == ("model_version", "decision", "outcome")


def test_the_planted_day_is_the_newest_day_again_a_day_later_in_cents_and_with_channels_unknown() -> None:
    times = [NEWEST - timedelta(hours=1), *(NEWEST + timedelta(hours=hour) for hour in range(3))]
    kinds = [("event_time", pa.timestamp("us", "UTC")), ("amount", pa.decimal128(18, 2)), ("channel", pa.string())]
    rows = pa.table([times, [Decimal("1.50")] * 4, ["web"] * 4], schema=pa.schema(kinds))

    planted = planted_day(rows, NEWEST)

    assert planted.schema == rows.schema
    assert planted["event_time"].to_pylist() == [time + timedelta(days=1) for time in times[1:]]
    assert planted["amount"].to_pylist() == [Decimal("150.00")] * 3
    assert planted["channel"].to_pylist() == [None, "web", "web"]

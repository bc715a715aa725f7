"""Custom metrics, computed: aggregates of rows, what is derived from them, and what comes of two windows."""

from __future__ import annotations

from goldlane.monitoring.custom.aggregates import Aggregated, aggregate_metrics
from goldlane.monitoring.custom.evaluation import Evaluated
from goldlane.monitoring.custom.windows import with_derived_metrics, with_drift_metrics

__all__ = ["Aggregated", "Evaluated", "aggregate_metrics", "with_derived_metrics", "with_drift_metrics"]

"""What is watched of this lane: features and transactions as they come, and what agents do with them."""

from __future__ import annotations

from goldlane.monitoring import AlertRule, CustomMetric, InferenceLog, Measure, MetricKind, Monitor, ProblemType, Severity, TimeSeries

# The sample's period is over, so nothing of it is fresh; a lane that is fed every day leaves `without` out.
_ALERTS = AlertRule.defaults(without=("freshness",))

MERCHANT_FEATURES_MONITOR = Monitor(
    table="merchant_features",
    profile=TimeSeries(timestamp="as_of", granularities=("1 day", "1 week")),
    slicing=("risk_tier",),
    alerts=_ALERTS,
)

CUSTOMER_FEATURES_MONITOR = Monitor(
    table="customer_features",
    profile=TimeSeries(timestamp="as_of", granularities=("1 day", "1 week")),
    slicing=("email_verified",),
    # 0 for everybody until the day is over: its rows are as of their newest transaction until then.
    alerts=AlertRule.defaults(without=("freshness",), except_columns=("seconds_since_last_txn",)),
)

TRANSACTIONS_MONITOR = Monitor(
    table="silver_transactions",
    profile=TimeSeries(timestamp="event_time", granularities=("1 day", "1 week")),
    slicing=("merchant_country", "amount > 1000"),
    alerts=_ALERTS,
)

# One row per answer of an agent, written by whoever runs it: docs/alerts.md has the columns.
AGENT_TRACES_MONITOR = Monitor(
    table="agent_traces",
    profile=InferenceLog(
        problem_type=ProblemType.CLASSIFICATION,
        timestamp="answered_at",
        granularities=("1 hour", "1 day"),
        prediction="decision",
        label="outcome",
        model_id="model_version",
    ),
    slicing=("agent",),
    custom_metrics=(
        CustomMetric(kind=MetricKind.AGGREGATE, name="failed_share", input_columns=(":table",), definition="avg(cast(failed AS double))"),
        CustomMetric(
            kind=MetricKind.AGGREGATE, name="slow_share", input_columns=(":table",), definition="avg(cast(latency_ms > 2000 AS double))"
        ),
    ),
    alerts=(
        *AlertRule.defaults(except_columns=("trace_id", "latency_ms", "tokens_*"), bad=2, of=3, without=("freshness", "volume")),
        AlertRule(
            name="answers_fail", measure=Measure.CUSTOM, predicate="failed_share > 0.02", columns=(":table",), severity=Severity.CRITICAL
        ),
        AlertRule(name="answers_slow", measure=Measure.CUSTOM, predicate="slow_share > 0.05", columns=(":table",), bad=2, of=3),
        AlertRule(
            name="accuracy_fell",
            measure=Measure.CUSTOM,
            predicate="accuracy_score < 0.8",
            columns=(":table",),
            granularities=("1 day",),
            severity=Severity.CRITICAL,
        ),
    ),
)

MONITORS = (MERCHANT_FEATURES_MONITOR, CUSTOMER_FEATURES_MONITOR, TRANSACTIONS_MONITOR, AGENT_TRACES_MONITOR)

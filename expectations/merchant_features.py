"""What must hold in merchant_features before it is published."""

from __future__ import annotations

from goldlane.expectations import Action, Rules, foreign_key, in_range, in_set, not_null, primary_key, row_count_between

MERCHANT_HISTORY = Rules(
    in_set("risk_tier", ["low", "medium", "high"], action=Action.FAIL, why="An agent acts on these three and knows no other."),
    not_null("weekly_velocity", action=Action.FAIL, why="Days without a sale count as zero, never as unknown."),
    in_range("fraud_rate_30d", 0, or_null=True, action=Action.FAIL, why="A rate below zero means a count that ran backwards."),
    in_range("fraud_rate_30d", 0, 1, name="fraud_rate_is_a_share", or_null=True, why="Above 1 it holds chargebacks of older sales."),
    primary_key("merchant_id", "as_of", why="Training joins to one row per merchant and instant."),
    row_count_between(1, why="An empty table would empty the store."),
    foreign_key(
        "merchant_id", "silver_merchants", action=Action.WARN, why="A merchant that sold and is unknown has left, or was never announced."
    ),
)

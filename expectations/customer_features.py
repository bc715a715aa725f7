"""What must hold in customer_features before it is published."""

from __future__ import annotations

from goldlane.expectations import Action, Rules, foreign_key, in_range, primary_key, row_count_between

CUSTOMER_HISTORY = Rules(
    in_range("txn_count_30d", 0, action=Action.FAIL, why="Days without a sale count as zero, never as unknown."),
    in_range("night_share_30d", 0, 1, or_null=True, action=Action.FAIL, why="A share of transactions; NULL without any."),
    in_range("foreign_share_30d", 0, 1, or_null=True, action=Action.FAIL, why="A share of transactions; NULL without any."),
    in_range("account_age_days", 0, or_null=True, why="A card was used before its account was opened."),
    primary_key("customer_id", "as_of", why="Training joins to one row per customer and instant."),
    row_count_between(1, why="An empty table would empty the store."),
    foreign_key("customer_id", "silver_customers", action=Action.WARN, why="The feed of customers is behind that of transactions."),
)

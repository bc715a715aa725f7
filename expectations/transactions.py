"""What must hold for a card transaction before it counts."""

from __future__ import annotations

from goldlane.expectations import Action, Rule, Rules

TRANSACTIONS = Rules(
    Rule(
        name="line_is_readable",
        predicate="_corrupt_record IS NULL",
        action=Action.DROP,
        why="A truncated or malformed line has no trustworthy value in any column.",
    ),
    Rule(
        name="transaction_id_is_present",
        predicate="transaction_id IS NOT NULL",
        action=Action.DROP,
        why="Without its id a transaction cannot be told from its resend.",
    ),
    Rule(
        name="customer_id_is_present",
        predicate="customer_id IS NOT NULL",
        action=Action.DROP,
        why="Customer features are counted per customer.",
    ),
    Rule(
        name="merchant_id_is_present",
        predicate="merchant_id IS NOT NULL",
        action=Action.DROP,
        why="Merchant features are counted per merchant.",
    ),
    Rule(
        name="amount_is_a_number",
        predicate="amount IS NOT NULL",
        action=Action.DROP,
        why="Amounts arrive as text; one that is no number would vanish from every sum.",
    ),
    Rule(
        name="amount_is_positive",
        predicate="amount > 0",
        or_null=True,
        action=Action.DROP,
        why="Refunds come by another feed; a negative sale is a fault of the terminal.",
    ),
    Rule(
        name="currency_is_known",
        predicate="currency IN ('EUR', 'USD', 'GBP', 'CHF', 'SEK', 'PLN', 'JPY')",
        action=Action.DROP,
        why="XXX and ZZZ are test codes: the acquirer settles these seven only.",
    ),
    Rule(
        name="event_time_is_present",
        predicate="event_time IS NOT NULL",
        action=Action.DROP,
        why="A transaction without a time belongs to no window.",
    ),
    Rule(
        name="channel_is_known",
        predicate="channel IN ('pos', 'online', 'atm', 'moto')",
        why="A new channel is worth a look before a model meets it.",
    ),
    Rule(
        name="nothing_was_rescued",
        predicate="_rescued_data IS NULL",
        why="A value that did not fit its column was set aside by Auto Loader.",
    ),
)

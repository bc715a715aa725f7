"""What must hold for a chargeback before it labels a sale."""

from __future__ import annotations

from goldlane.expectations import Action, Rule, Rules

CHARGEBACKS = Rules(
    Rule(
        name="transaction_id_is_present",
        predicate="transaction_id IS NOT NULL",
        action=Action.DROP,
        why="A chargeback of no sale labels nothing; the line may be truncated.",
    ),
    Rule(
        name="reported_at_is_present",
        predicate="reported_at IS NOT NULL",
        action=Action.DROP,
        why="A label counts from the time it was reported, never from the sale.",
    ),
    Rule(
        name="reason_is_known",
        predicate="reason IN ('fraud', 'not_received', 'duplicate', 'other')",
        why="An unknown reason counts as a chargeback, but never as fraud.",
    ),
)

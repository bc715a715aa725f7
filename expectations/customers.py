"""What must hold for a change of a customer before it is applied."""

from __future__ import annotations

from expectations.changes import CHANGES
from goldlane.expectations import Action, Rule, Rules

CUSTOMERS = Rules(
    *CHANGES,
    Rule(
        name="customer_id_is_present",
        predicate="customer_id IS NOT NULL",
        action=Action.DROP,
        why="A change without its key changes nobody.",
    ),
    Rule(
        name="created_at_is_present",
        predicate="operation = 'DELETE' OR created_at IS NOT NULL",
        why="Without it the account has no age.",
    ),
)

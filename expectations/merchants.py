"""What must hold for a change of a merchant before it is applied."""

from __future__ import annotations

from expectations.changes import CHANGES
from goldlane.expectations import Action, Rule, Rules

MERCHANTS = Rules(
    *CHANGES,
    Rule(
        name="merchant_id_is_present",
        predicate="merchant_id IS NOT NULL",
        action=Action.DROP,
        why="A change without its key changes nobody.",
    ),
    Rule(
        name="mcc_is_a_code",
        predicate="operation = 'DELETE' OR mcc RLIKE '^[0-9]{4}$'",
        why="A merchant category code has four digits.",
    ),
)

"""What must hold in every change feed (operation, sequence, changed_at) before AUTO CDC can order and apply it."""

from __future__ import annotations

from goldlane.expectations import Action, Rule

CHANGES = (
    Rule(
        name="operation_is_known",
        predicate="operation IN ('INSERT', 'UPDATE', 'DELETE')",
        action=Action.DROP,
        why="An unknown operation cannot be applied; a truncated line has none.",
    ),
    Rule(
        name="sequence_is_present",
        predicate="sequence IS NOT NULL",
        action=Action.DROP,
        why="Changes arrive out of order; one without a number has no place among them.",
    ),
    Rule(
        name="changed_at_is_present",
        predicate="changed_at IS NOT NULL",
        action=Action.DROP,
        why="A version counts from the time of its change.",
    ),
)

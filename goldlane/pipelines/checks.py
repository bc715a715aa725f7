"""A dataset's expectations as the checks that ``goldlane.expectations`` enforces."""

from __future__ import annotations

from goldlane.expectations import Check
from goldlane.pipelines.definitions import Dataset


def checks_of(dataset: Dataset) -> list[Check]:
    """One check per expectation, in order; predicates in SQL text become columns, parsed by whoever uses them."""
    from pyspark.sql import functions as F

    return [
        Check(rule.name, rule.action, F.expr(rule.predicate) if isinstance(rule.predicate, str) else rule.predicate)
        for rule in dataset.expectations
    ]

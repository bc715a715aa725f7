"""A dataset's expectations: what is wrong with them, and the checks that ``goldlane.expectations`` enforces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from goldlane.expectations import Check
from goldlane.pipelines.definitions import Dataset, Problem

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def checks_of(dataset: Dataset) -> list[Check]:
    """One check per expectation, in order; predicates in SQL text become columns, parsed by whoever uses them."""
    from pyspark.sql import functions as F

    return [
        Check(rule.name, rule.action, F.expr(rule.predicate) if isinstance(rule.predicate, str) else rule.predicate)
        for rule in dataset.expectations
    ]


def rule_problems(frame: DataFrame, dataset: Dataset) -> list[Problem]:
    """One problem per expectation that cannot be asked of each row of ``frame``, at the line where it was declared."""
    from goldlane.expectations.limits import are_rules, predicate_mistake

    if are_rules(frame, [check.passes for check in checks_of(dataset)]):
        return []
    found = ((rule, predicate_mistake(frame, rule.predicate)) for rule in dataset.expectations)
    return [
        Problem(
            code="expectation",
            message=f"{dataset.written!r}: expectation {rule.name!r} ({rule.text}): {mistake}",
            place=rule.place or dataset.place,
            dataset=dataset.name.key,
        )
        for rule, mistake in found
        if mistake is not None
    ]

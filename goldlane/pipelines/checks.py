"""A dataset's expectations as the checks that ``goldlane.expectations`` enforces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from goldlane.errors import Mistakes
from goldlane.expectations import Check
from goldlane.pipelines.definitions import Dataset

if TYPE_CHECKING:
    from pyspark.sql import Column


def checks_of(dataset: Dataset) -> list[Check]:
    """One check per expectation, in order; predicates in SQL text become columns.

    Raises:
        Mistakes: the predicates that do not parse, each with its rule's name.
    """
    checks, mistakes = [], []
    for rule in dataset.expectations:
        try:
            checks.append(Check(rule.name, rule.action, _column(rule.predicate)))
        except ValueError as error:
            mistakes.append(f"expectation {rule.name!r}: {error}")
    if mistakes:
        raise Mistakes("expectations", mistakes)
    return checks


def _column(predicate: str | Column) -> Column:
    from pyspark.errors import ParseException
    from pyspark.sql import functions as F

    if not isinstance(predicate, str):
        return predicate
    try:
        return F.expr(predicate)
    except ParseException as error:
        raise ValueError(f"{predicate!r} does not parse: {str(error).strip().splitlines()[0]}") from None

"""The rules of a project's tables, as ``[tool.goldlane] rules`` names them."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any

from goldlane.errors import Mistakes, UsageError
from goldlane.expectations.rules import Rules


def rules_of(found: Any, reference: str) -> dict[str, Rules]:
    """The rules of each table in what ``reference`` names: ``RULES`` of a module, or such a mapping itself, from table to ``Rules``.

    Raises:
        UsageError: there is no mapping, or something in it is not the ``Rules`` of a table.
    """
    place = f"[tool.goldlane] rules = {reference!r}"
    tables = getattr(found, "RULES", None) if isinstance(found, ModuleType) else found
    if not isinstance(tables, Mapping):
        raise UsageError(f"{place} has no RULES", hint='RULES = {"silver_transactions": Rules(...)}, from a table to its rules')
    wrong = [f"{name!r}: {rules!r} is not Rules(...)" for name, rules in tables.items() if not isinstance(rules, Rules)]
    if wrong:
        raise Mistakes(f"{place}: RULES", wrong)
    return {str(name): rules for name, rules in tables.items()}

"""The rules of the project's tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from goldlane.cli.application import application
from goldlane.errors import Mistakes

if TYPE_CHECKING:
    from goldlane.expectations import Rules
    from goldlane.settings import Settings


def declared_rules(settings: Settings) -> dict[str, Rules]:
    """What all modules of ``[tool.goldlane] rules`` say about each table; nothing where none is named.

    Raises:
        UsageError: a module does not import or has no ``RULES``, or two of them speak of one table.
    """
    from goldlane.expectations.declared import rules_of

    references = (settings.rules,) if isinstance(settings.rules, str) else settings.rules or ()
    declared: dict[str, Rules] = {}
    for reference in references:
        found = rules_of(application(reference, settings, setting="rules"), reference)
        twice = [f"{name!r} has rules in {reference!r} and in another" for name in found if name in declared]
        if twice:
            raise Mistakes("[tool.goldlane] rules", twice)
        declared |= found
    return declared

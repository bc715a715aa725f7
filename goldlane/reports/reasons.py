"""Why a rule is there, as the project's own rules say it; the event log does not know."""

from __future__ import annotations

from collections.abc import Mapping

from goldlane.expectations import Rules


class Reasons:
    """The ``why`` of the rules of tables, those about a whole table among them."""

    def __init__(self, declared: Mapping[str, Rules]) -> None:
        self._of_table: dict[tuple[str, str], str] = {}
        self._by_name: dict[str, set[str]] = {}
        for table, rules in declared.items():
            for rule in (*rules, *rules.table):
                self._of_table[table.lower(), rule.name] = rule.why
                self._by_name.setdefault(rule.name, set()).add(rule.why)

    def why(self, dataset: str, name: str) -> str:
        """Of the rule that ``dataset`` has; rules stand on views and checks of other names, so else of the only one with this name."""
        alone = self._by_name.get(name, set())
        return self._of_table.get((dataset.lower(), name)) or (next(iter(alone)) if len(alone) == 1 else "")

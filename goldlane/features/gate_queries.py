"""A gold table asked its rules by delta-rs: no JVM, and of keys that begin with the table's own only a range at a time in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from goldlane.expectations import Rule, Rules, TableRule, TableVerdict
from goldlane.expectations.table_check import EXAMPLES
from goldlane.expectations.table_decision import decided
from goldlane.expectations.table_fit import INTEGERS, require_askable
from goldlane.expectations.table_rule import ForeignKey, FreshWithin, SumBetween, Unique
from goldlane.features.changes import RANGE_ROWS
from goldlane.features.delta_files import ask_of, columns
from goldlane.features.gate_counts import GateCount, of_rows, of_table
from goldlane.features.instants import microseconds
from goldlane.features.row_predicates import portable

if TYPE_CHECKING:
    from deltalake import DeltaTable

    from goldlane.features.changes import GoldTable

_SPARK_NAMES = {"long": "bigint", "integer": "int", "short": "smallint", "byte": "tinyint"}
# Engines differ in which floats are equal.
_NO_KEYS = ("float", "double")


def spark_types(delta: DeltaTable) -> dict[str, str]:
    """The type of each column, as Spark names it; ``struct`` and the like where it is none of the simple ones."""
    kinds = {field.name: getattr(field.type, "type", "nested") for field in delta.schema().fields}
    return {name: _SPARK_NAMES.get(kind, kind) for name, kind in kinds.items()}


class GateQueries:
    """The rules over one version of a gold table, and over the newest one of the tables it refers to."""

    def __init__(self, gold: GoldTable, others: Mapping[str, DeltaTable], range_rows: int = RANGE_ROWS) -> None:
        self._gold, self._others, self._range_rows = gold, others, range_rows
        self.types = spark_types(gold.delta)

    def can_ask(self, rule: Rule | TableRule) -> bool:
        """Whether delta-rs surely gives Spark's verdict."""
        if isinstance(rule, Rule):
            return portable(rule, self.types) is not None
        return not any(self.types[column] in _NO_KEYS for column in rule.columns) or isinstance(rule.kind, (FreshWithin, SumBetween))

    def require_askable(self, rules: Sequence[TableRule]) -> None:
        """Raise ``RuleError`` where a rule does not fit the table, as in Spark."""
        require_askable(rules, self.types, {name: spark_types(delta) for name, delta in self._others.items()})

    def counts(self, rules: Rules, now: datetime) -> dict[str, GateCount]:
        """The count of every rule, by its name: one query over all rows, and one for each key and each that is broken."""
        failed = [f"count(*) FILTER (WHERE NOT {portable(rule, self.types)})" for rule in rules]
        numbers = [self._number(rule) for rule in rules.table]
        names = [f"{query} AS found_{position}" for position, query in enumerate((*failed, *numbers))]
        row = self._row(f"SELECT {', '.join(['count(*) AS all_rows', *names])} FROM gold")  # noqa: S608  identifiers, here and below
        rows, *found = row.values()
        by_rows = {rule.name: of_rows(rule, rows, broken) for rule, broken in zip(rules, found, strict=False)}
        about = zip(rules.table, found[len(rules) :], strict=True)
        return by_rows | {rule.name: of_table(self._decided(rule, rows, number, now)) for rule, number in about}

    def _number(self, rule: TableRule) -> str:
        kind = rule.kind
        if isinstance(kind, FreshWithin):
            return f"max({columns([kind.column])})"
        if isinstance(kind, SumBetween):
            column = columns([kind.column])
            return f"sum(CAST({column} AS DECIMAL(38, 0)))" if self.types[kind.column] in INTEGERS else f"sum({column})"
        if isinstance(kind, Unique) and kind.not_null:
            return f"count(*) FILTER (WHERE {_any_null(kind.columns)})"
        return "0" if isinstance(kind, (Unique, ForeignKey)) else "count(*)"

    def _decided(self, rule: TableRule, rows: int, number: Any, now: datetime) -> TableVerdict:
        if isinstance(rule.kind, FreshWithin):
            return decided(rule, rows, None if number is None else microseconds(number), now)
        if not isinstance(rule.kind, (Unique, ForeignKey)):
            return decided(rule, rows, number, now)
        broken = number + self._broken(rule.kind)
        return decided(rule, rows, broken, now, self._examples(rule.kind) if broken else ())

    def _broken(self, kind: Unique | ForeignKey) -> int:
        if isinstance(kind, ForeignKey):
            return int(self._row(f"SELECT count(*) AS broken {_orphans(kind)}", kind.to)["broken"])
        ranges = self._gold.ranges(self._range_rows) if self._gold.first_key in kind.columns else [""]
        return sum(self._doubled(kind, condition) for condition in ranges)

    def _doubled(self, kind: Unique, condition: str) -> int:
        keys = columns(kind.columns)
        part = f"(SELECT {keys} FROM gold {condition})"  # noqa: S608
        known = f"SELECT count(*) AS times FROM {part} AS part WHERE NOT ({_any_null(kind.columns)}) GROUP BY {keys}"  # noqa: S608
        return int(self._row(f"SELECT coalesce(sum(times), 0) AS broken FROM ({known}) AS keys WHERE times > 1")["broken"])  # noqa: S608

    def _examples(self, kind: Unique | ForeignKey) -> list[dict[str, Any]]:
        keys, unknown = columns(kind.columns), _any_null(kind.columns)
        if isinstance(kind, ForeignKey):
            offenders = f"SELECT DISTINCT {keys} {_orphans(kind)}"
        else:
            broken = f"{unknown} OR count(*) > 1" if kind.not_null else f"NOT ({unknown}) AND count(*) > 1"
            offenders = f"SELECT {keys} FROM gold GROUP BY {keys} HAVING {broken}"  # noqa: S608
        other = kind.to if isinstance(kind, ForeignKey) else None
        order = ", ".join(f"{columns([column])} NULLS FIRST" for column in kind.columns)
        return self._rows(f"SELECT * FROM ({offenders}) AS offenders ORDER BY {order} LIMIT {EXAMPLES}", other)  # noqa: S608

    def _row(self, query: str, other: str | None = None) -> dict[str, Any]:
        return self._rows(query, other)[0]

    def _rows(self, query: str, other: str | None) -> list[dict[str, Any]]:
        tables = {"gold": self._gold.delta} | ({"other": self._others[other]} if other else {})
        return [row for batch in ask_of(tables, query) for row in batch.to_pylist()]


def _orphans(kind: ForeignKey) -> str:
    pairs = zip(kind.columns, kind.to_columns, strict=True)
    same = " AND ".join(f"other.{columns([there])} = gold.{columns([own])}" for own, there in pairs)
    return f"FROM gold WHERE NOT ({_any_null(kind.columns)}) AND NOT EXISTS (SELECT 1 FROM other WHERE {same})"  # noqa: S608


def _any_null(names: Sequence[str]) -> str:
    return " OR ".join(f"{columns([name])} IS NULL" for name in names)

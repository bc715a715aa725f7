"""What is asked of PostgreSQL and what the rows mean, without asking: the same for threads and for asyncio.

Each question is a generator: it yields statements, is sent their rows, and returns the answer.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from goldlane.errors import UsageError
from goldlane.features.online.entries import Entry
from goldlane.features.online.plans import absent
from goldlane.features.online.postgres_catalogue import ALL_ENTRIES, ONE_ENTRY, entry_of
from goldlane.features.online.postgres_feature_sets import ALL_SETS, sets_of
from goldlane.features.online.postgres_feature_sets import EXISTS as SETS_EXIST
from goldlane.features.online.postgres_plans import PostgresPlan, make_postgres_plan, select_all, select_many
from goldlane.features.online.store import Answer, Key, Name, StoreError, Unknown
from goldlane.features.online.values import read_time

if TYPE_CHECKING:
    from goldlane.features.declarations import FeatureTable
    from goldlane.features.feature_sets import FeatureSet

Row: TypeAlias = "Sequence[Any]"
Statement: TypeAlias = "tuple[str, Sequence[Any]]"
Result = TypeVar("Result")
Question: TypeAlias = "Generator[Statement, list[Row], Result]"
_TRIES = 5


class Questions:
    """The questions of one store, and the plans it has learned. Safe in several threads: a plan is never changed, only replaced."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._plans: dict[str, PostgresPlan] = {}
        self._statements: dict[tuple[str, ...], tuple[tuple[PostgresPlan, ...], str]] = {}

    def forget_plans(self) -> None:
        """Ask the store anew what its tables look like."""
        self._plans.clear()
        self._statements.clear()

    def known(self, table: FeatureTable | str) -> PostgresPlan | None:
        """The plan for the table, if one was made; it may be old."""
        return self._plans.get(table if isinstance(table, str) else table.name)

    def one(self, table: FeatureTable | str, key: Key, unknown: Unknown, at: datetime | None) -> Question[Answer]:
        """See ``OnlineStore.lookup``."""
        name, now = table if isinstance(table, str) else table.name, read_time(at)
        for _ in range(_TRIES):
            plan = self._plans.get(name) or (yield from self._learned(name))
            rows = yield plan.select_one, (*plan.parameters(key), *plan.read_parameters(now))
            if rows and rows[0][0] == plan.generation:
                return _answer(plan, rows[0], key, unknown, now)
            self._plans.pop(name, None)
        raise self._unsettled(name)

    def many(self, table: FeatureTable | str, keys: Sequence[Key], unknown: Unknown, at: datetime | None) -> Question[list[Answer]]:
        """See ``OnlineStore.lookup_many``."""
        name, now = table if isinstance(table, str) else table.name, read_time(at)
        for _ in range(_TRIES if keys else 0):
            plan = self._plans.get(name) or (yield from self._learned(name))
            _, statement = self._statement((name,), (plan,))
            columns = [list(column) for column in zip(*map(plan.parameters, keys), strict=True)]
            rows = yield statement, (*columns, *plan.read_parameters(now))
            if rows and rows[0][0] == plan.generation:
                return [_answer(plan, row, key, unknown, now) for row, key in zip(rows, keys, strict=True)]
            self._plans.pop(name, None)
        if keys:
            raise self._unsettled(name)
        return []

    def all(self, keys: Mapping[Name, Key], unknown: Unknown, at: datetime | None) -> Question[dict[Name, Answer]]:
        """See ``OnlineStore.lookup_all``."""
        now, tables = read_time(at), tuple(keys)
        names = tuple([table if isinstance(table, str) else table.name for table in tables])
        for _ in range(_TRIES if keys else 0):
            plans = yield from self._known(names)
            _, statement = self._statement(("all", *names), tuple(plans))
            parameters: list[Any] = []
            for plan, table in zip(plans, tables, strict=True):
                parameters += (*plan.parameters(keys[table]), *plan.read_parameters(now))
            (row,) = yield statement, parameters
            parts = _parts(row, plans)
            old = [name for name, plan, part in zip(names, plans, parts, strict=True) if part[0] != plan.generation]
            if not old:
                found = zip(tables, plans, parts, strict=True)
                return {table: _answer(plan, part, keys[table], unknown, now) for table, plan, part in found}
            for name in old:
                self._plans.pop(name, None)
        if keys:
            raise self._unsettled(", ".join(names))
        return {}

    def entries(self) -> Question[tuple[Entry, ...]]:
        """Every table in the store, by name."""
        rows = yield ALL_ENTRIES, ()
        return tuple(entry_of(row, self._label) for row in rows)

    def feature_sets(self) -> Question[tuple[FeatureSet, ...]]:
        """Every feature set in the store, by name; none in a store that was never given one."""
        ((is_there,),) = yield SETS_EXIST, ()
        return sets_of((yield ALL_SETS, ())) if is_there else ()

    def plan(self, table: FeatureTable | str) -> Question[PostgresPlan]:
        """The plan for the table as it is in the store now."""
        return (yield from self._learned(table if isinstance(table, str) else table.name))

    def _learned(self, name: str) -> Question[PostgresPlan]:
        rows = yield ONE_ENTRY, (name,)
        if not rows:
            entries = yield from self.entries()
            known = ", ".join(entry.publication.table.name for entry in entries)
            raise UsageError(f"{self._label} has no table {name!r}; it has {known or 'none yet'}")
        entry = entry_of(rows[0], self._label)
        plan = self._plans[name] = make_postgres_plan(entry.publication.table, entry.generation)
        return plan

    def _known(self, names: Sequence[str]) -> Question[list[PostgresPlan]]:
        plans: list[PostgresPlan] = []
        for name in names:
            plan = self._plans.get(name) or (yield from self._learned(name))
            plans.append(plan)
        return plans

    def _statement(self, names: tuple[str, ...], plans: tuple[PostgresPlan, ...]) -> tuple[tuple[PostgresPlan, ...], str]:
        """The text that asks several keys, or several tables, made once per set of plans."""
        known = self._statements.get(names)
        if known is None or any(old is not new for old, new in zip(known[0], plans, strict=True)):
            tables = [plan.table for plan in plans]
            known = plans, select_all(tables) if names[0] == "all" and len(names) > 1 else select_many(tables[0])
            self._statements[names] = known
        return known

    def _unsettled(self, name: str) -> StoreError:
        return StoreError(f"{self._label}: {name} changes faster than it can be read", hint="try again")


def _answer(plan: PostgresPlan, row: Row, key: Key, unknown: Unknown, now: int) -> Answer:
    return absent(plan, key, unknown) if row[1] is None else plan.finish(row, now)


def _parts(row: Row, plans: Sequence[PostgresPlan]) -> list[Row]:
    parts, start = [], 0
    for plan in plans:
        parts.append(row[start : start + plan.width])
        start += plan.width
    return parts

"""A Spark table asked its rules: now, as verdicts, or as a table of a pipeline, whenever that is updated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from goldlane.errors import UsageError
from goldlane.expectations.rule import Action
from goldlane.expectations.rules import Rules, as_rules
from goldlane.expectations.table_decision import decided, failed_column, moment_of
from goldlane.expectations.table_findings import ROWS, findings, offenders
from goldlane.expectations.table_fit import require_askable
from goldlane.expectations.table_kinds import primary_key
from goldlane.expectations.table_rule import ForeignKey, TableRule, Unique
from goldlane.expectations.table_verdict import TableVerdict

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

EXAMPLES = 5


def check_table(
    df: DataFrame,
    rules: Rules | Sequence[TableRule],
    *,
    tables: Mapping[str, DataFrame] | None = None,
    key: Sequence[str] = (),
    now: datetime | None = None,
) -> tuple[TableVerdict, ...]:
    """The verdict of every rule about the whole of ``df``, in order, in one job; keys that break one are looked up in a second.

    ``tables`` are those that foreign keys refer to, by the names the rules give them. ``key`` is a declared primary key, checked first
    unless a rule does so already. ``now`` is what ages are counted from.

    Raises:
        RuleError: a column or a table is missing, or of a type that its rule cannot be about; all of it at once.
        UsageError: ``df`` is a stream.
    """
    asked, others = with_key(table_rules(rules), key), tables or {}
    _require(df, asked, others)
    if not asked:
        return ()
    (found,) = findings(df, asked, others).collect()
    moment = now or datetime.now(timezone.utc)
    numbers = [found[f"found_{position}"] for position in range(len(asked))]
    return tuple(
        decided(rule, found[ROWS], number, moment, _examples(df, rule, others) if number else ())
        for rule, number in zip(asked, numbers, strict=True)
    )


def table_checks(df: DataFrame, rules: Rules | Sequence[TableRule], *, tables: Mapping[str, DataFrame] | None = None) -> DataFrame:
    """One row: a column per rule about the whole of ``df``, named like it, that says how often it is broken; 0 where it holds.

    Nothing runs here, so it can be a table of a pipeline, on Databricks as locally, with the rules as its expectations:
    ``rules.table.warn`` for ``dlt.expect_all``, ``rules.table.fail`` for ``dlt.expect_all_or_fail``.

    Raises:
        RuleError: as ``check_table``.
    """
    from pyspark.sql import functions as F

    asked, others = table_rules(rules), tables or {}
    _require(df, asked, others)
    found = findings(df, asked, others)
    types = dict(found.dtypes)
    columns = [(rule, f"found_{position}") for position, rule in enumerate(asked)]
    return found.select(*(failed_column(rule, F.col(name), types[name]).alias(rule.name) for rule, name in columns))


def table_rules(rules: Rules | Sequence[TableRule]) -> tuple[TableRule, ...]:
    """The rules about a whole table among ``rules``."""
    return as_rules(rules).table


def with_key(rules: Sequence[TableRule], key: Sequence[str]) -> tuple[TableRule, ...]:
    """``rules``, and before them one about the declared primary key, where no FAIL rule asks for it already."""
    wanted = set(key)
    asked = any(
        isinstance(rule.kind, Unique) and rule.kind.not_null and set(rule.columns) == wanted and rule.action is Action.FAIL
        for rule in rules
    )
    return tuple(rules) if asked or not key else (primary_key(*key, why="The table declares it."), *rules)


def _require(df: DataFrame, rules: Sequence[TableRule], tables: Mapping[str, DataFrame]) -> None:
    streams = [name for name, frame in {"the table": df, **tables}.items() if frame.isStreaming]
    if streams:
        raise UsageError(f"{', '.join(streams)}: a stream has no end to count to", hint="read it as a batch, or check the table it writes")
    require_askable(rules, dict(df.dtypes), {name: dict(table.dtypes) for name, table in tables.items()})


def _examples(df: DataFrame, rule: TableRule, tables: Mapping[str, DataFrame]) -> Sequence[Mapping[str, Any]]:
    if not isinstance(rule.kind, (Unique, ForeignKey)):
        return ()
    from pyspark.sql import functions as F

    found = offenders(df, rule.kind, tables).limit(EXAMPLES)
    instants = {name for name, type_name in found.dtypes if type_name == "timestamp"}
    # As a datetime, Spark would hand an instant out in Python's own zone without saying so, and fail in the first days of year 1.
    # Spark Connect refuses to add no column at all.
    plain = found.withColumns({name: F.unix_micros(F.col(f"`{name}`")) for name in instants}) if instants else found
    return [{name: moment_of(value) if name in instants else value for name, value in row.asDict().items()} for row in plain.collect()]

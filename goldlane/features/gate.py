"""The gate before publishing: a gold table that breaks a rule it must not break stays where it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from goldlane.expectations import Rules, check_table, count_broken
from goldlane.expectations.table_check import with_key
from goldlane.features.delta_files import open_delta
from goldlane.features.errors import FeatureError
from goldlane.features.gate_counts import GateCount, of_rows, of_table
from goldlane.features.gate_queries import GateQueries

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from goldlane.features.changes import GoldTable


class GateError(FeatureError):
    """A gold table breaks rules, and was not published: the store is as it was. ``rules`` are their counts, as in ``Published``."""

    def __init__(self, table: str, version: int, counts: Sequence[GateCount]) -> None:
        broken = [count.told for count in counts if count.stops]
        super().__init__(
            f"{table} is not published: version {version} of its gold table breaks {len(broken)} of its rules: {'; '.join(broken)}",
            hint="the store keeps what it has; mend the table, or the rule",
        )
        self.table, self.version, self.rules = table, version, tuple(counts)


def require_rules_kept(gold: GoldTable, rules: Rules) -> tuple[GateCount, ...]:
    """The counts of ``rules`` over this version of the gold table: about its rows, its declared key, the whole of it.

    delta-rs answers; the rules that it might answer otherwise than Spark are asked of a Spark session, started for them. Foreign keys
    are looked up in the newest versions of their tables: in the gold table's schema, unless they name another.

    Raises:
        GateError: a rule is broken whose action is not WARN.
        UsageError: a rule does not fit the table.
    """
    counts = rule_counts(gold, rules)
    if any(count.stops for count in counts):
        raise GateError(gold.name, gold.version, counts)
    return counts


def rule_counts(gold: GoldTable, rules: Rules) -> tuple[GateCount, ...]:
    """What ``require_rules_kept`` decides by.

    Raises:
        UsageError: a rule does not fit the table.
    """
    about_table = with_key(rules.table, gold.declared_key)
    places = {name: _place(name, gold.path) for rule in about_table for name in rule.tables}
    queries = GateQueries(gold, {name: open_delta(path, name) for name, path in places.items()})
    queries.require_askable(about_table)
    now, every = datetime.now(timezone.utc), (*rules, *about_table)
    left = Rules(*(rule for rule in every if not queries.can_ask(rule)))
    found = queries.counts(Rules(*(rule for rule in every if queries.can_ask(rule))), now)
    if left or left.table:
        found |= _by_spark(gold, left, places, now)
    return tuple(found[rule.name] for rule in every)


def frame_counts(frame: DataFrame, rules: Rules, tables: Mapping[str, DataFrame], now: datetime) -> dict[str, GateCount]:
    """The count of every rule over the rows of a frame, by its name; ``tables`` are those that foreign keys refer to.

    Raises:
        UsageError: a rule does not fit the frame.
    """
    counts = count_broken(frame, rules)
    found = {rule.name: of_rows(rule, counts.rows, counts.broken[rule.name]) for rule in rules}
    return found | {verdict.rule.name: of_table(verdict) for verdict in check_table(frame, rules, tables=tables, now=now)}


def _by_spark(gold: GoldTable, rules: Rules, places: Mapping[str, Path], now: datetime) -> dict[str, GateCount]:
    from goldlane.session import local_spark

    spark = local_spark()

    def read(path: Path, **options: str) -> DataFrame:
        return spark.read.format("delta").options(**options).load(str(path))

    others = {name: read(places[name]) for rule in rules.table for name in rule.tables}
    return frame_counts(read(gold.path, versionAsOf=str(gold.version)), rules, others, now)


def _place(name: str, gold: Path) -> Path:
    schema, _, table = name.rpartition(".")
    return (gold.parent.parent / schema if schema else gold.parent) / table

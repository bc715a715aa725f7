"""``goldlane-gate``: a job goes on only when its tables are fit to be used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Annotated, Any

import typer

from goldlane.cli.job_options import (
    CatalogOption,
    FeaturesOption,
    ProjectOption,
    RulesOption,
    SchemaOption,
    StorageOption,
    job_settings,
    rules_of_project,
    tables_of_project,
)
from goldlane.cli.options import JsonOption
from goldlane.cli.output import print_json, prints_aside, progress, results
from goldlane.errors import GoldlaneError, UsageError

if TYPE_CHECKING:
    from goldlane.expectations import Rules
    from goldlane.features.declarations import FeatureTable
    from goldlane.features.gate_counts import GateCount
    from goldlane.features.lakehouse import Lakehouse


class QualityError(GoldlaneError):
    """A quality gate stays closed. ``reasons`` says why, one each."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__(f"the gate stays closed: {'; '.join(reasons)}", hint="mend the rows or the rule, and repair the run")
        self.reasons = tuple(reasons)


def gate(  # noqa: PLR0913  one parameter per option
    tables: Annotated[
        list[str] | None, typer.Argument(metavar="TABLE...", help="Tables that the next tasks read; when none, all of them.")
    ] = None,
    *,
    most_dropped: Annotated[
        float, typer.Option(metavar="SHARE", min=0, max=1, help="The greatest share of rows that a rule may have dropped in the update.")
    ] = 1.0,
    rules_only: Annotated[bool, typer.Option("--rules-only", help="Leave the event log alone: count the declared rules only.")] = False,
    features: FeaturesOption = "",
    rules: RulesOption = "",
    project: ProjectOption = "",
    catalog: CatalogOption = "",
    schema: SchemaOption = "",
    storage: StorageOption = "",
    as_json: JsonOption = False,
) -> int:
    """Fail a job, with the reasons, unless the newest update completed and no table breaks a rule that it must not break.

    The event log tells of the update, of each dataset in it, and how many rows its rules dropped. The rules declared for the gold
    tables of feature tables are counted over their newest version: those that publishing is gated by.
    """
    from goldlane.features.lakehouse import lakehouse

    settings = job_settings(project)
    where = lakehouse(catalog=catalog, schema=schema, storage=storage)
    asked = _Gate(where=where, tables=tuple(tables or ()), rules=rules_of_project(rules, settings), most_dropped=most_dropped)
    gold = asked.gold(tables_of_project(features, settings))
    with prints_aside():
        counts = {name: asked.counts(table) for name, table in gold.items()}
        reasons = [] if rules_only else list(asked.objections(list(gold)))
    reasons += [f"{name}: {count.told}" for name, found in counts.items() for count in found if count.stops]
    _told(counts, reasons, as_json=as_json)
    if reasons and not as_json:
        raise QualityError(reasons)
    return 1 if reasons else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gate:
    """What one gate asks of which tables."""

    where: Lakehouse
    tables: tuple[str, ...]
    rules: Mapping[str, Rules]
    most_dropped: float

    def gold(self, known: Sequence[FeatureTable]) -> dict[str, FeatureTable]:
        """The feature tables whose gold tables are asked, by these tables' names; those without a rule have nothing to break."""
        from goldlane.features.gold import source_name

        by_source = {source_name(table): table for table in known if isinstance(table.source, str | None)}
        return {name: table for name, table in by_source.items() if name in self.rules and (not self.tables or name in self.tables)}

    def objections(self, gold: Sequence[str]) -> Iterator[str]:
        """What the event log says against going on; in a workspace the log of the pipeline that makes the named tables, else ``gold``."""
        from goldlane.pipelines.eventlog import read_events
        from goldlane.reports.gate_log import objections

        if self.where.storage is not None:
            yield from objections(read_events(self.where.storage), self.tables, most_dropped=self.most_dropped)
            return
        if not (self.tables or gold):
            raise UsageError("nothing says which tables to ask", hint="goldlane-gate TABLE..., or --features and --rules")
        for table in self.tables or gold[:1]:
            events = _platform_events(f"{self.where.schema}.{table}")
            yield from objections(events, self.tables, most_dropped=self.most_dropped, may_go_on=True)

    def counts(self, table: FeatureTable) -> tuple[GateCount, ...]:
        """Every rule declared for the gold table of ``table``, counted."""
        from goldlane.features.gate import rule_counts
        from goldlane.features.gold import gold_path, source_name

        rules = self.rules[source_name(table)]
        progress().print(f"counting {len(rules) + len(rules.table)} rules of {source_name(table)}", markup=False)
        if self.where.storage is None:
            return self._counts_by_session(table, rules)
        from goldlane.features.changes import GoldTable

        placed = self.where.gold(table)
        return rule_counts(GoldTable(placed, gold_path(placed, self.where.storage)), rules)

    def _counts_by_session(self, table: FeatureTable, rules: Rules) -> tuple[GateCount, ...]:
        from goldlane.features.gate import frame_counts
        from goldlane.features.gold import source_name
        from goldlane.features.lakehouse import session

        spark = session()
        others = {name: self.where.read(spark, name) for rule in rules.table for name in rule.tables}
        found = frame_counts(self.where.read(spark, source_name(table)), rules, others, datetime.now(timezone.utc))
        return tuple(found.values())


def _platform_events(table: str) -> list[dict[str, Any]]:
    """The log of the pipeline that makes ``table``, oldest first; only who owns or runs it may read it."""
    from pyspark.errors import PySparkException

    from goldlane.errors import first_line
    from goldlane.features.lakehouse import session

    try:
        rows = session().sql(f"SELECT * FROM event_log(TABLE({table})) ORDER BY timestamp").collect()  # noqa: S608  a table's name
    except PySparkException as refused:
        hint = "run as the pipeline's owner, or count the declared rules only: --rules-only"
        raise GoldlaneError(f"the event log of {table} cannot be read: {first_line(refused)}", hint=hint) from refused
    return [row.asDict(recursive=True) for row in rows]


def _told(counts: Mapping[str, Sequence[GateCount]], reasons: Sequence[str], *, as_json: bool) -> None:
    if as_json:
        document = {name: [_rule(count) for count in found] for name, found in counts.items()}
        print_json({"open": not reasons, "reasons": list(reasons), "rules": document})
        return
    for name, found in counts.items():
        for count in found:
            if count.failed and not count.stops:
                results().print(f"warning: {name}: {count.told}", markup=False)
    if not reasons:
        results().print("the gate is open", markup=False)


def _rule(count: GateCount) -> dict[str, Any]:
    return {"name": count.name, "action": count.action, "passed": count.passed, "failed": count.failed}

"""``goldlane publish``: gold tables to the online store."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from goldlane.cli.application import declared_sets, declared_tables, monitored
from goldlane.cli.options import JsonOption, StorageOption, pairs, project, storage_or_default
from goldlane.cli.output import print_json, progress, results
from goldlane.cli.publish_live import Publishing, publish_live
from goldlane.cli.rules import declared_rules
from goldlane.cli.stores import StoreOption, store_or_default
from goldlane.cli.streams import declared_streams
from goldlane.errors import Mistakes, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from goldlane.expectations import Rules
    from goldlane.features.declarations import FeatureTable
    from goldlane.features.gate import GateError
    from goldlane.features.online import OnlineStore
    from goldlane.features.publishing import Published
    from goldlane.reports.provenance import Provenance


def publish(  # noqa: PLR0913  one parameter per option
    tables: Annotated[
        list[str] | None, typer.Argument(metavar="TABLE...", help="The feature tables to publish; all of them when none is named.")
    ] = None,
    *,
    storage: StorageOption = None,
    store: StoreOption = None,
    mode: Annotated[
        str, typer.Option(help="triggered: what changed since the last time; snapshot: everything; continuous: go on until Ctrl-C.")
    ] = "triggered",
    conf: Annotated[
        list[str] | None, typer.Option("--conf", metavar="KEY=VALUE", help="continuous: what a stream's spark.conf.get answers.")
    ] = None,
    every: Annotated[float, typer.Option(metavar="SECONDS", help="continuous: the time between two looks at the source.")] = 0.1,
    from_gold: Annotated[
        bool, typer.Option("--from-gold", help="continuous: follow gold tables, even where a stream is declared.")
    ] = False,
    as_json: JsonOption = False,
) -> int:
    """Bring the online store up to date with the gold tables.

    A table that breaks a rule of the project is not published, the others are; exit 1. With --mode continuous, streams that the project
    declares, and new versions of the other tables, are published as they come; being stopped is its good end, exit 0. A table that such
    a publisher keeps up to date from another source is left to it; asked for by name it is refused, exit 2.
    """
    from goldlane.features.online.store import PlatformStore
    from goldlane.reports.provenance import Provenance

    settings = project()
    known, folder = declared_tables(settings), storage_or_default(storage, settings)
    rules, sets = declared_rules(settings), declared_sets(settings)
    target, chosen = store_or_default(store, settings), _chosen(known, tables or [])
    if not chosen:
        raise UsageError("there is no feature table to publish", hint=f"[tool.goldlane] features = {settings.features!r} has none")
    told = Provenance(folder, rules, is_monitored=monitored(settings))
    asked = _Asked(folder=folder, store=target, mode=mode, rules=rules, provenance=told, named=bool(tables))
    if mode == "continuous" and not isinstance(target, PlatformStore):
        streams = {} if from_gold else declared_streams(settings, known)
        how = Publishing(storage=folder, store=target, streams=streams, configuration=pairs(conf, "--conf"), told=asked.told, every_s=every)
        done: list[Published | GateError] = [*publish_live(chosen, how)]
    else:
        done = _publish_once(chosen, asked)
    if sets and not isinstance(target, PlatformStore):
        target.write_feature_sets(sets)
    return _told(done, as_json=as_json)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What one call of the command publishes with."""

    folder: Path
    store: OnlineStore
    mode: str
    rules: Mapping[str, Rules]
    provenance: Provenance
    named: bool

    def told(self, source: str) -> dict[str, Any]:
        """What ``publish`` is told of a gold table."""
        return {"rules": self.rules.get(source), "catalogue": self.provenance.of(source)}


def _publish_once(tables: Sequence[FeatureTable], asked: _Asked) -> list[Published | GateError]:
    from goldlane.features.gold import require_gold
    from goldlane.features.online.store import PlatformStore

    if not isinstance(asked.store, PlatformStore):
        require_gold(tables, asked.folder)
    return [_published(table, asked) for table in tables]


def _published(table: FeatureTable, asked: _Asked) -> Published | GateError:
    from goldlane.features.gate import GateError
    from goldlane.features.gold import source_name
    from goldlane.features.online.store import ClaimedError
    from goldlane.features.publishing import left_to
    from goldlane.features.publishing import publish as publish_table

    progress().print(f"publishing {table.name}")
    told = asked.told(source_name(table))
    try:
        return publish_table(table, asked.folder, asked.store, mode=asked.mode, **told)  # type: ignore[arg-type]  # it refuses an unknown mode
    except GateError as refused:
        return refused
    except ClaimedError as claimed:
        if asked.named:
            raise
        return left_to(table, claimed)


def _chosen(known: Sequence[FeatureTable], names: Sequence[str]) -> Sequence[FeatureTable]:
    by_name = {table.name: table for table in known}
    unknown = [f"there is no feature table {name!r}" for name in names if name not in by_name]
    if unknown:
        raise Mistakes(f"known feature tables are {', '.join(by_name) or 'none'}", unknown)
    return [by_name[name] for name in dict.fromkeys(names)] if names else known


def _told(done: Sequence[Published | GateError], *, as_json: bool) -> int:
    """The exit code; what became of every table is printed."""
    from goldlane.features.publishing import Published

    if as_json:
        print_json({"tables": [_document(each) for each in done]})
    else:
        _print([each for each in done if isinstance(each, Published)])
    refused = [each for each in done if not isinstance(each, Published)]
    for each in refused:
        sys.stderr.write(f"goldlane: {each.message}\n  next: {each.hint}\n")
    return 1 if refused else 0


def _document(published: Published | GateError) -> dict[str, Any]:
    from goldlane.features.publishing import Published

    rules = [{"name": rule.name, "action": rule.action, "passed": rule.passed, "failed": rule.failed} for rule in published.rules]
    if not isinstance(published, Published):
        nothing = dict.fromkeys(("rows_written", "rows_deleted", "rows_late", "rows_rejected", "rows_forgotten"), 0)
        told = {"name": published.table, "mode": None, "version": None, **nothing, "seconds": 0.0, "note": published.message}
        return {**told, "published": False, "expectations": rules}
    return {
        "name": published.table,
        "mode": published.mode,
        "version": published.version,
        "rows_written": published.rows_written,
        "rows_deleted": published.rows_deleted,
        "rows_late": published.rows_late,
        "rows_rejected": published.rows_rejected,
        "rows_forgotten": published.rows_forgotten,
        "seconds": published.seconds,
        "note": published.note,
        "published": not published.is_left,
        "expectations": rules,
    }


def _print(published: Sequence[Published]) -> None:
    from rich.table import Table

    table = Table("table", "mode", "version", "written", "deleted", "late", "rejected", "seconds", box=None)
    for each in published:
        counts = (each.rows_written, each.rows_deleted, each.rows_late, each.rows_rejected)
        table.add_row(each.table, each.mode, str(each.version), *(f"{count:,}" for count in counts), f"{each.seconds:.2f}")
    results().print(table)
    for each in published:
        told = [each.note] if each.note else []
        for line in (*told, *(f"warning: {rule.told}" for rule in each.rules if rule.failed)):
            results().print(f"{each.table}: {line}", markup=False)

"""``goldlane monitor``: profile, drift and alerts of the watched tables."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from goldlane.cli.application import declared_monitors
from goldlane.cli.options import JsonOption, StorageOption, project, storage_or_default
from goldlane.cli.output import print_json, progress, results
from goldlane.errors import GoldlaneError, Mistakes, first_line

if TYPE_CHECKING:
    from goldlane.monitoring import Monitor
    from goldlane.monitoring.alerts import Alert, Evaluated
    from goldlane.monitoring.refreshing import Refreshed


def monitor(
    tables: Annotated[
        list[str] | None, typer.Argument(metavar="TABLE...", help="Watched tables; when none is named, all that this storage has.")
    ] = None,
    *,
    storage: StorageOption = None,
    as_json: JsonOption = False,
) -> int:
    """Bring the metric tables of watched tables up to date, look for drift, and tell of alerts.

    Exit 1 while an alert is open, or when a table could not be refreshed; the others are.
    """
    settings = project()
    return watch(declared_monitors(settings), tables or [], storage_or_default(storage, settings), as_json=as_json)


def watch(known: Sequence[Monitor], tables: Sequence[str], folder: Path, *, as_json: bool) -> int:
    """The exit code, once the monitors of ``tables`` (none: all that the storage ``folder`` has) were looked at and told."""
    from goldlane.pipelines.storage import Storage

    Storage(folder).require_written()
    looked = [_looked(each, folder) for each in _chosen(known, tables, folder)]
    if as_json:
        print_json(_document(looked))
    else:
        _print(looked)
    _complain(looked)
    codes = [each.error.exit_code for each in looked if each.error is not None]
    return max(codes, default=1 if any(each.open for each in looked) else 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Looked:
    """What became of one monitor; without metrics when its refresh failed."""

    table: str
    refreshed: Refreshed | None = None
    evaluated: Evaluated | None = None
    error: GoldlaneError | None = None

    @property
    def open(self) -> tuple[Alert, ...]:
        """Its open alerts."""
        return self.evaluated.open if self.evaluated is not None else ()

    @property
    def told(self) -> tuple[Alert, ...]:
        """Its open alerts, and those that ended just now."""
        return (*self.open, *(self.evaluated.resolved if self.evaluated is not None else ()))


def _looked(watched: Monitor, storage: Path) -> _Looked:
    from goldlane.monitoring.alerts import evaluate_alerts
    from goldlane.monitoring.errors import MonitoringError
    from goldlane.monitoring.refreshing import refresh

    progress().print(f"refreshing {watched.table}", markup=False)
    refreshed = None
    try:
        refreshed = refresh(watched, storage)
        return _Looked(table=watched.table, refreshed=refreshed, evaluated=evaluate_alerts(watched, storage))
    except GoldlaneError as error:
        return _Looked(table=watched.table, refreshed=refreshed, error=error)
    except Exception as error:  # noqa: BLE001  Spark and delta-rs raise of their own; one damaged table keeps no other from being watched
        failed = MonitoringError(f"{type(error).__name__}: {first_line(error)}")
        return _Looked(table=watched.table, refreshed=refreshed, error=failed)


def _chosen(known: Sequence[Monitor], names: Sequence[str], storage: Path) -> list[Monitor]:
    """The named ones, or all whose tables the storage has; the others are told.

    Raises:
        Mistakes: names that no monitor watches, all of them.
    """
    from goldlane.monitoring.monitors import watched_name
    from goldlane.pipelines.names import Namespace
    from goldlane.pipelines.storage import Storage

    by_name = {watched_name(each).key: each for each in known}
    if names:
        asked = {name: Namespace().qualify(name).key for name in names}
        unknown = [f"nothing watches {name!r}" for name, key in asked.items() if key not in by_name]
        if unknown:
            raise Mistakes(f"watched tables are {', '.join(each.table for each in known) or 'none'}", unknown)
        return [by_name[key] for key in dict.fromkeys(asked.values())]
    there = [each for each in known if (Storage(storage).table(watched_name(each)) / "_delta_log").is_dir()]
    for each in known:
        if each not in there:
            progress().print(f"{each.table} is not in this storage, and is left out", markup=False)
    return there


def _document(looked: Sequence[_Looked]) -> dict[str, Any]:
    failures = [(each.table, failure) for each in looked if each.evaluated is not None for failure in each.evaluated.failures]
    return {
        "tables": [_table(each) for each in looked],
        "alerts": [alert.document() for each in looked for alert in each.told],
        "sinks": [
            {"table": table, "sink": failure.sink, "untold": failure.alerts, "message": failure.message} for table, failure in failures
        ],
    }


def _table(looked: _Looked) -> dict[str, Any]:
    refreshed, error = looked.refreshed, looked.error
    rows = (None, None) if refreshed is None else (refreshed.profile_rows, refreshed.drift_rows)
    told = None if error is None else {"class": type(error).__name__, "message": error.message, "hint": error.hint}
    notes = [] if refreshed is None else list(refreshed.notes)
    counts = {"profile_rows": rows[0], "drift_rows": rows[1], "open_alerts": len(looked.open)}
    return {"table": looked.table, **counts, "notes": notes, "error": told}


def _print(looked: Sequence[_Looked]) -> None:
    from rich.table import Table

    rows = Table("table", "profile rows", "drift rows", "open alerts", box=None)
    for each in looked:
        if each.refreshed is not None:
            counts = (each.refreshed.profile_rows, each.refreshed.drift_rows, len(each.open))
            rows.add_row(each.table, *(f"{count:,}" for count in counts))
    results().print(rows)
    for each in looked:
        for note in each.refreshed.notes if each.refreshed is not None else ():
            results().print(f"{each.table}: {note}", markup=False)
    for alert in (alert for each in looked for alert in each.told):
        word = str(alert.severity).upper() if alert.is_open else "RESOLVED"
        results().print(
            f"{word} {alert.table}: {alert.rule}: {alert.message} (since {alert.opened_window.start:%Y-%m-%d %H:%M})", markup=False
        )


def _complain(looked: Sequence[_Looked]) -> None:
    for each in looked:
        if each.error is not None:
            hint = f"\n  next: {each.error.hint}" if each.error.hint else ""
            sys.stderr.write(f"goldlane: {each.table}: {each.error.message}{hint}\n")
        for failure in each.evaluated.failures if each.evaluated is not None else ():
            sys.stderr.write(f"goldlane: {each.table}: {failure.message}; {failure.alerts} alerts are told at the next refresh\n")

"""``goldlane report``: what an update did, on the terminal, as a document, or as a page."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from goldlane.cli.application import application, monitored
from goldlane.cli.options import JsonOption, StorageOption, names, project, storage_or_default
from goldlane.cli.output import print_json, results
from goldlane.cli.progress import STYLES
from goldlane.cli.rules import declared_rules
from goldlane.errors import UsageError

if TYPE_CHECKING:
    from rich.table import Table

    from goldlane.reports import Report
    from goldlane.settings import Settings


def report(
    storage: StorageOption = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE.html", help="Write one self-contained page.")] = None,
    update: Annotated[str, typer.Option(help="An update's id or its beginning; 'last' is the newest.")] = "last",
    mask: Annotated[list[str] | None, typer.Option("--mask", metavar="COLUMN,..", help="More columns whose values are not shown.")] = None,
    as_json: JsonOption = False,  # noqa: FBT002  typer's flag
) -> None:
    """Report an update: rules and their trend, quarantined rows, durations, failures. Sensitive features stay masked."""
    from goldlane.reports import report_of

    settings = project()
    masked = {*_sensitive(settings), *(names(mask) or ())}
    place = storage_or_default(storage, settings)
    found = report_of(place, update=update, masked=masked, declared=declared_rules(settings), is_monitored=monitored(settings))
    if out is not None:
        _write(found, out)
    if as_json:
        print_json(found.to_json())
    elif out is None:
        _show(found)


def _sensitive(settings: Settings) -> set[str]:
    """The features that the project declares sensitive; their values are no better in a quarantined row."""
    if settings.features is None:
        return set()
    tables = application(f"{settings.features}:FEATURE_TABLES", settings, setting="features")
    return {feature.name for table in tables for feature in table.features if feature.sensitive}


def _write(found: Report, out: Path) -> None:
    from goldlane.reports.pages import report_page

    try:
        out.write_text(report_page(found), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {out}: {error.strerror}", hint="--out names a file in a folder that exists") from error
    sys.stderr.write(f"goldlane: wrote {out}\n")


def _show(found: Report) -> None:
    """The update in one line, what failed, the rules, why rows were quarantined, and what drifted."""
    from rich.text import Text

    from goldlane.drawing.rendering import duration

    console = results()
    status = (found.update.status, STYLES.get(found.update.status, ""))
    console.print(
        Text.assemble("update ", found.update.update_id[:8], f" of {found.pipeline}: ", status, f" in {duration(found.update.seconds)}")
    )
    for dataset in found.failures:
        cause = dataset.error
        place = f" ({cause.file}:{cause.line})" if cause and cause.file else ""
        console.print(Text(f"{dataset.name}{place}: {cause.message if cause else ''}", STYLES.get(dataset.status, "")))
    if found.rules:
        console.print(_rules(found))
    for table in found.quarantine:
        reasons = ", ".join(f"{rule} {rows:,}" for rule, (rows, _) in (table.reasons or {}).items() if rows)
        told = table.problem or f"{table.rows:,} rows quarantined, {table.total:,} in all" + (f"; {reasons}" if reasons else "")
        console.print(f"{table.table}: {told}", markup=False)
    for sheet in found.drift:
        console.print(f"drift of {sheet.table}: {sheet.told}", markup=False)


def _rules(found: Report) -> Table:
    from rich.table import Table
    from rich.text import Text

    from goldlane.drawing.rendering import share

    table = Table(box=None, pad_edge=False)
    for column in ("dataset", "rule", "action"):
        table.add_column(column)
    for column in ("passed", "failed", "share", "before"):
        table.add_column(column, justify="right")
    for rule in found.distinct_rules:
        before = share(rule.trend[-2].share) if len(rule.trend) > 1 else ""
        table.add_row(rule.dataset, Text(rule.name), rule.action, f"{rule.passed:,}", f"{rule.failed:,}", share(rule.share), before)
    return table

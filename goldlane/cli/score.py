"""``goldlane-score``: a table scored by the scorers that a job names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime, timezone
from typing import TYPE_CHECKING, Annotated

import typer

from goldlane.cli.job_options import (
    CatalogOption,
    FeaturesOption,
    ProjectOption,
    SchemaOption,
    StorageOption,
    job_settings,
    tables_of_project,
)
from goldlane.cli.options import JsonOption, names
from goldlane.cli.output import print_json, prints_aside, progress, results
from goldlane.errors import UsageError

if TYPE_CHECKING:
    from goldlane.features.batch_scoring import Batch, Scored


def score(  # noqa: PLR0913  one parameter per option
    *,
    table: Annotated[str, typer.Option(metavar="NAME", help="The table whose rows are scored.")],
    scores: Annotated[str, typer.Option(metavar="NAME", help="The table that takes the scores; made when it is missing.")],
    scorers: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME,..", help="MODULE:FUNCTION, or a registered model: name, name/3, name@alias."),
    ] = None,
    keys: Annotated[list[str] | None, typer.Option(metavar="COLUMN,..", help="The columns that a row is known by.")] = None,
    time: Annotated[str, typer.Option(metavar="COLUMN", help="The time at which features must have been known.")] = "event_time",
    day: Annotated[str, typer.Option(metavar="YYYY-MM-DD", help="The day scored for: its scores are replaced; today (UTC) if none.")] = "",
    run_id: Annotated[str, typer.Option(metavar="ID", help="Written beside each score, to know the run by.")] = "",
    features: FeaturesOption = "",
    project: ProjectOption = "",
    catalog: CatalogOption = "",
    schema: SchemaOption = "",
    storage: StorageOption = "",
    as_json: JsonOption = False,
) -> int:
    """Score the rows of --table with every named scorer, into --scores: one row per row and scorer, with the scorer's version.

    A second run for the same day replaces what its scorers wrote in the first; other days and other scorers stay.
    A function takes the rows with the features of the project's tables joined to them as <table>__<feature>, as they were known just
    before --time, and gives the column of the scores. A model that goldlane.features.log_model logged looks its own features up.
    """
    from goldlane.features.batch_scoring import Batch, score_batch
    from goldlane.features.lakehouse import lakehouse, session
    from goldlane.features.scorers import named_scorers

    settings, of_day = job_settings(project), _day(day)
    found, where = named_scorers(names(scorers) or []), lakehouse(catalog=catalog, schema=schema, storage=storage)
    tables = tables_of_project(features, settings)
    batch = Batch(table=table, output=scores, keys=tuple(names(keys) or ()), time=time, day=of_day, run_id=run_id, features=tables)
    progress().print(f"scoring {table} for {batch.day} with {', '.join(each.name for each in found)}", markup=False)
    with prints_aside():
        done = score_batch(batch, found, where, session())
    _told(batch, done, as_json=as_json)
    return 0


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text) if text else datetime.now(timezone.utc).date()
    except ValueError as wrong:
        raise UsageError(f"--day is a date as in 2026-01-31, not {text!r}") from wrong


def _told(batch: Batch, done: Sequence[Scored], *, as_json: bool) -> None:
    if as_json:
        print_json({"table": batch.output, "day": str(batch.day), "run_id": batch.run_id, "scorers": [asdict(each) for each in done]})
        return
    for each in done:
        told = f", {each.unscored:,} without a score" if each.unscored else ""
        results().print(f"{each.scorer} (version {each.version}): {each.rows:,} rows{told}", markup=False)

"""``goldlane run``: update a pipeline."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from goldlane.cli.bundled import pipeline_asked
from goldlane.cli.options import JsonOption, Sources, StorageOption, names, pairs, project, storage_or_default
from goldlane.cli.output import print_json, prints_aside, results
from goldlane.cli.progress import STYLES, UpdateDisplay

if TYPE_CHECKING:
    from rich.table import Table

    from goldlane.pipelines import Update

Several = list[str] | None


def run(  # noqa: PLR0913  one parameter per option
    sources: Sources = None,
    storage: StorageOption = None,
    catalog: Annotated[str | None, typer.Option(help="Catalog of unqualified names; none when it is not said.")] = None,
    schema: Annotated[str | None, typer.Option(help="Schema of unqualified names; 'default' when none is said.")] = None,
    conf: Annotated[Several, typer.Option("--conf", metavar="KEY=VALUE", help="What spark.conf.get answers; Spark settings, too.")] = None,
    bound: Annotated[Several, typer.Option("--input", metavar="TABLE=PATH", help="A table the pipeline does not define.")] = None,
    mapped: Annotated[Several, typer.Option("--map", metavar="PREFIX=DIR", help="A path prefix of the platform.")] = None,
    refresh: Annotated[Several, typer.Option(metavar="NAME,..", help="Only these datasets.")] = None,
    full_refresh: Annotated[Several, typer.Option(metavar="NAME,..", help="Compute these from the beginning.")] = None,
    full_refresh_all: Annotated[bool, typer.Option("--full-refresh-all", help="Compute everything from the beginning.")] = False,  # noqa: FBT002  typer's flag
    validate_only: Annotated[bool, typer.Option("--validate-only", help="Check everything, update no table.")] = False,  # noqa: FBT002  typer's flag
    continuous: Annotated[bool, typer.Option("--continuous", help="Go on with what arrives, until Ctrl-C or SIGTERM.")] = False,  # noqa: FBT002  typer's flag
    strict: Annotated[bool, typer.Option("--strict", help="Refuse side effects in dataset functions that otherwise only warn.")] = False,  # noqa: FBT002  typer's flag
    name: Annotated[str | None, typer.Option(help="The pipeline's name; default: the project's, else its folder's.")] = None,
    as_json: JsonOption = False,  # noqa: FBT002  typer's flag
) -> int:
    """Run a pipeline: everything that has arrived, then stop. Exit 1 when a dataset failed.

    A continuous update that was stopped exits 0: it has no other good end.
    """
    from goldlane.pipelines.run import run as run_pipeline

    settings = project()
    asked = pipeline_asked(sources, settings)
    with prints_aside(), UpdateDisplay() as display:
        update = run_pipeline(
            list(asked.sources),
            storage=storage_or_default(storage, settings),
            name=name or asked.name,
            catalog=catalog or asked.catalog,
            schema=schema or asked.schema,
            configuration={**asked.configuration, **pairs(conf, "--conf")},
            inputs=pairs(bound, "--input"),
            paths=pairs(mapped, "--map"),
            refresh=names(refresh),
            full_refresh=names(full_refresh) or full_refresh_all,
            validate_only=validate_only,
            strict=strict,
            continuous=continuous,
            listeners=[display.listen],
        )
    if as_json:
        print_json(update.to_json())
    else:
        show(update)
    return 0 if update.status == "COMPLETED" or (continuous and update.status == "CANCELED") else 1


def show(update: Update) -> None:
    """The update as a table on stdout; what failed first, in the user's file, on stderr."""
    for dataset in update.datasets:
        if dataset.error is not None and dataset.status == "FAILED":
            place = f"{dataset.error.place}: " if dataset.error.place else ""
            sys.stderr.write(f"goldlane: {place}{dataset.name}: {dataset.error.message}\n")
    skipped = [dataset.name for dataset in update.datasets if dataset.status == "SKIPPED"]
    if skipped:
        sys.stderr.write(f"goldlane: skipped, for what they read did not complete: {', '.join(skipped)}\n")
    results().print(_table(update))
    results().print(f"{update.status.value} in {update.seconds:.1f} s, update {update.update_id}")


def _table(update: Update) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for column in ("dataset", "kind", "status"):
        table.add_column(column)
    for column in ("rows", "dropped", "seconds"):
        table.add_column(column, justify="right")
    table.add_column("broken rules")
    for dataset in update.datasets:
        broken = ", ".join(f"{rule.name} {rule.failed:,}" for rule in dataset.expectations if rule.failed)
        rows = (f"{dataset.output_rows:,}", f"{dataset.dropped_rows:,}", f"{dataset.seconds:.1f}")
        status = Text(dataset.status.value, STYLES.get(dataset.status.value, ""))
        table.add_row(dataset.name, dataset.kind.value.replace("_", " "), status, *rows, Text(broken))
    return table

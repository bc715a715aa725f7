"""``goldlane check``: what source files declare, and where they would run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from goldlane.cli.bundled import pipeline_asked
from goldlane.cli.options import JsonOption, Sources, pairs, project
from goldlane.cli.output import print_json, prints_aside, results

if TYPE_CHECKING:
    from goldlane.pipelines.inspection.report import Report
    from goldlane.pipelines.places import Place

Several = list[str] | None
_PLATFORMS = {"databricks": "Databricks", "oss_spark_4_2": "open-source Spark 4.2", "goldlane": "Goldlane"}
_WORDS = {True: "yes", False: "no", None: "only running can tell"}


def check(
    sources: Sources = None,
    conf: Annotated[Several, typer.Option("--conf", metavar="KEY=VALUE", help="What spark.conf.get answers.")] = None,
    mapped: Annotated[Several, typer.Option("--map", metavar="PREFIX=DIR", help="A path prefix of the platform.")] = None,
    as_json: JsonOption = False,  # noqa: FBT002  typer's flag
) -> int:
    """Say what a pipeline declares and where it would run; the files run, no dataset is computed. Exit 2 when a file does not load."""
    from goldlane.pipelines.inspection.check import check as check_sources

    asked = pipeline_asked(sources, project())
    configuration = {**asked.configuration, **pairs(conf, "--conf")}
    with prints_aside():
        report = check_sources(asked.sources, configuration=configuration, paths=pairs(mapped, "--map"))
    if as_json:
        print_json(report.to_json())
    else:
        show(report)
    if not report.registered:
        return 2
    return 1 if any(problem.severity == "error" for problem in report.problems) else 0


def show(report: Report) -> None:
    """The datasets as a table, then each problem with its line, then a verdict per platform."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for column in ("dataset", "kind", "reads", "declared at"):
        table.add_column(column)
    for dataset in report.datasets:
        kind = dataset.kind.value.replace("_", " ") if dataset.kind else "?"
        table.add_row(dataset.name, kind, "?" if dataset.inputs is None else ", ".join(dataset.inputs), _place(dataset.place))
    console = results()
    console.print(table)
    for problem in report.problems:
        place = f"{_place(problem.place)}: " if problem.place else ""
        console.print(f"{place}{problem.severity}: {problem.message} [{problem.code}]", markup=False)
    for platform, verdict in report.runs_on.items():
        why = f": {', '.join(verdict.why)}" if verdict.why else ""
        console.print(f"runs on {_PLATFORMS[platform]}: {_WORDS[verdict.ok]}{why}", markup=False)


def _place(place: Place | None) -> str:
    """A line of a file, seen from the current folder."""
    if place is None:
        return ""
    here = Path.cwd()
    file = Path(place.file)
    return f"{file.relative_to(here) if file.is_relative_to(here) else file}:{place.line}"

"""``goldlane job``: a job of the asset bundle, run on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from goldlane.cli.bundled import bundle_above
from goldlane.cli.job_display import JobDisplay, show
from goldlane.cli.options import JsonOption, StorageOption, names, pairs, project, storage_or_default
from goldlane.cli.output import print_json
from goldlane.errors import UsageError

Several = list[str] | None


def job(  # noqa: PLR0913  one parameter per option
    name: Annotated[str, typer.Argument(metavar="NAME", help="The job's key under resources.jobs.")],
    *,
    target: Annotated[str | None, typer.Option(help="As this target sees it; default: the bundle's default target.")] = None,
    param: Annotated[Several, typer.Option("--param", metavar="KEY=VALUE", help="A parameter of the job.")] = None,
    storage: StorageOption = None,
    only: Annotated[Several, typer.Option(metavar="TASK,..", help="Only these tasks.")] = None,
    start: Annotated[Several, typer.Option("--from", metavar="TASK,..", help="These tasks and all that wait for them.")] = None,
    repair: Annotated[
        str | None, typer.Option(metavar="RUN_ID", help="What failed in that run, and all that waits for it; 'last' is the newest run.")
    ] = None,
    conf: Annotated[Several, typer.Option("--conf", metavar="KEY=VALUE", help="What spark.conf.get answers.")] = None,
    bound: Annotated[Several, typer.Option("--input", metavar="TABLE=PATH", help="A table that nobody here makes.")] = None,
    mapped: Annotated[Several, typer.Option("--map", metavar="PREFIX=DIR", help="A path prefix of the platform.")] = None,
    bundle: Annotated[Path | None, typer.Option(metavar="DIR", help="The folder of databricks.yml; default: the nearest above.")] = None,
    concurrency: Annotated[int, typer.Option(min=1, help="Tasks that may run side by side.")] = 2,
    as_json: JsonOption = False,
) -> int:
    """Run a job of databricks.yml on this machine, task by task. Exit 1 when it failed."""
    from goldlane.bundles.running import Request, run_job

    settings = project()
    with JobDisplay() as display:
        outcome = run_job(
            Request(
                root=_root(bundle),
                job=name,
                storage=storage_or_default(storage, settings).resolve(),
                target=target,
                parameters=pairs(param, "--param"),
                only=names(only) or (),
                start=names(start) or (),
                repair=_repaired(repair),
                configuration=pairs(conf, "--conf"),
                inputs=_absolute(pairs(bound, "--input")),
                paths=_absolute(pairs(mapped, "--map")),
                concurrency=concurrency,
                settings=settings,
                listener=display.listen,
            )
        )
    if as_json:
        print_json(outcome.to_json())
    else:
        show(outcome, _again(storage, bundle, {"--conf": conf, "--input": bound, "--map": mapped}))
    return 0 if outcome.is_good else 1


def _again(storage: Path | None, bundle: Path | None, pairs: dict[str, Several]) -> list[str]:
    """The options that a repair of the run needs again: a run's record has none of them."""
    places = {"--storage": storage, "--bundle": bundle}
    given = {option: [str(place)] for option, place in places.items() if place is not None} | pairs
    return [word for option, values in given.items() for value in values or () for word in (option, value)]


def _root(folder: Path | None) -> Path:
    """The bundle's folder."""
    if folder is not None:
        return folder.resolve()
    found = bundle_above()
    if found is None:
        raise UsageError(f"there is no databricks.yml in {Path.cwd()}, nor above it", hint="say --bundle DIR, or go there")
    return found


def _repaired(run: str | None) -> int | Literal["last"] | None:
    """The run to repair."""
    if run is None:
        return None
    if run == "last":
        return "last"
    if not run.isdecimal():
        raise UsageError(f"--repair takes the number of a run, or last, not {run!r}", hint="goldlane job prints the number as it ends")
    return int(run)


def _absolute(places: dict[str, str]) -> dict[str, str]:
    """Tasks run in folders of their own."""
    return {name: place if "://" in place else str(Path(place).expanduser().resolve()) for name, place in places.items()}

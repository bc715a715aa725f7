"""``goldlane sample``: the project's sample data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from goldlane.cli.application import application
from goldlane.cli.options import project
from goldlane.cli.output import results
from goldlane.errors import UsageError


def sample(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="An empty or new folder.")],
    transactions: Annotated[int, typer.Option(help="How many transactions.")] = 100_000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 7,
    faults: Annotated[float, typer.Option(help="Share of faulty rows, 0 to 0.5.")] = 0.01,
) -> None:
    """Write sample landing files, faults planted and recorded in DIR/_faults.json."""
    settings = project()
    if settings.sample is None:
        raise UsageError("this project has no sample data", hint='[tool.goldlane] sample = "module:function" in pyproject.toml')
    write = application(settings.sample, settings, setting="sample")
    write(directory, transactions=transactions, seed=seed, faults=faults)
    results().print(f"wrote {transactions:,} transactions to {directory}")

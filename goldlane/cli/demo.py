"""``goldlane demo``: the project's own demonstration, from sample data to an agent's answer."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from goldlane.cli.application import application
from goldlane.cli.options import project
from goldlane.errors import UsageError


def demo(
    directory: Annotated[
        Path | None, typer.Option("--dir", help="Where it leaves landing, storage and online.db; default .goldlane/demo.")
    ] = None,
) -> None:
    """Run the project's demo."""
    settings = project()
    if settings.demo is None:
        raise UsageError("this project has no demo", hint='[tool.goldlane] demo = "module:function" in pyproject.toml')
    application(settings.demo, settings, setting="demo")(directory or settings.path(".goldlane/demo"))

"""Options that several commands share, and KEY=VALUE arguments."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from goldlane.errors import UsageError
from goldlane.settings import Settings, read_settings

Sources = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="SOURCE...",
        help="Files, notebooks, folders, globs, or a pipeline of databricks.yml by its key; default: [tool.goldlane] pipelines.",
    ),
]
_STORAGE = "Folder of tables, checkpoints and events; default: [tool.goldlane] storage, else .goldlane/storage."
StorageOption = Annotated[Path | None, typer.Option("--storage", metavar="DIR", help=_STORAGE)]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]

_EXAMPLES = {
    "--conf": "--conf spark.driver.memory=4g",
    "--input": "--input crm.customers=customers.csv",
    "--map": "--map /Volumes/main/raw=landing",
    "--param": "--param mode=snapshot",
}


def pairs(values: Sequence[str] | None, option: str) -> dict[str, str]:
    """``KEY=VALUE`` arguments as a dictionary.

    Raises:
        UsageError: arguments without ``=``, all of them at once.
    """
    wrong = [value for value in values or () if "=" not in value or value.startswith("=")]
    if wrong:
        hint = f"as in {_EXAMPLES.get(option, f'goldlane {option} customer_features customer_id=C1')}"
        raise UsageError(f"{option} takes KEY=VALUE, not {', '.join(map(repr, wrong))}", hint=hint)
    return dict(value.split("=", 1) for value in values or ())


def names(values: Sequence[str] | None) -> list[str] | None:
    """``a,b`` given once or several times, as one list; None when not given."""
    return [name.strip() for value in values for name in value.split(",") if name.strip()] if values else None


def sources_or_default(sources: Sequence[str] | None, settings: Settings) -> list[str]:
    """The given sources, else the project's.

    Raises:
        UsageError: there are none.
    """
    if sources:
        return list(sources)
    if not settings.pipelines:
        raise UsageError(
            "no SOURCE given, and no [tool.goldlane] pipelines in a pyproject.toml here",
            hint="name a file or folder, or set pipelines there",
        )
    return [str(settings.path(source)) for source in settings.pipelines]


def storage_or_default(storage: Path | None, settings: Settings) -> Path:
    """The given storage, else the project's."""
    return storage if storage is not None else settings.path(settings.storage)


def project() -> Settings:
    """The settings of the folder in which the command was typed."""
    return read_settings()

"""Options that the wheel tasks of a job share: where its tables are, and the application's declarations by name."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from goldlane.cli.application import declared_tables
from goldlane.cli.rules import declared_rules
from goldlane.errors import UsageError
from goldlane.settings import read_settings

if TYPE_CHECKING:
    from goldlane.expectations import Rules
    from goldlane.features.declarations import FeatureTable
    from goldlane.settings import Settings

CatalogOption = Annotated[str, typer.Option("--catalog", metavar="NAME", help="The catalog of the job's tables.")]
SchemaOption = Annotated[str, typer.Option("--schema", metavar="NAME", help="The schema of the job's tables.")]
# Text, for a job gives an empty one where it has none, and an empty path would be the working folder.
StorageOption = Annotated[str, typer.Option("--storage", metavar="DIR", help="The storage of the tables; empty on Databricks.")]
ProjectOption = Annotated[str, typer.Option("--project", metavar="DIR", help="The application's folder; default: the working folder.")]
FeaturesOption = Annotated[
    str, typer.Option("--features", metavar="MODULE", help="The module of FEATURE_TABLES; default: [tool.goldlane] features.")
]
RulesOption = Annotated[str, typer.Option("--rules", metavar="MODULE", help="The module of RULES; default: [tool.goldlane] rules.")]


def job_settings(project: str) -> Settings:
    """The settings of the application at ``project``, else of the working folder's, with its root on the path.

    Raises:
        UsageError: there is no such folder, or its settings cannot be read.
    """
    if project and not Path(project).is_dir():
        raise UsageError(f"--project {project}: there is no such folder", hint="name the folder of the application's pyproject.toml")
    settings = read_settings(Path(project) if project else None)
    if str(settings.root) not in sys.path:
        sys.path.insert(0, str(settings.root))
    return settings


def tables_of_project(module: str, settings: Settings) -> tuple[FeatureTable, ...]:
    """The feature tables of ``module``, else of the project; none when neither is named."""
    named = replace(settings, features=module) if module else settings
    return declared_tables(named) if named.features else ()


def rules_of_project(module: str, settings: Settings) -> dict[str, Rules]:
    """The rules of ``module``, else of the project, by table."""
    return declared_rules(replace(settings, rules=module) if module else settings)

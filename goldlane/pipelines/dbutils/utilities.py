"""The object behind the name ``dbutils``."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from goldlane.pipelines.dbutils.filesystem import FileSystem
from goldlane.pipelines.dbutils.jobs import Jobs
from goldlane.pipelines.dbutils.notebook import Notebook, RunNotebook
from goldlane.pipelines.dbutils.secrets import Secrets
from goldlane.pipelines.dbutils.widgets import Widgets


class Library:
    """Packages come from this machine's environment; nothing is installed and Python does not restart."""

    def restartPython(self) -> None:  # noqa: N802  Databricks' name
        """Nothing: what was imported is what will be imported."""

    def installPyPI(self, *_: object, **__: object) -> bool:  # noqa: N802  Databricks' name
        """Nothing is installed."""
        return False


class DBUtils:
    """Databricks' utilities on this machine: one object per load, shared by all its files."""

    def __init__(self, *, settings: Mapping[str, str], path: Callable[[str], str], run_notebook: RunNotebook) -> None:
        self.widgets = Widgets(settings)
        self.fs = FileSystem(path)
        self.secrets = Secrets()
        self.notebook = Notebook(run_notebook)
        self.jobs = Jobs()
        self.library = Library()

    def help(self, *_: object) -> None:
        """Nothing: Databricks prints its manual here."""

"""``dbutils`` as source files see it: widgets from settings, files over mapped paths, secrets from environment variables."""

from __future__ import annotations

from goldlane.pipelines.dbutils.notebook import NotebookExit
from goldlane.pipelines.dbutils.utilities import DBUtils

__all__ = ["DBUtils", "NotebookExit"]

"""SQL source files of a pipeline: ``CREATE STREAMING TABLE`` and its kin become the same definitions that the decorators make."""

from __future__ import annotations

from goldlane.pipelines.sqlfiles.errors import SqlSourceError
from goldlane.pipelines.sqlfiles.loading import declares_pipeline, load_sql
from goldlane.pipelines.sqlfiles.notebooks import is_sql

__all__ = ["SqlSourceError", "declares_pipeline", "is_sql", "load_sql"]

"""Auto Loader on Spark's own file stream: ``cloudFiles`` sources, their stored schemas, and how these grow.

Differs from Databricks:
- nested values in text columns come as compact JSON, numbers inside them as Java prints doubles.
"""

from __future__ import annotations

from goldlane.pipelines.autoloader.errors import AutoLoaderError, AutoLoaderUsageError, SchemaChange
from goldlane.pipelines.autoloader.loader import cloud_files, evolve
from goldlane.pipelines.autoloader.stops import explain, is_schema_failure

__all__ = ["AutoLoaderError", "AutoLoaderUsageError", "SchemaChange", "cloud_files", "evolve", "explain", "is_schema_failure"]

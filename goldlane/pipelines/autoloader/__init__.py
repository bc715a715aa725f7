"""Auto Loader on Spark's own file stream: ``cloudFiles`` sources, their stored schemas, and how these grow.

Differs from Databricks:

- every trigger lists the folder; notification options are accepted and change nothing; maxFilesPerTrigger has no default;
- nested values in text columns come as compact JSON, the numbers inside them as Java prints doubles;
- a misfit inside a struct, array or map rescues the whole top-level field;
- CSV values are cast in the plan. A header that is new is recognised when half of its names are known columns; from then on each file
  is read whole, as one text, and its lines by the names of its own header (a file must then fit into memory);
- CSV with a given schema is read by position, as Spark reads it;
- parquet, avro and xml rescue nothing. Their new columns are looked for in files by modification time, when the source is opened: a
  file moved in with an older time than the last look keeps its unknown columns to itself;
- a full refresh must delete the schema location together with the checkpoint, or ``includeExistingFiles=false`` keeps its first instant.
"""

from __future__ import annotations

from goldlane.pipelines.autoloader.errors import AutoLoaderError, AutoLoaderUsageError, SchemaChange
from goldlane.pipelines.autoloader.loader import all_files, cloud_files, evolve, planned_files
from goldlane.pipelines.autoloader.stops import explain, is_schema_failure

__all__ = [
    "AutoLoaderError",
    "AutoLoaderUsageError",
    "SchemaChange",
    "all_files",
    "cloud_files",
    "evolve",
    "explain",
    "is_schema_failure",
    "planned_files",
]

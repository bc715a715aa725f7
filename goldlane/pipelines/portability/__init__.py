"""Where a pipeline would run, and, per line of source, why not: Databricks, open-source Spark 4.2, Goldlane."""

from __future__ import annotations

from goldlane.pipelines.portability.platforms import PLATFORMS, Platform
from goldlane.pipelines.portability.reasons import Reason, reasons_in
from goldlane.pipelines.portability.sqlreasons import reasons_in_sql
from goldlane.pipelines.portability.verdicts import Verdict, verdicts

__all__ = ["PLATFORMS", "Platform", "Reason", "Verdict", "reasons_in", "reasons_in_sql", "verdicts"]

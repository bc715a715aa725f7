"""Where an isolated pipeline lives."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@dataclass(frozen=True, slots=True, kw_only=True)
class Workplace:
    """A folder of the test's own, the session of the run, and the root that relative paths are meant from."""

    folder: Path
    spark: SparkSession
    root: Path

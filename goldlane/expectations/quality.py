"""What the write observed, per check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from goldlane.errors import GoldlaneError
from goldlane.expectations.enforcement import Check, marked_frame, metric_columns

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from goldlane.expectations.rule import Action


class CheckCount(NamedTuple):
    """How many rows passed and failed one check; both together are all rows that reached it."""

    name: str
    action: Action
    passed: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """The counts of one write: rows that reached the checks, rows that broke a DROP check, and one count per check."""

    rows: int
    dropped: int
    failed: tuple[CheckCount, ...]


def quality(metrics: Mapping[str, Any], checks: Sequence[Check]) -> Quality:
    """What ``enforce`` observed under ``checks``, given the observation's metrics.

    Raises:
        GoldlaneError: the metrics are empty, because the write was aborted; ``count_quality`` scans instead.
    """
    if "rows" not in metrics:
        raise GoldlaneError("the write left no counts", hint="it was aborted; count_quality(df, checks) counts with a scan of its own")
    rows = int(metrics["rows"])
    failures = [int(metrics[f"failed_{position}"]) for position in range(len(checks))]
    counts = (CheckCount(check.name, check.action, rows - broken, broken) for check, broken in zip(checks, failures, strict=True))
    return Quality(rows=rows, dropped=int(metrics["dropped"]), failed=tuple(counts))


def count_quality(df: DataFrame, checks: Sequence[Check], *, flow: str) -> Quality:
    """The same counts with one scan of ``df`` and no write: for the batch whose write a FAIL check aborted."""
    marked, masks = marked_frame(df, checks, flow=flow)
    counted = marked.agg(*metric_columns(checks, masks)).collect()[0]
    return quality(counted.asDict(), checks)

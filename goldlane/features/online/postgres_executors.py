"""Rows of a Spark frame, copied into a staging table by Spark's executors side by side; this process never sees them.

A task that Spark runs twice copies its rows twice, which the merge does not mind: of equal rows one is as good as the other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from goldlane.errors import GoldlaneError, UsageError
from goldlane.features.declarations import FeatureTable
from goldlane.features.online.forgotten import Forgotten, Remaining
from goldlane.features.online.postgres_place import Place, driver
from goldlane.features.online.postgres_staging import Staging, append
from goldlane.features.online.store import StoreError
from goldlane.features.online.values import EPOCH, microseconds_of

if TYPE_CHECKING:
    import pyarrow as pa

    from goldlane.features.arrow_batches import Intake
    from goldlane.features.spark_batches import SparkBatches

_TOLD = "seen long, rejected long, forgotten long, newest long"
_OURS = re.compile(r"goldlane\.[\w.]*\.(\w+): (.*)")


def stage_from_executors(place: Place, staging: Staging, rows: Intake, frame: SparkBatches, forgotten: Forgotten | None) -> int:
    """Fill the staging table, and count in ``rows`` what came and was refused; how many rows were left out because they are forgotten."""
    from pyspark.errors import PySparkException

    with driver().connect(place.conninfo, autocommit=True) as connection:
        for statement in staging.statements:
            connection.execute(statement)
    work = _copying(rows.table, place, staging.name, forgotten)
    try:
        told = frame.on_executors(work, _TOLD)
    except PySparkException as error:
        raise _ours(str(error), place) from None
    rows.count(sum(each["seen"] for each in told), sum(each["rejected"] for each in told), _newest(told))
    return sum(each["forgotten"] for each in told)


def _copying(table: FeatureTable, place: Place, name: str, forgotten: Forgotten | None) -> Any:
    """What an executor does with the batches of a partition; a declaration travels as text, as its source may be code."""
    declaration = table.to_json()

    def copied(batches: Iterable[pa.RecordBatch]) -> dict[str, int | None]:
        from goldlane.features.arrow_batches import Intake
        from goldlane.features.delta_files import plain_text

        rows = Intake(FeatureTable.from_json(declaration), map(plain_text, batches))
        remaining = Remaining(rows, forgotten)
        append(place, name, remaining)
        newest = None if rows.newest is None else microseconds_of(rows.newest)
        return {"seen": rows.rows_seen, "rejected": rows.rows_rejected, "forgotten": remaining.rows_forgotten, "newest": newest}

    return copied


def _newest(told: Iterable[dict[str, Any]]) -> datetime | None:
    times = [each["newest"] for each in told if each["newest"] is not None]
    return EPOCH + timedelta(microseconds=max(times)) if times else None


def _ours(text: str, place: Place) -> GoldlaneError:
    """An executor's error, which comes as the text of its traceback, as if it had happened here."""
    found = _OURS.search(text)
    if found is None:
        last = place.without_secrets(text.strip().splitlines()[-1] if text.strip() else "no message")
        return StoreError(f"{place.label}: Spark's executors could not copy the rows: {last}")
    kind = UsageError if found[1] in ("UsageError", "Mistakes", "MissingExtraError") else StoreError
    return kind(place.without_secrets(found[2]))

"""Where a monitor keeps what it knows: state and record under ``STORAGE/system/monitoring``, metrics beside the watched table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deltalake import DeltaTable

from goldlane.filelocks import file_lock
from goldlane.monitoring.columns import quoted
from goldlane.monitoring.errors import MonitoringError
from goldlane.monitoring.monitors import Monitor, watched_name
from goldlane.pipelines.names import Namespace
from goldlane.pipelines.storage import Storage, read_json, write_json

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

LOG = "_delta_log"
# The condition of no row: what is written is only added.
NOTHING = "false"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What the last whole refresh was of: the watched version, the declaration, the slices' values, and the baseline's version.

    ``instant`` is a snapshot's; ``columns`` are type and kind of each of the table's.
    It is written last: what a killed refresh had written is written again, the same.
    """

    table_id: str
    version: int
    fingerprint: str
    monitor_version: int
    slices: Mapping[str, Sequence[str | None]] = field(default_factory=dict)
    baseline: str | None = None
    instant: int | None = None
    columns: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorPlace:
    """The folders of one monitor."""

    storage: Storage
    monitor: Monitor

    @property
    def table(self) -> Path:
        """The watched table."""
        return self.storage.table(watched_name(self.monitor))

    @property
    def baseline(self) -> Path | None:
        """The baseline table, if there is one."""
        return None if self.monitor.baseline is None else self.storage.table(Namespace().qualify(self.monitor.baseline))

    @property
    def profile(self) -> Path:
        """The profile metrics."""
        return self.table.with_name(f"{self.table.name}_profile_metrics")

    @property
    def drift(self) -> Path:
        """The drift metrics."""
        return self.table.with_name(f"{self.table.name}_drift_metrics")

    @property
    def state(self) -> Path:
        """The state, a Delta table."""
        return self._folder / "state"

    def record(self) -> Record | None:
        """What the last refresh left; nothing when there was none, or when a table that it wrote is gone."""
        kept = read_json(self._record)
        whole = all((place / LOG).is_dir() for place in (self.state, self.profile, self.drift))
        return Record(**kept) if kept and whole else None

    def begin(self, version: int) -> None:
        """Note which version is about to be written, until it is remembered."""
        write_json(self._begun, {"version": version})

    def begun(self) -> int | None:
        """The version that a refresh which did not end was writing."""
        kept = read_json(self._begun)
        return int(kept["version"]) if kept else None

    def remember(self, record: Record) -> None:
        """Replace the record in one step; what was begun has ended."""
        write_json(self._record, asdict(record))
        self._begun.unlink(missing_ok=True)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """One refresh of a monitor at a time.

        Raises:
            MonitoringError: another process refreshes it.
        """

        def refusal(owner: str) -> MonitoringError:
            return MonitoringError(f"the monitor of {self.monitor.table} is being refreshed already, by {owner}", hint="wait for it to end")

        with file_lock(self._folder / "lock", refusal):
            yield

    @property
    def _folder(self) -> Path:
        return self.storage.root / "system" / "monitoring" / watched_name(self.monitor).key

    @property
    def _begun(self) -> Path:
        return self._folder / "begun.json"

    @property
    def _record(self) -> Path:
        return self._folder / "record.json"


def read_delta(spark: SparkSession, place: Path) -> DataFrame:
    """A Delta table as it is now."""
    return spark.read.format("delta").load(str(place))


def write_delta(frame: DataFrame, place: Path, condition: str | None) -> int:
    """Replace the rows that meet ``condition``, all of them without one, in one commit; new columns are added. How many rows it wrote.

    What meets no condition (``NOTHING``) is appended: Delta looks through a table for rows to replace, which takes longer than the write.
    """
    writer: Any = frame.write.format("delta").mode("overwrite")
    before = DeltaTable(str(place)).version() if (place / LOG).is_dir() else -1
    if condition is None or before < 0:
        writer = writer.option("overwriteSchema", "true")
    elif condition == NOTHING:
        writer = writer.mode("append").option("mergeSchema", "true")
    else:
        writer = writer.option("replaceWhere", condition).option("mergeSchema", "true")
    writer.save(str(place))
    return _written_rows(DeltaTable(str(place)), before)


def _written_rows(table: DeltaTable, since: int) -> int:
    """What the commits after a version tell of themselves: nothing is scanned. A write that changes nothing may leave none."""
    new = table.history(table.version() - since)
    told = [commit["operationMetrics"] for commit in new if commit.get("operation") == "WRITE"]
    # Delta counts rows that stayed, and moved to another file, among those it put out.
    return sum(int(metrics["numOutputRows"]) - int(metrics.get("numCopiedRows", 0)) for metrics in told)


def retype(place: Path, frame: DataFrame) -> None:
    """Give the columns of a table the types that they have in ``frame``; a value that the new type cannot hold is NULL."""
    stored = read_delta(frame.sparkSession, place)
    wanted = {field.name.lower(): field.dataType.simpleString() for field in frame.schema}
    types = {field.name: wanted.get(field.name.lower(), field.dataType.simpleString()) for field in stored.schema}
    if any(field.dataType.simpleString() != types[field.name] for field in stored.schema):
        kept: Any = stored.selectExpr(*(_as_type(stored, name, kind) for name, kind in types.items()))
        kept.write.format("delta").mode("overwrite").option("overwriteSchema", "true").save(str(place))


def _as_type(stored: DataFrame, name: str, kind: str) -> str:
    from pyspark.errors import AnalysisException

    tried = f"try_cast({quoted(name)} AS {kind}) AS {quoted(name)}"
    try:
        _ = stored.selectExpr(tried).schema
    except AnalysisException:
        return f"CAST(NULL AS {kind}) AS {quoted(name)}"
    return tried

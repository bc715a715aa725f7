"""``maintain``: forgotten rows deleted, old events thrown away, small files put together, and files purged that nobody needs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from goldlane.errors import GoldlaneError, UsageError, first_line
from goldlane.features.delta_files import ask, open_delta
from goldlane.features.forgotten_entities import Entity, complete, forgotten_entities
from goldlane.maintenance.compaction import compact
from goldlane.maintenance.generations import remove_old_generations
from goldlane.maintenance.locks import updates_held
from goldlane.maintenance.purging import SAFE_DAYS, purge
from goldlane.maintenance.readers import streams_behind
from goldlane.maintenance.stored import Stored, stored_tables
from goldlane.maintenance.sweeping import Tell, sweep_table

if TYPE_CHECKING:
    from deltalake import DeltaTable


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How many days files stay that no newer version needs, and rows of the event log."""

    file_days: int = SAFE_DAYS
    event_days: int = 90

    def __post_init__(self) -> None:
        if self.file_days < 0 or self.event_days < 0:
            raise UsageError("a retention is a number of days, 0 or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tended:
    """What was done to one table. ``readable_from`` is the oldest version that can still be read, where versions were lost."""

    table: str
    rows_deleted: int = 0
    files_compacted: int = 0
    files_purged: int = 0
    bytes_purged: int = 0
    readable_from: int | None = None
    note: str | None = None
    failed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Maintained:
    """What was done, or in a ``dry_run`` would be. ``running`` pipelines were in the middle of an update."""

    tables: tuple[Tended, ...]
    generations_removed: int
    running: tuple[str, ...]
    dry_run: bool
    seconds: float

    @property
    def has_failed(self) -> bool:
        """Whether something of a table could not be done."""
        return any(table.failed for table in self.tables)


def maintain(storage: Path, retention: Retention | None = None, *, dry_run: bool = False, tell: Tell = lambda _: None) -> Maintained:
    """Tend every table of a storage; a table that cannot be tended does not keep the others from it.

    While an update runs nothing is rewritten, and only files are purged that have been unneeded for 7 days or more.

    Raises:
        UsageError: the folder is no storage.
    """
    started, kept = time.perf_counter(), retention or Retention()
    stored_tables(storage)
    with updates_held(storage) as running:
        generations = 0 if running else remove_old_generations(storage, dry_run=dry_run)
        forgotten = () if running or dry_run else forgotten_entities(storage)
        work = _Work(storage=storage, retention=kept, running=running, dry_run=dry_run, forgotten=forgotten)
        tended = tuple(work.tended(table, tell) for table in stored_tables(storage))
        if not any(table.failed for table in tended):
            complete(storage, (entity for entity in forgotten if not entity.completed))
    return Maintained(
        tables=tended, generations_removed=generations, running=running, dry_run=dry_run, seconds=round(time.perf_counter() - started, 3)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """``forgotten`` are those whose rows are deleted: they came back into bronze, or a stopped `forget` left them."""

    storage: Path
    retention: Retention
    running: tuple[str, ...]
    dry_run: bool
    forgotten: tuple[Entity, ...]

    def tended(self, table: Stored, tell: Tell) -> Tended:
        tell(table.name)
        done = Tended(table=table.name)
        try:
            done = replace(done, rows_deleted=sweep_table(table, self.forgotten, tell) if self.forgotten else 0)
            delta = open_delta(table.path, table.name)
            done = replace(done, rows_deleted=done.rows_deleted + self._aged(table, delta))
            if not self.running:
                done = replace(done, files_compacted=compact(table, delta, dry_run=self.dry_run))
            return self._purged(table, open_delta(table.path, table.name), done)
        except GoldlaneError as failed:
            return replace(done, failed=True, note=failed.message)
        except Exception as failed:  # noqa: BLE001  one damaged table must not keep the others from being tended
            return replace(done, failed=True, note=first_line(failed))

    def _aged(self, table: Stored, delta: DeltaTable) -> int:
        if not table.is_log:
            return 0
        oldest = datetime.now(timezone.utc) - timedelta(days=self.retention.event_days)
        moment = f"'{oldest:%Y-%m-%dT%H:%M:%S.%f}Z', 'Timestamp(Microsecond, Some(\"UTC\"))'"
        old = f"timestamp < arrow_cast({moment})"
        (batch,) = ask(delta, f"SELECT count(*) FROM gold WHERE {old}")  # noqa: S608  a number
        rows = int(batch.column(0)[0].as_py())
        if rows and not self.dry_run:
            delta.delete(old)
        return rows

    def _purged(self, table: Stored, delta: DeltaTable, done: Tended) -> Tended:
        why = "; ".join(self._reasons(table, delta))
        if why:
            return replace(done, note=f"not purged: {why}")
        found = purge(table, delta, self.retention.file_days, dry_run=self.dry_run)
        return replace(done, files_purged=found.files, bytes_purged=found.bytes, readable_from=found.readable_from)

    def _reasons(self, table: Stored, delta: DeltaTable) -> Iterator[str]:
        """Why a short retention would break somebody."""
        if self.retention.file_days >= SAFE_DAYS:
            return
        if self.running:
            yield f"{', '.join(self.running)} is being updated, which allows no retention below {SAFE_DAYS} days"
        behind = streams_behind(self.storage, table.path, delta)
        if behind:
            yield f"{', '.join(behind)} has not read all of it yet; run the pipeline first"

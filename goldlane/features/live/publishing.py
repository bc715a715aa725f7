"""``publish(..., mode="continuous")``: picks the path, stops cleanly on a signal, and adds up what was done."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from goldlane.errors import UsageError
from goldlane.features.live.course import Applied, Live
from goldlane.settings import read_settings

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from goldlane.expectations import Rules
    from goldlane.features.declarations import FeatureTable
    from goldlane.features.online.catalogue import Catalogue
    from goldlane.features.online.store import OnlineStore
    from goldlane.features.publishing import Published


@dataclass(slots=True)
class _Account:
    """Everything that was applied so far."""

    table: str
    times: int = 0
    rows_written: int = 0
    rows_deleted: int = 0
    rows_late: int = 0
    rows_rejected: int = 0
    rows_forgotten: int = 0
    last: int | None = None

    def listener(self, also: Callable[[Applied], None]) -> Callable[[Applied], None]:
        """Adds up, and tells ``also``."""

        def take(applied: Applied) -> None:
            self.times += 1
            self.rows_written += applied.rows_written
            self.rows_deleted += applied.rows_deleted
            self.rows_late += applied.rows_late
            self.rows_rejected += applied.rows_rejected
            self.rows_forgotten += applied.rows_forgotten
            self.last = applied.number
            also(applied)

        return take


def publish_continuously(  # noqa: PLR0913  as publish
    table: FeatureTable,
    source: DataFrame | str | Path,
    store: OnlineStore,
    live: Live | None = None,
    *,
    rules: Rules | None = None,
    catalogue: Catalogue | None = None,
) -> Published:
    """Keep the store's ``table`` up to date until somebody asks to stop: ``live.stop``, Ctrl-C or SIGTERM. What has begun is finished.

    ``source`` is a streaming frame; or a storage, whose gold table's new versions are applied, unless ``table.source`` makes a stream.
    ``rules`` and ``catalogue`` are those of ``publish``, of a gold table's versions.
    From a stream, an older event time never overwrites a newer one; each micro-batch also adds its rows to ``<table>_live``, once.

    Raises:
        UsageError: the source does not fit, or the table is published continuously by somebody else.
        StoreError: the store could not be reached for ``live.patience_s``.
    """
    from goldlane.features.live.gold_feed import publish_versions
    from goldlane.features.live.stream import publish_stream
    from goldlane.features.publishing import Published

    live, account, started = live or Live(), _Account(table.name), time.perf_counter()
    heard = replace(live, on_applied=account.listener(live.on_applied))
    frame, storage = _source(table, source, live)
    with live.stop.on_signals():
        if frame is None:
            publish_versions(table, storage, store, heard, {"rules": rules, "catalogue": catalogue})
        elif rules is not None:
            raise UsageError(f"{table.name}: rules gate a gold table", hint="split a stream before it is published")
        else:
            publish_stream(table, frame, store, heard, storage)
    unit = "version" if frame is None else "micro-batch"
    return Published(
        table=table.name,
        mode="continuous",
        rows_written=account.rows_written,
        rows_deleted=account.rows_deleted,
        rows_late=account.rows_late,
        rows_rejected=account.rows_rejected,
        rows_forgotten=account.rows_forgotten,
        seconds=round(time.perf_counter() - started, 3),
        version=account.last if frame is None else None,
        note=f"stopped after {unit} {account.last}" if account.times else "stopped; nothing had arrived",
    )


def _source(table: FeatureTable, source: DataFrame | str | Path, live: Live) -> tuple[DataFrame | None, Path]:
    """The stream, if there is one, and the storage; its full path, for the JVM has a working folder of its own."""
    if isinstance(source, (str, Path)):
        return _stream(table) if callable(table.source) else None, Path(source).resolve()
    if not hasattr(source, "isStreaming"):
        raise UsageError(f"{table.name} can be published continuously from a streaming DataFrame or a storage, not from {source!r}")
    return source, (live.storage or _project_storage()).resolve()


def _stream(table: FeatureTable) -> Any:
    from goldlane.features.live.session import live_session

    return table.source(live_session({})) if callable(table.source) else None


def _project_storage() -> Path:
    settings = read_settings()
    return settings.path(settings.storage)

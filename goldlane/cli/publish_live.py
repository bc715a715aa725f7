"""``goldlane publish --mode continuous``: every table in a thread of its own, until Ctrl-C or SIGTERM."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from goldlane.cli.streams import Stream

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from goldlane.features.declarations import FeatureTable
    from goldlane.features.live import Applied, Live
    from goldlane.features.online import OnlineStore
    from goldlane.features.publishing import Published

_LOOK_EVERY_S = 0.2
_TELL_EVERY_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Publishing:
    """What one call of the command publishes with. ``told`` says what ``publish`` is to be told of a gold table, by its name."""

    storage: Path
    store: OnlineStore
    streams: Mapping[str, Stream]
    configuration: Mapping[str, str]
    told: Callable[[str], dict[str, Any]]
    every_s: float


def publish_live(tables: Sequence[FeatureTable], asked: Publishing) -> list[Published]:
    """Publish until asked to stop; what fails stops all, once each has finished its batch.

    Raises:
        UsageError: a gold table is missing, a stream does not fit, or a table is published by somebody else.
    """
    from goldlane.features.gold import require_gold
    from goldlane.features.live import Live

    require_gold([table for table in tables if table.name not in asked.streams], asked.storage)
    live = Live(storage=asked.storage, every_s=asked.every_s, on_notice=_say)
    spark = _session(asked) if any(table.name in asked.streams for table in tables) else None
    with live.stop.on_signals(), ThreadPoolExecutor(len(tables), thread_name_prefix="publish") as pool:
        running = [pool.submit(_publish, table, asked, replace(live, on_applied=_Line(table.name).take), spark) for table in tables]
        _say(f"publishing {', '.join(table.name for table in tables)} continuously; Ctrl-C stops")
        _until_over(running, live)
    return [future.result() for future in running]


def _until_over(running: Sequence[Future[Published]], live: Live) -> None:
    left = set(running)
    while left:
        over, left = wait(left, timeout=_LOOK_EVERY_S)
        if any(future.exception() is not None for future in over):
            live.stop.ask()


def _publish(table: FeatureTable, asked: Publishing, live: Live, spark: SparkSession | None) -> Published:
    from goldlane.features.gold import source_name
    from goldlane.features.publishing import publish

    stream = asked.streams.get(table.name)
    if stream is not None and spark is not None:
        return publish(table, stream(spark), asked.store, mode="continuous", live=live)
    return publish(table, asked.storage, asked.store, mode="continuous", live=live, **asked.told(source_name(table)))


def _session(asked: Publishing) -> SparkSession:
    from goldlane.features.live.session import live_session

    return live_session(asked.configuration)


@dataclass(slots=True)
class _Line:
    """Progress of one table: a line at most every second, with what was applied since the last one."""

    table: str
    said: float = 0.0
    waiting: list[Applied] = field(default_factory=list)

    def take(self, applied: Applied) -> None:
        """Say it, or wait for more."""
        self.waiting.append(applied)
        if time.monotonic() - self.said < _TELL_EVERY_S:
            return
        self.said = time.monotonic()
        counts = {kind: sum(getattr(each, f"rows_{kind}") for each in self.waiting) for kind in ("written", "deleted", "late", "rejected")}
        told = ", ".join(f"{count:,} {kind}" for kind, count in counts.items() if count) or "nothing new"
        slowest = max(each.seconds for each in self.waiting)
        _say(f"{self.table}: up to {applied.number}: {told} ({slowest:.2f} s)")
        self.waiting.clear()


def _say(text: str) -> None:
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {text}\n")

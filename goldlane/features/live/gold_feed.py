"""From gold: every new version of a gold table into the store, as soon as it is there. delta-rs reads it; no JVM is started."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from goldlane.features.gate import GateError
from goldlane.features.gold import gold_path, require_gold
from goldlane.features.live.course import Applied, Live

if TYPE_CHECKING:
    from goldlane.features.declarations import FeatureTable
    from goldlane.features.online.store import OnlineStore
    from goldlane.features.publishing import Published

_LOOK_AGAIN_S = 2.0


@dataclass(slots=True)
class _Log:
    """Says when a Delta table may have changed: its next version's file is there; or, for it may be another table, every now and then."""

    path: Path
    next_file: Path | None = None
    looked: float = 0.0

    def has_news(self) -> bool:
        """Whether to look."""
        if self.next_file is None or self.next_file.exists() or time.monotonic() - self.looked > _LOOK_AGAIN_S:
            self.looked = time.monotonic()
            return True
        return False

    def seen(self, version: int) -> None:
        """The version that was looked at."""
        self.next_file = self.path / "_delta_log" / f"{version + 1:020}.json"


def publish_versions(table: FeatureTable, storage: Path, store: OnlineStore, live: Live, told: Mapping[str, Any]) -> None:
    """Publish the newest version of the gold table now, and every later one, until asked to stop.

    ``told`` are the rules and the catalogue that ``publish`` takes. Versions that come while one is being published are published as one.
    A version that breaks a rule is left out, and told of.

    Raises:
        UsageError: there is no such gold table, it does not fit, or the table is published by somebody else.
        StoreError: the store cannot be reached; nothing is lost, the next start goes on from there.
    """
    from goldlane.features.gold_publishing import publish_gold

    require_gold([table], storage)
    log, refused, published = _Log(gold_path(table, storage)), -1, -1
    with store.claiming(table):
        while not live.stop.asked:
            if log.has_news():
                try:
                    done = live.patiently(lambda: publish_gold(table, storage, store, **told, is_claimed=True))
                except GateError as error:
                    if error.version != refused:
                        live.on_notice(error.message)
                    refused = error.version
                    log.seen(refused)
                else:
                    log.seen(done.version or 0)
                    if done.version != published or done.rows_written:
                        live.on_applied(_applied(done))
                    published = -1 if done.version is None else done.version
            live.stop.wait(live.every_s)


def _applied(done: Published) -> Applied:
    return Applied(
        table=done.table,
        number=done.version or 0,
        rows_written=done.rows_written,
        rows_deleted=done.rows_deleted,
        rows_late=done.rows_late,
        rows_rejected=done.rows_rejected,
        rows_forgotten=done.rows_forgotten,
        seconds=done.seconds,
    )

"""From a storage's gold table to an online store, once: every key, or those that changed since the version published last."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from goldlane.features.cataloguing import Finished, recorded
from goldlane.features.changes import GoldTable
from goldlane.features.forgotten_entities import forgotten_among
from goldlane.features.forgotten_online import forget_online
from goldlane.features.gate import require_rules_kept
from goldlane.features.gold import gold_path, require_gold, source_name
from goldlane.features.gold_rows import rows_to_publish, write_rows
from goldlane.features.online.store import Publication, Written
from goldlane.features.publishing import Mode, Published, published_table, require_unclaimed

if TYPE_CHECKING:
    import pyarrow as pa

    from goldlane.expectations import Rules
    from goldlane.features.declarations import FeatureTable
    from goldlane.features.online.catalogue import Catalogue
    from goldlane.features.online.store import OnlineStore, TableWriter


def publish_gold(  # noqa: PLR0913  as ``publish``
    table: FeatureTable,
    storage: Path,
    store: OnlineStore,
    mode: Mode = "triggered",
    *,
    rules: Rules | None = None,
    catalogue: Catalogue | None = None,
    is_claimed: bool = False,
) -> Published:
    """``publish`` from a storage, once; ``is_claimed`` by a caller who publishes the table continuously."""
    started, path = time.perf_counter(), gold_path(table, storage)
    require_gold([table], storage)
    deleted = forget_online(table, path, store)
    with store.publishing(table) as writer:
        # Opened with the store already ours, so that of two publishers the later one never brings the older version.
        gold = GoldTable(table, path)
        if not is_claimed:
            require_unclaimed(table, store, writer, gold.id)
        finished = _from_gold(table, gold, writer, mode, rules)
        writer.record(recorded(finished, writer.previous, catalogue, time.perf_counter() - started))
    for key in finished.forgotten:
        store.forget(table.name, key)
    seconds = round(time.perf_counter() - started, 3)
    return replace(finished.published, rows_deleted=finished.published.rows_deleted + deleted, seconds=seconds)


def _from_gold(table: FeatureTable, gold: GoldTable, writer: TableWriter, mode: Mode, rules: Rules | None) -> Finished:
    counts = () if rules is None else require_rules_kept(gold, rules)
    touched = _touched(gold, writer) if mode == "triggered" else ""
    reason, keys = (touched, None) if isinstance(touched, str) else (None, touched)
    if keys is not None and not keys.num_rows:
        written, rejected, newest = Written(rows_written=0, rows_added=0), 0, None
    else:
        rows = rows_to_publish(table, gold, keys)
        written, rejected, newest = write_rows(rows, writer, keys), rows.rows_rejected, rows.newest
    publication, note = (
        Publication(table=table, source_id=gold.id, version=gold.version),
        f"published in full: {reason}" if reason else None,
    )
    done: Mode = "snapshot" if keys is None else "triggered"
    published = published_table(table, done, written, rows_rejected=rejected, version=gold.version, note=note, rules=counts)
    told = Finished(published=published, publication=publication, written=written, newest=newest, source=source_name(table))
    return told if keys is None else replace(told, forgotten=forgotten_among(keys, table, gold.path))


def _touched(gold: GoldTable, writer: TableWriter) -> pa.Table | str:
    """The keys to look at again, or the reason to look at all of them."""
    previous = writer.previous
    if previous is None:
        return "it is the first time"
    if not writer.has_same_shape():
        return "its declaration changed"
    if previous.version is None or previous.source_id != gold.id or previous.version > gold.version:
        return "what the store holds did not come from an earlier version of this gold table"
    return gold.with_pending(gold.touched_since(previous.version))

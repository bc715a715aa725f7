"""All feature tables of a project published, one after the other, the way a job does it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from goldlane.errors import UsageError
from goldlane.features.errors import FeatureError
from goldlane.features.gate import GateError
from goldlane.features.gold import require_gold, source_name
from goldlane.features.lakehouse import Lakehouse
from goldlane.features.online.store import ClaimedError
from goldlane.features.publishing import Mode, Published, left_to, publish

if TYPE_CHECKING:
    from goldlane.expectations import Rules
    from goldlane.features.declarations import FeatureTable
    from goldlane.features.online import OnlineStore
    from goldlane.features.online.catalogue import Catalogue


def publish_all(  # noqa: PLR0913  as ``publish``
    tables: Iterable[FeatureTable],
    where: Lakehouse,
    store: OnlineStore,
    mode: Mode = "triggered",
    *,
    rules: Mapping[str, Rules] | None = None,
    catalogue: Callable[[str], Catalogue | None] | None = None,
) -> Iterator[Published | GateError]:
    """What became of each table: published, or refused because its gold table breaks a rule of ``rules``, which are by gold table.

    A table that somebody else publishes continuously from another source is left to them. ``catalogue`` tells of a gold table, by its full
    name, where it comes from. A store on Databricks is published by the platform, which neither asks rules nor merges tiles: tables with
    tiles are left out.

    Raises:
        UsageError: there is no storage, or it lacks gold tables; all that are missing at once, before anything is published.
        StoreError: the store cannot be written; the tables before this one are published.
    """
    if hasattr(store, "publish_table"):  # not isinstance: as in ``publish``
        yield from (publish(table, where.schema, store, mode) for table in tables if not table.has_tiles)
        return
    if where.storage is None:
        hint = "databricks://PROFILE/CATALOG.SCHEMA?instance=INSTANCE publishes tables of Unity Catalog"
        raise UsageError("this store is published from the folders of a storage, and there is none", hint=hint)
    placed = [where.gold(table) for table in tables]
    require_gold(placed, where.storage)
    for table in placed:
        source = source_name(table)
        asked = (rules or {}).get(source.rpartition(".")[2])
        try:
            yield publish(table, where.storage, store, mode, rules=asked, catalogue=catalogue(source) if catalogue else None)
        except GateError as refused:
            yield refused
        except ClaimedError as claimed:
            yield left_to(table, claimed)


def require_published(done: Iterable[Published | GateError]) -> tuple[Published, ...]:
    """What was published, when nothing was refused.

    Raises:
        GateError: the only one that was.
        FeatureError: several were.
    """
    results = list(done)
    refused = [each for each in results if isinstance(each, GateError)]
    if len(refused) == 1:
        raise refused[0]
    if refused:
        raise FeatureError("; ".join(each.message for each in refused), hint="mend the tables, or the rules")
    return tuple(each for each in results if isinstance(each, Published))

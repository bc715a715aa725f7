"""What was read when a materialized view was last refreshed: so that the next refresh can ask what has changed since."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from goldlane.pipelines.incremental.sources import TableVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A query and what it read: hashes of its plan and of the session's settings, and the tables' versions in order of the plan."""

    query: str
    settings: str
    versions: tuple[str, ...]
    tables: Mapping[str, TableVersion]

    @property
    def fingerprint(self) -> str:
        """Equal only when the result must be."""
        return hashlib.sha256("\n".join([self.query, *self.versions, self.settings]).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class LastRefresh:
    """The reading behind a view's rows. Not ``settled``: a write may have been cut off, or a table have moved on meanwhile.

    The rows are then made of these versions or of newer ones. Keys that changed since can be computed again, which does no harm twice;
    new rows must not be added to what may hold them already.
    """

    query: str
    settings: str
    tables: Mapping[str, TableVersion]
    settled: bool

    def to_json(self) -> dict[str, Any]:
        """An entry of the table's record."""
        tables = {table.path: [table.version, table.id] for table in self.tables.values()}
        return {"query": self.query, "settings": self.settings, "tables": tables, "settled": self.settled}


def last_refresh(record: Mapping[str, Any]) -> LastRefresh | None:
    """The last refresh, from a table's record; None when nobody knows of one."""
    found = record.get("refreshed")
    if not found:
        return None
    tables = {path: TableVersion(path, int(version), str(identity)) for path, (version, identity) in found["tables"].items()}
    return LastRefresh(query=found["query"], settings=found["settings"], tables=tables, settled=bool(found["settled"]))

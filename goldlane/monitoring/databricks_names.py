"""What a monitor calls a table, and what Unity Catalog calls it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import overload

from goldlane.pipelines.names import Namespace, name_parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Tables without a schema are in ``catalog.schema``; ``metrics_in`` is where metric tables go, beside the watched one unless said."""

    catalog: str
    schema: str
    metrics_in: str | None = None

    @overload
    def full(self, table: str) -> str: ...
    @overload
    def full(self, table: None) -> None: ...
    def full(self, table: str | None) -> str | None:
        """The name in three parts."""
        return None if table is None else str(Namespace(self.catalog, self.schema).qualify(table))

    def ours(self, full: str | None) -> str | None:
        """The name as short as it can be said here."""
        if full is None:
            return None
        catalog, schema, table = name_parts(full)
        if catalog != self.catalog:
            return full
        return table if schema == self.schema else f"{schema}.{table}"

    def output_schema(self, table: str) -> str:
        """``catalog.schema`` of the table's metric tables."""
        return self.metrics_in or self.full(table).rpartition(".")[0]

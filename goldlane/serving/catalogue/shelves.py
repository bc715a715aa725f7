"""What of the store a visitor may see, as pages show it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from goldlane.serving.catalogue.views import TableView

if TYPE_CHECKING:
    from goldlane.serving.endpoints import Endpoint, Endpoints
    from goldlane.serving.tokens import Token


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """The tables and the sets that one visitor may read, as of ``now``."""

    tables: Sequence[Endpoint]
    sets: Sequence[Endpoint]
    now: datetime

    @property
    def views(self) -> list[TableView]:
        """Every table, by name."""
        return [view for endpoint in self.tables for view in self.views_of(endpoint)]

    def find(self, name: str, *, is_set: bool) -> Endpoint | None:
        """The table or the set of that name; None also where the visitor may not see it."""
        return next((each for each in (self.sets if is_set else self.tables) if each.name == name), None)

    def views_of(self, endpoint: Endpoint) -> list[TableView]:
        """The tables of an endpoint, each with the sets it is in."""
        return [
            TableView(
                publication=publication,
                now=self.now,
                sets=tuple(each.name for each in self.sets if publication.table.name in each.table_names),
            )
            for publication in endpoint.publications
        ]


def shelf(endpoints: Endpoints, token: Token) -> Shelf:
    """What the store holds now for the holder of ``token``.

    Raises:
        GoldlaneError: the store cannot be read.
    """
    endpoints.refresh()
    seen = endpoints.readable_by(token)
    return Shelf(
        tables=[each for each in seen if not each.is_set],
        sets=[each for each in seen if each.is_set],
        now=datetime.now(timezone.utc),
    )

"""What Databricks allows a feature table to be, checked before anything is asked of a workspace."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from goldlane.features.declarations import FeatureTable
from goldlane.features.errors import DeclarationError

# What the online store, a Postgres, takes for one part of a name; the catalog itself would take 255.
_LONGEST = 63
_PART = re.compile(r"[^. /\x00-\x1f\x7f]+")
_UNSUPPORTED = ("tinyint", "timestamp_ntz")


@dataclass(frozen=True, slots=True, kw_only=True)
class Unity:
    """A schema of Unity Catalog; ``online_store`` names the online feature store that its tables are published to."""

    catalog: str
    schema: str
    online_store: str | None = None

    def table(self, table: FeatureTable) -> str:
        """The three-part name of a table."""
        return f"{self.catalog}.{self.schema}.{table.name}"

    def online(self, table: FeatureTable) -> str:
        """The three-part name of the published table."""
        return f"{self.catalog}.{self.schema}.{_online(table)}"


def check_tables(tables: Iterable[FeatureTable], unity: Unity, also: Iterable[str] = ()) -> None:
    """Raises ``DeclarationError`` with everything that Databricks would refuse about these tables, and with the mistakes in ``also``."""
    mistakes = [*_wrong_place(unity), *also]
    for table in tables:
        mistakes += [f"{table.name}: {mistake}" for mistake in _wrong_table(table)]
    if mistakes:
        raise DeclarationError("Databricks", mistakes)


def _wrong_place(unity: Unity) -> Iterator[str]:
    for role, part in (("catalog", unity.catalog), ("schema", unity.schema), ("online store", unity.online_store)):
        if part is not None and not _PART.fullmatch(part):
            yield f"the {role} {part!r} has a dot, a blank or a slash in its name, or no name"
        elif part is not None and len(part.encode()) > _LONGEST:
            yield f"the {role} {part!r} has more than {_LONGEST} bytes"
    if unity.catalog in ("hive_metastore", "spark_catalog"):
        yield f"the catalog {unity.catalog!r} is not in Unity Catalog; feature tables must be"


def _wrong_table(table: FeatureTable) -> Iterator[str]:
    if len(_online(table)) > _LONGEST:
        yield f"{_online(table)!r}, its name in the online store, has more than {_LONGEST} bytes"
    types = {**{key: table.key_types[key] for key in table.keys}, **{feature.name: feature.type for feature in table.features}}
    yield from (f"{name!r} is a {kind}, which feature tables cannot hold" for name, kind in types.items() if kind in _UNSUPPORTED)
    yield from (f"{name!r} has more than {_LONGEST} bytes" for name in types if len(name) > _LONGEST)


def _online(table: FeatureTable) -> str:
    return f"{table.name}_online"

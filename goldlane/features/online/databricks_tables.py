"""Feature tables as Unity Catalog knows them: which there are, how they are declared, and whether they can be published."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from goldlane.errors import UsageError, first_line
from goldlane.features.declarations import Feature, FeatureTable
from goldlane.features.errors import DeclarationError
from goldlane.features.online.databricks_errors import clear_errors
from goldlane.features.types import canonical_type, widens

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient
    from databricks.sdk.service.catalog import TableInfo

    from goldlane.features.databricks_names import Unity

_LOG = logging.getLogger(__name__)
# Where a pipeline can leave the whole declaration: windows and TTL are in no column.
DECLARATION = "goldlane.declaration"
_FEED = "delta.enableChangeDataFeed"


def find_table(client: WorkspaceClient, full_name: str) -> TableInfo:
    """What Unity Catalog knows of a table.

    Raises:
        UsageError: there is no such table.
    """
    from databricks.sdk.errors import NotFound

    with clear_errors(f"looking {full_name} up"):
        try:
            return client.tables.get(full_name)
        except NotFound as missing:
            raise UsageError(f"there is no table {full_name} in Unity Catalog", hint="did the pipeline that makes it run?") from missing


def declared_tables(client: WorkspaceClient, unity: Unity) -> dict[str, FeatureTable]:
    """Every table of the schema that has a time series primary key, by name; not those whose columns no declaration can have."""
    with clear_errors(f"listing {unity.catalog}.{unity.schema}"):
        found = [_declaration_if_any(info) for info in client.tables.list(unity.catalog, unity.schema)]
    return {table.name: table for table in found if table is not None}


def declaration(info: TableInfo) -> FeatureTable | None:
    """The declaration that the table's property holds, else what its columns and its key say; None when it is no feature table."""
    text = (info.properties or {}).get(DECLARATION)
    if text:
        return FeatureTable.from_json(text)
    keys, times = _primary_key(info)
    if not keys or len(times) != 1:
        return None
    columns = {column.name or "": column for column in info.columns or ()}
    features = tuple(
        Feature(name=name, type=column.type_text or "", description=column.comment or f"column {name} of {info.full_name}")
        for name, column in columns.items()
        if name not in (*keys, *times) and _is_simple(column.type_text)
    )
    key_types = {key: columns[key].type_text or "string" for key in keys if key in columns}
    if not features:
        return None
    return FeatureTable(name=info.name or "", keys=keys, event_time=times[0], features=features, key_types=key_types)


def _declaration_if_any(info: TableInfo) -> FeatureTable | None:
    """Of a table that nobody asked for by name: somebody else's column or property does not stand in the way of the others."""
    try:
        return declaration(info)
    except (DeclarationError, ValueError, KeyError, TypeError, AttributeError) as error:
        _LOG.warning("%s is not taken for a feature table: %s", info.full_name, first_line(error))
        return None


def wrong_source(info: TableInfo, table: FeatureTable, mode: str) -> Iterator[str]:
    """Why the platform could not sync the table as it is declared: its columns, its key, its change data feed."""
    place, columns = info.full_name, {column.name: column.type_text or "" for column in info.columns or ()}
    kinds = {**table.key_types, table.event_time: "timestamp", **{feature.name: feature.type for feature in table.features}}
    yield from (f"{place} has no column {name!r}" for name in kinds if name not in columns)
    for name, kind in kinds.items():
        if name in columns and not (_is_simple(columns[name]) and widens(canonical_type(columns[name]), kind)):
            yield f"{place}: column {name!r} is {columns[name]}, declared {kind}"
    keys, times = _primary_key(info)
    if (set(keys), times) != (set(table.keys), (table.event_time,)):
        wanted = f"PRIMARY KEY ({', '.join(table.keys)}, {table.event_time} TIMESERIES)"
        yield f"{place} has {'another' if keys else 'no'} primary key; the synced table needs {wanted}"
    if mode != "snapshot" and (info.properties or {}).get(_FEED, "").lower() != "true":
        yield f"{place} has no change data feed, which {mode} needs; ALTER TABLE {place} SET TBLPROPERTIES ('{_FEED}' = 'true')"


def _primary_key(info: TableInfo) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The columns of the primary key that are no time, and those that are."""
    for constraint in info.table_constraints or ():
        key = constraint.primary_key_constraint
        if key is not None:
            times = tuple(key.timeseries_columns or ())
            return tuple(name for name in key.child_columns if name not in times), times
    return (), ()


def _is_simple(type_text: Any) -> bool:
    try:
        canonical_type(type_text)
    except ValueError:
        return False
    return True


def table_property(table: FeatureTable) -> dict[str, str]:
    """What a pipeline adds to the table's properties, so that readers know its windows and its TTL, too."""
    return {DECLARATION: json.dumps(json.loads(table.to_json()), separators=(",", ":"), ensure_ascii=False)}

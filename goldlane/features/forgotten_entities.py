"""The table of forgotten entities, read and written without a JVM."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from goldlane.errors import UsageError
from goldlane.features.delta_files import ask, open_delta
from goldlane.features.online.forgotten import entity_hash
from goldlane.features.online.values import key_encoder
from goldlane.forgotten import KEY_COLUMNS, KEY_HASH, ensure_forgotten, forgotten_path, forgotten_schema, storage_of

if TYPE_CHECKING:
    from goldlane.features.declarations import FeatureTable


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """One entity by the names of its key columns and its hash; ``completed`` once its rows were deleted."""

    key_columns: tuple[str, ...]
    key_hash: str
    completed: bool = False


def entity_of(table: FeatureTable, key: Mapping[str, object]) -> Entity:
    """The entity that ``key`` names.

    Raises:
        UsageError: the key's columns are not the table's, or a value is not of its type; all mistakes at once.
    """
    return Entity(key_columns=tuple(sorted(key)), key_hash=entity_hash("", _stored(table, key)))


def hashes_by_columns(entities: Iterable[Entity]) -> Mapping[tuple[str, ...], Collection[str]]:
    """The hashes of entities by their key columns, for ``is_among``."""
    hashes: dict[tuple[str, ...], set[str]] = {}
    for entity in entities:
        hashes.setdefault(entity.key_columns, set()).add(entity.key_hash)
    return hashes


def is_among(table: FeatureTable, key: Mapping[str, object], hashes: Mapping[tuple[str, ...], Collection[str]]) -> bool:
    """Whether ``key``, or a part of it as the customer of a pair, is one of the entities in ``hashes``."""
    values = _stored(table, key)
    kinds = (names for names in hashes if set(names) <= set(key))
    return any(entity_hash("", {name: values[name] for name in names}) in hashes[names] for names in kinds)


def _stored(table: FeatureTable, key: Mapping[str, object]) -> dict[str, object]:
    if set(key) != set(table.keys):
        raise UsageError(f"{table.name} is read by {', '.join(table.keys)}, not by {', '.join(key) or 'nothing'}")
    stored: dict[str, object] = {}
    mistakes = []
    for name, value in key.items():
        try:
            stored[name] = _trimmed(key_encoder(table.key_types[name])(value))
        except ValueError as wrong:
            mistakes.append(f"key {name} is of type {table.key_types[name]}: {wrong}")
    if mistakes:
        raise UsageError(f"{table.name}: {'; '.join(mistakes)}")
    return stored


def forgotten_entities(storage: Path) -> tuple[Entity, ...]:
    """Everybody that the storage has forgotten."""
    path = forgotten_path(storage)
    if not (path / "_delta_log").is_dir():
        return ()
    query = f"SELECT {KEY_COLUMNS}, {KEY_HASH}, completed_at IS NOT NULL AS completed FROM gold"  # noqa: S608  constants
    rows = [row for batch in ask(open_delta(path, "forgotten"), query) for row in batch.to_pylist()]
    return tuple(Entity(key_columns=tuple(row[KEY_COLUMNS].split(",")), key_hash=row[KEY_HASH], completed=row["completed"]) for row in rows)


def forgotten_beside(table: Path) -> tuple[Entity, ...]:
    """Everybody that the storage has forgotten to which the folder ``table`` belongs; nobody where it is in none."""
    storage = storage_of(table)
    return () if storage is None else forgotten_entities(storage)


def forgotten_among(keys: pa.Table, table: FeatureTable, gold: Path) -> tuple[dict[str, Any], ...]:
    """Which of the keys of ``table`` the storage of its ``gold`` table has forgotten."""
    from goldlane.features.online.sqlite_rows import stored_rows

    entities = forgotten_beside(gold) if keys.num_rows else ()
    kinds = {entity.key_columns for entity in entities if set(entity.key_columns) <= set(table.keys)}
    known = {(entity.key_columns, entity.key_hash) for entity in entities}
    found: list[dict[str, Any]] = []
    for batch in keys.to_batches() if kinds else ():
        for key, stored in zip(batch.to_pylist(), stored_rows(batch, table.key_types), strict=True):
            values = dict(zip(table.key_types, map(_trimmed, stored), strict=True))
            if any((names, entity_hash("", {name: values[name] for name in names})) in known for names in kinds):
                found.append(key)
    return tuple(found)


def enter(storage: Path, entity: Entity, feature_table: str) -> None:
    """Enter an entity, once; it is pending again until ``complete``."""
    now = datetime.now(timezone.utc)
    row = {
        KEY_COLUMNS: ",".join(entity.key_columns),
        KEY_HASH: entity.key_hash,
        "feature_table": feature_table,
        "forgotten_at": now,
        "completed_at": None,
    }
    delta = open_delta(ensure_forgotten(storage), "forgotten")
    same = f"new.{KEY_HASH} = old.{KEY_HASH} AND new.{KEY_COLUMNS} = old.{KEY_COLUMNS}"
    merge = delta.merge(pa.Table.from_pylist([row], schema=forgotten_schema()), same, source_alias="new", target_alias="old")
    merge.when_matched_update({"completed_at": "NULL"}, "old.completed_at IS NOT NULL").when_not_matched_insert_all().execute()


def complete(storage: Path, entities: Iterable[Entity]) -> None:
    """Note that the rows of these entities were deleted."""
    hashes = ", ".join(f"'{entity.key_hash}'" for entity in entities)
    if hashes:
        delta = open_delta(forgotten_path(storage), "forgotten")
        delta.update(
            predicate=f"completed_at IS NULL AND {KEY_HASH} IN ({hashes})", new_values={"completed_at": datetime.now(timezone.utc)}
        )


def forgotten_rows(entities: Iterable[Entity], types: Mapping[str, pa.DataType]) -> str | None:
    """An SQL condition that holds for the rows, with columns of ``types``, of any of the entities; None when there can be none."""
    hashes: dict[tuple[str, ...], list[str]] = {}
    for entity in entities:
        if set(entity.key_columns) <= set(types):
            hashes.setdefault(entity.key_columns, []).append(f"'{entity.key_hash}'")
    conditions = [f"{_hash(names, types)} IN ({', '.join(found)})" for names, found in sorted(hashes.items())]
    return " OR ".join(conditions) or None


def _hash(names: Sequence[str], types: Mapping[str, pa.DataType]) -> str:
    parts: list[str] = []
    for name in names:
        text = _text(name, types[name])
        parts += [f"'{name}='", f"CAST(character_length({text}) AS VARCHAR)", "':'", text]
    # concat() would take NULL for nothing.
    present = " AND ".join(f'"{name}" IS NOT NULL' for name in names)
    return f"CASE WHEN {present} THEN encode(sha256(concat({', '.join(parts)})), 'hex') END"


def _trimmed(value: object) -> object:
    return value.strip(" ") if isinstance(value, str) else value


def _text(name: str, kind: Any) -> str:
    """A value as text, as ``goldlane.forgotten`` hashes it; blanks around a text, as files have them, count for nothing."""
    column = f'"{name}"'
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return f"trim({column})"
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_binary_view(kind):
        return f"encode({column}, 'hex')"
    if pa.types.is_timestamp(kind):
        return f"CAST(arrow_cast({column}, 'Int64') AS VARCHAR)"
    return f"CAST(CAST({column} AS INT) AS VARCHAR)" if pa.types.is_boolean(kind) else f"CAST({column} AS VARCHAR)"

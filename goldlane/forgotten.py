"""Who was forgotten in a storage: its table, and rows without them.

The table ``forgotten`` has one row per entity: its key columns (their names, sorted, with commas between), the hash of their values, the
feature table it was named by, when it was forgotten, and when its rows were deleted (NULL until then). It holds no key: the hash is the
SHA-256 of ``name=length:value`` of each key column by name, the length in characters, without the blanks around a text. Anybody who may
list the keys of silver can hash them, so a salt beside the table would protect nobody; without one it joins in any engine.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

NAME = "forgotten"
# What a commit that deletes rows of forgotten entities says of itself: a stream that reads the table passes over it.
MARK = "goldlane forget"
KEY_COLUMNS, KEY_HASH = "key_columns", "key_hash"


def forgotten_path(storage: Path) -> Path:
    """Where a storage keeps its table of forgotten entities; it is there once somebody was forgotten or a pipeline read it."""
    return storage / "system" / NAME


def storage_of(table: Path) -> Path | None:
    """The storage that a table's folder belongs to, ``STORAGE/tables/<schema>/<name>``; None for any other Delta table."""
    rooms = table.parents
    is_stored = len(rooms) > 2 and rooms[1].name == "tables"  # noqa: PLR2004  schema, tables, storage
    return rooms[2] if is_stored else None


def ensure_forgotten(storage: Path) -> Path:
    """The path of the table, which is made empty where there is none."""
    path = forgotten_path(storage)
    if not (path / "_delta_log").is_dir():
        from deltalake import DeltaTable

        DeltaTable.create(str(path), schema=forgotten_schema(), mode="ignore")
    return path


def forgotten_schema() -> Any:
    """The table's columns as an Arrow schema."""
    import pyarrow as pa

    fields: list[pa.Field[Any]] = [pa.field(name, pa.string()) for name in (KEY_COLUMNS, KEY_HASH, "feature_table")]
    fields += [pa.field(name, pa.timestamp("us", "UTC")) for name in ("forgotten_at", "completed_at")]
    return pa.schema(fields)


def without_forgotten(rows: DataFrame, forgotten: DataFrame, *keys: str | Sequence[str]) -> DataFrame:
    """``rows``, a batch or a stream, without those of forgotten entities; rows with a NULL key stay.

    Each of ``keys`` is the key of one kind of entity that the rows speak of: a column, or several that make one key together.
    """
    for key in keys:
        names = sorted([key] if isinstance(key, str) else key)
        rows = _without(rows, forgotten, names)
    return rows


def entity_column(rows: DataFrame, names: Sequence[str]) -> Column:
    """The hash of each row's entity; NULL where a part of its key is."""
    from pyspark.sql import functions as F

    parts = [part for name in sorted(names) for part in _parts(name, _text(rows, name))]
    return F.sha2(F.concat(*parts), 256)


def is_forgetting(commit: Path) -> bool:
    """Whether a commit of a Delta log only deletes rows of forgotten entities; not when it cannot be read."""
    try:
        return any(_user_metadata(line) == MARK for line in commit.read_text(encoding="utf-8").splitlines())
    except (OSError, ValueError):
        return False


def _without(rows: DataFrame, forgotten: DataFrame, names: Sequence[str]) -> DataFrame:
    from pyspark.sql import functions as F

    hashes = forgotten.where(F.col(KEY_COLUMNS) == ",".join(names)).select(KEY_HASH)
    return rows.join(F.broadcast(hashes), entity_column(rows, names) == hashes[KEY_HASH], "left_anti")


def _parts(name: str, text: Column) -> Iterator[Column]:
    from pyspark.sql import functions as F

    yield from (F.lit(f"{name}="), F.length(text).cast("string"), F.lit(":"), text)


def _text(rows: DataFrame, name: str) -> Column:
    """The value as text, as ``goldlane.features.online`` hashes it."""
    from pyspark.sql import functions as F

    column, kind = F.col(f"`{name}`"), rows.schema[name].dataType.typeName()
    if kind == "binary":
        return F.lower(F.hex(column))
    if kind == "boolean":
        column = column.cast("int")
    elif kind.startswith("timestamp"):
        column = F.unix_micros(column.cast("timestamp"))
    return F.trim(column.cast("string"))


def _user_metadata(line: str) -> object:
    return json.loads(line).get("commitInfo", {}).get("userMetadata") if '"commitInfo"' in line else None

"""How a declared type is kept in PostgreSQL and comes back exact.

Text is compared byte by byte, so that no locale of a server decides which of two rows is the greater. Times come back as PostgreSQL
keeps them, whole microseconds since 2000, which Python is spared to unpack and to count.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from goldlane.features.online import values
from goldlane.features.online.values import family

if TYPE_CHECKING:
    from goldlane.features.declarations import FeatureTable

EPOCH = datetime(2000, 1, 1, tzinfo=timezone.utc)
EPOCH_US = values.microseconds_of(EPOCH)
_NAIVE_EPOCH = EPOCH.replace(tzinfo=None)
_TEXT = 'text COLLATE "C"'
_COLUMNS = {
    "string": _TEXT,
    "tinyint": "smallint",
    "int": "integer",
    "float": "real",
    "double": "double precision",
    "timestamp": "timestamp with time zone",
    "timestamp_ntz": "timestamp without time zone",
    "binary": "bytea",
}
# A whole number is asked for as the widest: one that no column of its type could hold is unknown, not an error.
_ASKED = {"string": "text", "tinyint": "bigint", "smallint": "bigint", "int": "bigint", "decimal": "numeric"}

# As in `values`: Python expressions over one loaded value {v}.
DECODERS = {name: values.DECODERS[name] for name in ("timestamp", "timestamp_ntz")}
NAMESPACE = {"epoch": EPOCH, "naive_epoch": _NAIVE_EPOCH, "delta": timedelta}

_ENCODERS: dict[str, Callable[[Any], object]] = {
    "boolean": bool,
    "timestamp": lambda stored: values.EPOCH + timedelta(microseconds=stored),
    "timestamp_ntz": lambda stored: values.NAIVE_EPOCH + timedelta(microseconds=stored),
}


def column_type(type_name: str) -> str:
    """The PostgreSQL column type."""
    if family(type_name) == "decimal":
        return "numeric" + type_name.removeprefix("decimal")
    return _COLUMNS.get(type_name, type_name)


def parameter_type(type_name: str) -> str:
    """The type that a key's value is sent as."""
    kind = family(type_name)
    return _ASKED.get(kind) or column_type(type_name)


def key_encoder(table: FeatureTable) -> Callable[[tuple[Any, ...]], tuple[object, ...]]:
    """From the stored values of SQLite, which `plans` makes of a key, to those psycopg sends; most are the same."""
    encoders = [_ENCODERS.get(family(table.key_types[key])) for key in table.keys]
    if not any(encoders):
        return tuple
    return lambda key: tuple(value if encode is None else encode(value) for encode, value in zip(encoders, key, strict=True))

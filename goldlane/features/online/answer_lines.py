"""What a line of an answers log holds, in JSON's own types and without losing a digit.

    {"line": "table", "definition": "<hash>", "salt": "<hex>", "declaration": {...}}      once per file, before the first answer it explains
    {"line": "answer", "table", "definition", "key", "features", "as_of", "expired", "missing", "at", "read_at",
     "versions": [least, greatest], "source_id", "published_at"}

Moments are whole microseconds since 1970. ``features`` and ``as_of`` are null for a key that the store did not know; the value of a feature
that is declared ``sensitive`` is its salted digest. ``versions`` are the Delta versions one of which the store equalled when it was read.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from goldlane.features.definitions import definition_hash
from goldlane.features.types import decimal_scale

if TYPE_CHECKING:
    from goldlane.features.declarations import FeatureTable

text_of = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def table_line(table: FeatureTable, salt: str) -> str:
    """The line that explains the answers of one definition of a table."""
    declaration = json.loads(table.to_json())
    return text_of({"line": "table", "definition": served_as(table), "salt": salt, "declaration": declaration})


def served_as(table: FeatureTable) -> str:
    """The hash of what the answers mean: the definition's, and of which features are sensitive, for a digest is no value."""
    secret = ",".join(feature.name for feature in table.features if feature.sensitive)
    definition = definition_hash([table])
    return f"{definition}-{hashlib.sha256(secret.encode()).hexdigest()[:8]}" if secret else definition


def plain(value: Any) -> Any:
    """A value as JSON has it: decimals and times are text, bytes hexadecimal digits, and what is no finite number is named."""
    if isinstance(value, float):
        return value if math.isfinite(value) else "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return value.hex() if isinstance(value, (bytes, bytearray, memoryview)) else value


def exact(type_name: str) -> Callable[[Any], Any]:
    """From JSON to the value of a declared type; None stays None."""
    made = _VALUES.get("decimal" if decimal_scale(type_name) is not None else type_name)
    return (lambda value: value) if made is None else (lambda value: None if value is None else made(value))


def digest(value: Any, salt: str) -> str:
    """What is told of a sensitive value: enough to compare it, not to read it."""
    return hashlib.blake2b(text_of(plain(value)).encode("utf-8", "surrogatepass"), key=bytes.fromhex(salt), digest_size=16).hexdigest()


_VALUES: dict[str, Callable[[Any], Any]] = {
    "float": float,
    "double": float,
    "decimal": Decimal,
    "date": date.fromisoformat,
    "timestamp": datetime.fromisoformat,
    "timestamp_ntz": datetime.fromisoformat,
    "binary": bytes.fromhex,
}

"""What a declaration looks like elsewhere: as a Spark schema text, and as the JSON a store keeps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from goldlane.features.rolling import Rolling

if TYPE_CHECKING:
    from goldlane.features.declarations import Feature, FeatureTable


def ddl(table: FeatureTable, *, primary_key: bool) -> str:
    """``<column> <TYPE> [NOT NULL] COMMENT '<meaning>'`` for every column, and the key constraint last."""
    columns = ", ".join(_columns(table))
    if not primary_key:
        return columns
    return f"{columns}, CONSTRAINT {table.name}_pk PRIMARY KEY ({', '.join(table.keys)}, {table.event_time} TIMESERIES)"


def document(table: FeatureTable) -> dict[str, Any]:
    """Everything ``FeatureTable.from_json`` needs, in JSON's own types."""
    return {
        "name": table.name,
        "keys": list(table.keys),
        "key_types": dict(table.key_types),
        "event_time": table.event_time,
        "features": [_feature(feature) for feature in table.features],
        "ttl_s": None if table.ttl is None else table.ttl.total_seconds(),
        "source": table.source if isinstance(table.source, str) else None,
        "description": table.description,
    }


def shape(table: FeatureTable) -> dict[str, Any]:
    """What readers of the table depend on: its columns, types and windows."""
    whole = document(table)
    features = [{part: feature[part] for part in ("name", "type", "rolling")} for feature in whole["features"]]
    return {"features": features, **{part: whole[part] for part in ("name", "keys", "key_types", "event_time")}}


def rolling(stored: Mapping[str, Any]) -> Rolling:
    """The window that ``document`` wrote."""
    default = stored["default"]
    return Rolling(**{**stored, "default": Decimal(default["decimal"]) if isinstance(default, Mapping) else default})


def _feature(feature: Feature) -> dict[str, Any]:
    written = asdict(feature)
    if feature.rolling is not None and isinstance(feature.rolling.default, Decimal):
        written["rolling"]["default"] = {"decimal": str(feature.rolling.default)}
    return written


def _columns(table: FeatureTable) -> Iterator[str]:
    for key in table.keys:
        yield f"{key} {table.key_types[key].upper()} NOT NULL COMMENT {_text(f'key of {table.name}')}"
    yield f"{table.event_time} TIMESTAMP NOT NULL COMMENT {_text('when this row became knowable')}"
    for feature in table.features:
        yield f"{feature.name} {feature.type.upper()} COMMENT {_text(feature.meaning)}"


def _text(words: str) -> str:
    escaped = " ".join(words.split()).replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"

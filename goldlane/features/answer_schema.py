"""The JSON Schema of what a lookup answers, for whoever checks, documents or calls it: an HTTP client, an agent's tool."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from goldlane.features.types import decimal_scale

if TYPE_CHECKING:
    from goldlane.features.declarations import FeatureTable

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_NO_NUMBERS = ("NaN", "Infinity", "-Infinity")
_TYPES: dict[str, dict[str, Any]] = {
    "string": {"type": "string"},
    "boolean": {"type": "boolean"},
    **{name: {"type": "integer"} for name in ("tinyint", "smallint", "int", "bigint")},
    "date": {"type": "string", "format": "date"},
    "timestamp": {"type": "string", "format": "date-time"},
    "timestamp_ntz": {"type": "string"},
    "binary": {"type": "string", "pattern": "^([0-9a-f]{2})*$"},
}


def answer_schema(table: FeatureTable) -> dict[str, Any]:
    """The document of ``goldlane lookup --json``: the key, its features, and how far to trust them.

    Decimals are text, times ISO 8601, bytes hexadecimal digits, and what is no finite number is named. Every feature may be null.
    """
    features = {feature.name: {**_nullable(feature.type), "description": feature.meaning} for feature in table.features}
    properties = {
        **{key: {**key_schema(table.key_types[key]), "description": f"key of {table.name}"} for key in table.keys},
        "features": {"type": "object", "properties": features, "additionalProperties": False},
        "as_of": {"type": ["string", "null"], "format": "date-time", "description": "when these values became known"},
        "age_s": {"type": ["number", "null"], "description": "seconds from as_of to the answer"},
        "missing": {"type": "array", "items": {"enum": list(features)}, "description": "the features that are null"},
        "expired": {"type": "boolean", "description": "whether the values were too old to be told"},
    }
    words = {"description": table.description} if table.description else {}
    shape = {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
    return {"$schema": _DIALECT, "title": table.name, **words, **shape}


def key_schema(name: str) -> dict[str, Any]:
    """The values of a key column of this type. A key comes back as it was given: a number, or the text of one."""
    plain = {"type": "number"} if name in ("float", "double") else _json_type(name)
    return plain if plain["type"] == "string" else {"type": [plain["type"], "string"]}


def _nullable(name: str) -> dict[str, Any]:
    if name in ("float", "double"):
        return {"anyOf": [{"type": ["number", "null"]}, {"enum": list(_NO_NUMBERS)}]}
    plain = _json_type(name)
    return {**plain, "type": [plain["type"], "null"]}


def _json_type(name: str) -> dict[str, Any]:
    scale = decimal_scale(name)
    if scale is None:
        return _TYPES[name]
    return {"type": "string", "pattern": rf"^-?\d+\.\d{{{scale}}}$" if scale else r"^-?\d+$"}

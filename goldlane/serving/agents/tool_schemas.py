"""The arguments of the two tools as JSON Schema, and the words that tell a model when to call them; both stay short for any store."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from goldlane.features.answer_schema import key_schema

if TYPE_CHECKING:
    from goldlane.serving.agents.known_tables import Publications

DESCRIBE, GET = "describe_features", "get_features"
# A client hands the schemas to its model with every request: a store of many tables is told by describe_features, when it is asked.
_TABLES_ROOM, _KEYS_ROOM = 300, 250
_NAMES = {"type": "array", "items": {"type": "string"}}


def describe_words() -> str:
    """What ``describe_features`` is for."""
    return "Lists the feature tables, their keys and features; with `table`: what each of its features means, its type and unit."


def get_words(publications: Publications) -> str:
    """What ``get_features`` is for, which tables it reads by which keys, and how its answers are to be understood."""
    tables = ", ".join(f"{each.table.name}({', '.join(each.table.keys)})" for each in publications.values())
    where = f"Tables(keys): {tables}." if tables and len(tables) <= _TABLES_ROOM else f"{DESCRIBE} lists the tables and keys."
    return (
        f"The newest known features of an entity, by its key. {where} "
        "In the answer _as_of and _age_s say since when values are known and how old they are; _missing names features without a value, "
        "which is not 0; _expired and _unknown say that nothing can be told."
    )


def describe_schema() -> dict[str, Any]:
    """The arguments of ``describe_features``."""
    return _object({"table": {"type": "string"}}, required=[])


def get_schema(publications: Publications) -> dict[str, Any]:
    """The arguments of ``get_features``; a store of very many keys does not name them here."""
    keys = {"type": "object", "properties": _keys(publications)}
    short = len(json.dumps(keys)) <= _KEYS_ROOM
    properties = {
        "key": keys if short and publications else {"type": "object"},
        "tables": {**_NAMES, "description": "default: every table whose keys are given"},
        "features": {**_NAMES, "description": "default: all"},
    }
    return _object(properties, required=["key"])


def strict_get_schema(publications: Publications) -> dict[str, Any]:
    """The arguments of ``get_features`` for strict function calling: keys and tables by name, all required, null for none."""
    keys = {name: _nullable(schema) for name, schema in _keys(publications).items()}
    loose = get_schema(publications)["properties"]
    tables = {**loose["tables"], "items": {"type": "string", "enum": list(publications)}} if publications else loose["tables"]
    properties = {"key": _object(keys, required=list(keys)), "tables": _nullable(tables), "features": _nullable(loose["features"])}
    return _object(properties, required=list(properties))


def strict_describe_schema(publications: Publications) -> dict[str, Any]:
    """The arguments of ``describe_features`` for strict function calling."""
    table = {"type": "string", "enum": list(publications)} if publications else {"type": "string"}
    return _object({"table": {"anyOf": [table, {"type": "null"}], "description": "null: all tables"}}, required=["table"])


def _object(properties: Mapping[str, Any], *, required: list[str]) -> dict[str, Any]:
    return {"type": "object", "properties": dict(properties), "required": required, "additionalProperties": False}


def _keys(publications: Publications) -> dict[str, dict[str, Any]]:
    """Each key column once; a name that is of two types in two tables takes either."""
    found: dict[str, dict[str, Any]] = {}
    for each in publications.values():
        for column in each.table.keys:
            schema = key_schema(each.table.key_types[column])
            other = found.get(column, schema)
            found[column] = schema if other == schema else {"type": _types(other, schema)}
    return found


def _types(*schemas: Mapping[str, Any]) -> list[str]:
    listed = (kind for schema in schemas for kind in ([schema["type"]] if isinstance(schema["type"], str) else schema["type"]))
    return list(dict.fromkeys(listed))


def _nullable(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {**schema, "type": [*_types(schema), "null"]}

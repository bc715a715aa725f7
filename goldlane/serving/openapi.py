"""The OpenAPI 3.1 document of a server."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from goldlane.features.answer_schema import answer_schema, key_schema

if TYPE_CHECKING:
    from goldlane.serving.endpoints import Endpoint
    from goldlane.serving.limits import Limits

_ERROR = {
    "type": "object",
    "properties": {"error_code": {"type": "string"}, "message": {"type": "string"}},
    "required": ["error_code", "message"],
}
_REFUSALS = {
    "400": "The body is no JSON, or its records are not keys.",
    "401": "No token, or none that is valid.",
    "403": "The token's scopes do not name this.",
    "404": "There is no such endpoint.",
    "408": "The request came too slowly.",
    "409": "A feature set cannot be asked: a table of it is not published, or two of them have a key of different types.",
    "413": "The body is too large, or has too many records.",
    "415": "The body is not JSON by its Content-Type.",
    "421": "An insecure server was asked for by a name that is not its machine's.",
    "429": "Too many requests at once; Retry-After says when to come back.",
    "500": "A defect of the server.",
    "503": "The store cannot be read; Retry-After says when to come back.",
}
_TEXT = {"type": "string"}


def document(endpoints: Iterable[Endpoint], limits: Limits) -> dict[str, Any]:
    """Every path that programs use. Times are ISO 8601, decimals text, as in ``goldlane lookup --json``."""
    known = list(endpoints)
    invocations = {f"/serving-endpoints/{each.name}/invocations": {"post": _invocation(each, limits)} for each in known}
    listing = {"type": "object", "properties": {"endpoints": {"type": "array", "items": _endpoint()}}, "required": ["endpoints"]}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Goldlane", "version": version("goldlane"), "description": "Features by key, and how old they are."},
        "security": [{"bearer": []}],
        "paths": {
            **invocations,
            "/api/2.0/serving-endpoints": {"get": _get("listEndpoints", "The endpoints that the token may read.", listing)},
            "/api/2.0/serving-endpoints/{name}": {
                "get": {
                    **_get("getEndpoint", "One endpoint.", _endpoint(), "403", "404"),
                    "parameters": [{"name": "name", "in": "path", "required": True, "schema": _TEXT}],
                }
            },
            "/openapi.json": {"get": _get("openapi", "This document.", {"type": "object"})},
            "/metrics": {"get": _counters()},
            "/health": {"get": {**_get("health", "The process answers.", {"type": "object"}), "security": []}},
            "/ready": {"get": {**_get("ready", "The store can be read.", {"type": "object"}), "security": []}},
        },
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Error": _ERROR},
        },
    }


def _invocation(endpoint: Endpoint, limits: Limits) -> dict[str, Any]:
    keys = {key: key_schema(kind) for key, kind in endpoint.key_types.items()}
    record = {"type": "object", "properties": keys, "required": list(keys), "additionalProperties": False}
    records = {"type": "array", "items": record, "minItems": 1, "maxItems": limits.records}
    split = {
        "type": "object",
        "properties": {
            "columns": {"type": "array", "items": {"enum": list(keys)}, "minItems": len(keys), "maxItems": len(keys), "uniqueItems": True},
            "data": {"type": "array", "items": {"type": "array"}, "minItems": 1, "maxItems": limits.records},
        },
        "required": ["columns", "data"],
    }
    body = {"oneOf": [_object("dataframe_records", records), _object("dataframe_split", split)]}
    answer = _object("outputs", {"type": "array", "items": _output(endpoint)})
    return {
        "operationId": f"query_{endpoint.name}",
        "summary": endpoint.description or f"Features of {endpoint.name}.",
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": {"200": _content("One output per record, in their order.", answer), **_refusals(*_REFUSALS)},
    }


def _output(endpoint: Endpoint) -> dict[str, Any]:
    """Features by name, then ``_as_of``, ``_age_s`` and ``_missing``; of a set also ``_tables``."""
    schemas = [answer_schema(table)["properties"] for table in endpoint.tables]
    told = zip(endpoint.feature_names.values(), schemas, strict=True)
    features = {names[name]: schema for names, each in told for name, schema in each["features"]["properties"].items()}
    common = {f"_{part}": schemas[0][part] for part in ("as_of", "age_s")} if schemas else {}
    missing = {"_missing": {"type": "array", "items": {"enum": list(features)}, "description": "the features that are null"}}
    tables = {"_tables": {"type": "object", "description": "as_of, age_s and expired of each table"}} if endpoint.is_set else {}
    properties = {**features, **common, **missing, **tables}
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _get(operation: str, summary: str, schema: Mapping[str, Any], *refusals: str) -> dict[str, Any]:
    return {
        "operationId": operation,
        "summary": summary,
        "responses": {"200": _content(summary, schema), **_refusals("400", "401", "421", "429", "500", "503", *refusals)},
    }


def _counters() -> dict[str, Any]:
    told = _get("metrics", "Counters for Prometheus, for tokens of the scope /metrics or *.", _TEXT, "403")
    told["responses"]["200"]["content"] = {"text/plain": {"schema": _TEXT}}
    return told


def _endpoint() -> dict[str, Any]:
    state = {"type": "object", "properties": {"ready": {"enum": ["READY", "NOT_READY"]}}}
    return {"type": "object", "properties": {"name": _TEXT, "state": state}, "required": ["name", "state"]}


def _object(name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": {name: schema}, "required": [name]}


def _refusals(*statuses: str) -> dict[str, Any]:
    return {status: _content(_REFUSALS[status], {"$ref": "#/components/schemas/Error"}) for status in statuses}


def _content(description: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}

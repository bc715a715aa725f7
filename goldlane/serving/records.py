"""From the body of an invocation to its records, and what is wrong with records that no table takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

import orjson

from goldlane.features.online.values import key_encoder
from goldlane.serving.refusals import RefusedRequestError

if TYPE_CHECKING:
    from goldlane.serving.endpoints import Endpoint

_WAYS = 'send {"dataframe_records": [{"<key>": ...}]} or {"dataframe_split": {"columns": ["<key>"], "data": [[...]]}}'
_TOLD = 10


def records_of(body: bytes, limit: int) -> list[Any]:
    """The records, each of which should be a mapping of columns to values; the store decides whether they are keys.

    Raises:
        RefusedRequestError: the body is no JSON, or holds no records in one of the two forms, or too many of them.
    """
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as wrong:
        raise RefusedRequestError(400, f"the body is not JSON: {wrong}", code="MALFORMED_REQUEST") from None
    if not isinstance(document, dict):
        raise RefusedRequestError(400, f"the body is not a JSON object; {_WAYS}", code="MALFORMED_REQUEST")
    records, split = document.get("dataframe_records"), document.get("dataframe_split")
    if (records is None) == (split is None):
        raise RefusedRequestError(400, f"the body must hold exactly one of dataframe_records and dataframe_split; {_WAYS}")
    found = records if split is None else _rows(split)
    if not isinstance(found, list):
        raise RefusedRequestError(400, f"dataframe_records is not a list; {_WAYS}")
    if not found:
        raise RefusedRequestError(400, f"there are no records; {_WAYS}")
    if len(found) > limit:
        raise RefusedRequestError(413, f"{len(found)} records are more than the {limit} that one request may hold; send several requests")
    return found


def mistakes_in(records: list[Any], endpoint: Endpoint) -> list[str]:
    """Why the records are not the endpoint's keys, ten mistakes at most; a value is never repeated."""
    found = islice(((number, wrong) for number, record in enumerate(records) for wrong in _mistakes(record, endpoint)), _TOLD)
    return [f"record {number}: {wrong}" for number, wrong in found]


def _rows(split: Any) -> list[dict[str, Any]]:
    columns, rows = (split.get("columns"), split.get("data")) if isinstance(split, dict) else (None, None)
    if not isinstance(columns, list) or not isinstance(rows, list) or not all(isinstance(column, str) for column in columns):
        raise RefusedRequestError(400, f"dataframe_split must be an object of columns (texts) and data (lists); {_WAYS}")
    if len(set(columns)) != len(columns):
        raise RefusedRequestError(400, "dataframe_split names a column twice")
    wrong = [f"row {number}" for number, row in enumerate(rows) if not isinstance(row, list) or len(row) != len(columns)]
    if wrong:
        raise RefusedRequestError(400, f"rows that are not a list of {len(columns)} values", mistakes=[", ".join(wrong[:_TOLD])])
    return [dict(zip(columns, row, strict=True)) for row in rows]


def _mistakes(record: Any, endpoint: Endpoint) -> Iterator[str]:
    if not isinstance(record, Mapping):
        yield "it is not an object of columns and values"
        return
    yield from (f"key {key!r} is missing" for key in endpoint.key_types if key not in record)
    if any(column not in endpoint.key_types for column in record):
        yield f"it has a column that is no key; {endpoint.name} is read by {', '.join(endpoint.key_types)}"
    for key, kind in endpoint.key_types.items():
        if key in record and not _fits(record[key], kind):
            yield f"key {key!r} is not a value of type {kind}"


def _fits(value: Any, kind: str) -> bool:
    try:
        key_encoder(kind)(value)
    except ValueError:
        return False
    return True

"""From records to the body of an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from goldlane.errors import UsageError
from goldlane.features.online.json_values import as_text, with_plain_numbers
from goldlane.serving.records import mistakes_in
from goldlane.serving.refusals import RefusedRequestError, no_such_endpoint

if TYPE_CHECKING:
    from collections.abc import Mapping

    from goldlane.features.online import Answer, OnlineStore
    from goldlane.serving.endpoints import Endpoint, Endpoints


def outputs(store: OnlineStore, endpoints: Endpoints, endpoint: Endpoint, records: list[Any]) -> bytes:
    """``{"outputs": [...]}``: one object per record, in their order, all of one state of the table; of a set, each of one state of all.

    Raises:
        RefusedRequestError: the endpoint is gone, or records that are not its keys.
        GoldlaneError: the store cannot be read.
    """
    try:
        answered = _answered(store, endpoint, records)
    except UsageError:
        answered = _again(store, endpoints, endpoint.name, records)
    return orjson.dumps({"outputs": answered}, default=as_text, option=orjson.OPT_UTC_Z)


def _again(store: OnlineStore, endpoints: Endpoints, name: str, records: list[Any]) -> list[dict[str, Any]]:
    """Whose mistake it was: a declaration that changed meanwhile, the caller's, or the store's."""
    endpoints.refresh()
    endpoint = endpoints.get(name)
    if endpoint is None:
        raise no_such_endpoint(name)
    _require_keys(records, endpoint)
    return _answered(store, endpoint, records)


def _answered(store: OnlineStore, endpoint: Endpoint, records: list[Any]) -> list[dict[str, Any]]:
    return _of_set(store, endpoint, records) if endpoint.is_set else _of_table(store, endpoint.name, records)


def _require_keys(records: list[Any], endpoint: Endpoint) -> None:
    mistakes = mistakes_in(records, endpoint)
    if mistakes:
        raise RefusedRequestError(400, f"records are not keys of {endpoint.name}", mistakes=mistakes)


def _of_table(store: OnlineStore, table: str, records: list[Any]) -> list[dict[str, Any]]:
    if len(records) == 1:
        return [_output(store.lookup(table, records[0], "empty"))]
    return [_output(answer) for answer in store.lookup_many(table, records, "empty")]


def _output(answer: Answer) -> dict[str, Any]:
    output = with_plain_numbers(answer.features)
    output["_as_of"], output["_age_s"], output["_missing"] = answer.as_of, answer.age_s, answer.missing
    return output


def _of_set(store: OnlineStore, endpoint: Endpoint, records: list[Any]) -> list[dict[str, Any]]:
    if endpoint.mistakes:
        raise RefusedRequestError(409, f"the feature set {endpoint.name} cannot be asked now", mistakes=endpoint.mistakes)
    _require_keys(records, endpoint)
    asked = ({name: {key: record[key] for key in keys} for name, keys in endpoint.table_keys} for record in records)
    return [_merged(store.lookup_all(each, "empty"), endpoint.feature_names) for each in asked]


def _merged(answers: Mapping[str, Answer], names: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """One output of several tables: as old as the oldest of them; ``_tables`` tells them apart."""
    output: dict[str, Any] = {}
    missing: list[str] = []
    for table, answer in answers.items():
        told = names[table]
        # A feature that the table gained a moment ago is not known here yet.
        output.update({told.get(name, name): value for name, value in with_plain_numbers(answer.features).items()})
        missing += [told.get(name, name) for name in answer.missing]
    output["_as_of"] = min((answer.as_of for answer in answers.values() if answer.as_of is not None), default=None)
    output["_age_s"] = max((answer.age_s for answer in answers.values() if answer.age_s is not None), default=None)
    output["_missing"] = missing
    output["_tables"] = {
        name: {"_as_of": answer.as_of, "_age_s": answer.age_s, "_expired": answer.expired} for name, answer in answers.items()
    }
    return output

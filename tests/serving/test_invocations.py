from __future__ import annotations

import json
from typing import Any

import pytest


def test_a_record_is_answered_with_its_features_and_their_age(server: Any) -> None:
    reply = server.query("shops", {"shop_id": "O'B", "day": 7})

    (output,) = reply.document["outputs"]
    age = output.pop("_age_s")
    assert reply.status == 200
    assert output == {
        "amount": "12.30",
        "score": "NaN",
        "note": None,
        "mark": "01ff",
        "_as_of": "2026-01-31T10:00:00Z",
        "_missing": ["note"],
    }
    assert age > 0


def test_an_unknown_key_has_null_features_and_all_names_in_missing(server: Any) -> None:
    reply = server.query("cities", {"city": "Bonn"}, {"city": "Ulm"})

    unknown, known = reply.document["outputs"]
    assert reply.status == 200
    assert unknown == {"people": None, "_as_of": None, "_age_s": None, "_missing": ["people"]}
    assert (known["people"], known["_missing"]) == (126_000, [])


def test_a_split_frame_is_answered_like_its_records(server: Any) -> None:
    split = {"dataframe_split": {"index": [0, 1], "columns": ["day", "shop_id"], "data": [[7, "O'B"], [8, "O'B"]]}}

    reply = server.ask("POST", "/serving-endpoints/shops/invocations", json.dumps(split).encode())

    assert [output["mark"] for output in reply.document["outputs"]] == ["01ff", None]


def test_a_set_is_answered_from_all_its_tables(server: Any) -> None:
    reply = server.query("trade", {"shop_id": "O'B", "day": 7, "city": "Bonn"})

    (output,) = reply.document["outputs"]
    assert (output["amount"], output["people"], output["_missing"]) == ("12.30", None, ["note", "people"])
    assert output["_as_of"] == "2026-01-31T10:00:00Z"
    assert output["_tables"]["cities"] == {"_as_of": None, "_age_s": None, "_expired": False}


def test_the_order_of_outputs_is_that_of_the_records(server: Any) -> None:
    cities = [{"city": "Ulm"} if number % 3 else {"city": "Bonn"} for number in range(30)]

    reply = server.query("cities", *cities)

    assert [output["people"] is not None for output in reply.document["outputs"]] == [record["city"] == "Ulm" for record in cities]


@pytest.mark.parametrize(
    "records, told",
    [
        ([{}], "record 0: key 'city' is missing"),
        ([{"city": "Ulm"}, {"city": 7}], "record 1: key 'city' is not a value of type string"),
        ([{"city": "Ulm", "size": 1}], "record 0: it has a column that is no key; cities is read by city"),
        ([["Ulm"]], "record 0: it is not an object of columns and values"),
        ([{"town": 1}, {}], "record 1: key 'city' is missing"),
        ([], "there are no records"),
    ],
    ids=["missing", "type", "column", "list", "several", "none"],
)
def test_records_that_are_no_keys_are_named_by_their_numbers(server: Any, records: list[Any], told: str) -> None:
    reply = server.query("cities", *records)

    assert (reply.status, reply.document["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert told in reply.document["message"]


@pytest.mark.parametrize(
    "body, code",
    [
        (b"", "MALFORMED_REQUEST"),
        (b"{", "MALFORMED_REQUEST"),
        (b"[]", "MALFORMED_REQUEST"),
        (b'{"dataframe_records": NaN}', "MALFORMED_REQUEST"),
        (b"\xff\xfe", "MALFORMED_REQUEST"),
        (b"[" * 100_000, "MALFORMED_REQUEST"),
        (b"{}", "INVALID_PARAMETER_VALUE"),
        (b'{"inputs": [1]}', "INVALID_PARAMETER_VALUE"),
        (b'{"dataframe_records": {"city": "Ulm"}}', "INVALID_PARAMETER_VALUE"),
        (b'{"dataframe_records": [{"city": "Ulm"}], "dataframe_split": {}}', "INVALID_PARAMETER_VALUE"),
        (b'{"dataframe_split": 5}', "INVALID_PARAMETER_VALUE"),
        (b'{"dataframe_split": {"columns": ["city"], "data": [["Ulm", 2]]}}', "INVALID_PARAMETER_VALUE"),
        (b'{"dataframe_split": {"columns": ["city", "city"], "data": [[1, 2]]}}', "INVALID_PARAMETER_VALUE"),
    ],
    ids=[
        "empty",
        "cut",
        "list",
        "nan",
        "bytes",
        "deep",
        "nothing",
        "inputs",
        "one record",
        "both",
        "split of another type",
        "row too long",
        "column twice",
    ],
)
def test_a_body_that_holds_no_records_is_refused(server: Any, body: bytes, code: str) -> None:
    reply = server.ask("POST", "/serving-endpoints/cities/invocations", body)

    assert (reply.status, reply.document["error_code"]) == (400, code)


@pytest.mark.parametrize(
    "name",
    ["towns", "", "../cities", "cities%2f..%2fcities", "%00", "a" * 5000, "cities/x", "%E2%80%AE"],
    ids=["another", "none", "dots", "escaped dots", "nul", "long", "slash", "right to left"],
)
def test_an_unknown_endpoint_is_404(server: Any, name: str) -> None:
    reply = server.ask("POST", f"/serving-endpoints/{name}/invocations", b'{"dataframe_records": [{"city": "Ulm"}]}')

    assert (reply.status, reply.document["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")


def test_a_refusal_repeats_no_value(server: Any) -> None:
    reply = server.query("shops", {"shop_id": "O'B", "day": "secret-4711"})

    assert reply.status == 400
    assert b"4711" not in reply.body

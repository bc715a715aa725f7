from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from goldlane.errors import UsageError
from goldlane.features import Feature, FeatureSet, FeatureTable, open_store, publish
from goldlane.serving.server import listen
from goldlane.serving.service import Service

TOWNS = FeatureTable(name="towns", keys=("town",), event_time="at", features=(Feature(name="bars", type="int", description="bars"),))


def towns(bars: int) -> pa.Table:
    return pa.table({"town": ["Hof"], "at": pa.array([0], pa.timestamp("us", "UTC")), "bars": pa.array([bars], pa.int32())})


def test_a_table_published_later_is_served_without_a_restart(own_store: Path, new_server: Any, eventually: Any) -> None:
    with new_server(own_store) as server:
        before = server.query("towns", {"town": "Hof"})
        publish(TOWNS, towns(3), open_store(f"sqlite:///{own_store}"))

        after = eventually(lambda: server.query("towns", {"town": "Hof"}), lambda reply: reply.status == 200)

    assert before.status == 404
    assert after.document["outputs"][0]["bars"] == 3


def test_a_set_declared_anew_is_served_without_a_restart(own_store: Path, new_server: Any, eventually: Any) -> None:
    with new_server(own_store) as server:
        open_store(f"sqlite:///{own_store}").write_feature_sets([FeatureSet(name="trade", tables=("cities",))])

        reply = eventually(lambda: server.query("trade", {"city": "Ulm"}), lambda reply: reply.status == 200)

    assert reply.document["outputs"][0]["people"] == 126_000


def test_a_feature_that_a_table_gains_is_served_without_a_restart(own_store: Path, new_server: Any) -> None:
    store = open_store(f"sqlite:///{own_store}")
    publish(TOWNS, towns(3), store)
    wider = FeatureTable(
        name="towns", keys=("town",), event_time="at", features=(*TOWNS.features, Feature(name="inns", type="int", description="i"))
    )
    with new_server(own_store) as server:
        server.query("towns", {"town": "Hof"})
        publish(wider, towns(4).append_column("inns", pa.array([9], pa.int32())), store)

        output = server.query("towns", {"town": "Hof"}).document["outputs"][0]

    assert (output["bars"], output["inns"]) == (4, 9)


def test_a_set_whose_table_is_not_published_is_not_ready(own_store: Path, new_server: Any) -> None:
    open_store(f"sqlite:///{own_store}").write_feature_sets([FeatureSet(name="both", tables=("cities", "towns"))])
    with new_server(own_store) as server:
        reply = server.query("both", {"city": "Ulm", "town": "Hof"})
        state = server.ask("GET", "/api/2.0/serving-endpoints/both").document["state"]["ready"]

    assert (reply.status, state) == (409, "NOT_READY")
    assert "table 'towns' is not published" in reply.document["message"]


def test_a_store_that_is_gone_is_503_and_a_new_one_in_its_place_is_read(own_store: Path, new_server: Any, eventually: Any) -> None:
    aside = own_store.with_name("aside.db")
    with new_server(own_store) as server:
        server.query("cities", {"city": "Ulm"})
        files = [own_store, *(own_store.with_name(own_store.name + end) for end in ("-wal", "-shm"))]
        moved = [(file, aside.with_name(aside.name + file.name.removeprefix(own_store.name))) for file in files if file.exists()]
        for file, place in moved:
            file.rename(place)
        dead = eventually(lambda: server.query("cities", {"city": "Ulm"}), lambda reply: reply.status == 503)
        ready = server.ask("GET", "/ready")
        health = server.ask("GET", "/health")
        publish(TOWNS, towns(5), open_store(f"sqlite:///{own_store}"))
        alive = eventually(lambda: server.query("towns", {"town": "Hof"}), lambda reply: reply.status == 200)

    assert (dead.document["error_code"], dead.headers["retry-after"]) == ("TEMPORARILY_UNAVAILABLE", "1")
    assert (ready.status, health.status) == (503, 200)
    assert str(own_store).encode() not in dead.body + ready.body
    assert alive.document["outputs"][0]["bars"] == 5


@pytest.mark.parametrize("path", ["/api/2.0/serving-endpoints", "/api/2.0/serving-endpoints/cities", "/openapi.json"])
def test_a_store_that_is_gone_is_503_for_those_who_ask_what_is_there(own_store: Path, new_server: Any, path: str) -> None:
    with new_server(own_store) as server:
        for file in own_store.parent.glob(f"{own_store.name}*"):
            file.unlink()
        reply = server.ask("GET", path, x_request_id="first")

    assert (reply.status, reply.document["error_code"]) == (503, "TEMPORARILY_UNAVAILABLE")
    assert (reply.headers["content-type"], reply.headers["retry-after"]) == ("application/json", "1")
    assert reply.headers["x-request-id"] == "first"


def test_a_defect_behind_the_routes_is_a_500_without_its_story(
    own_store: Path, new_server: Any, monkeypatch: pytest.MonkeyPatch, capfdbinary: Any
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("merchant M-4711")

    monkeypatch.setattr("goldlane.serving.openapi_routes.document", broken)
    with new_server(own_store) as server:
        reply = server.ask("GET", "/openapi.json", x_request_id="first")
    lines = [json.loads(line) for line in capfdbinary.readouterr().err.splitlines()]

    assert (reply.status, reply.document["error_code"]) == (500, "INTERNAL_ERROR")
    assert b"4711" not in reply.body
    assert [(line["request_id"], line["error"]) for line in lines if line["event"] == "defect"] == [("first", "ZeroDivisionError")]
    assert "4711" not in str(lines)


def test_a_request_bears_the_id_it_came_with(server: Any) -> None:
    reply = server.query("cities", {"city": "Ulm"}, x_request_id="agent-7.a_b:c")

    assert reply.headers["x-request-id"] == "agent-7.a_b:c"


@pytest.mark.parametrize(
    "given",
    [None, "a b", "x" * 65, "a\tSet-Cookie: b", "é", "<script>", '"'],
    ids=["none", "space", "long", "tab", "accent", "tag", "quote"],
)
def test_an_id_that_is_none_is_replaced(server: Any, given: str | None) -> None:
    reply = server.query("cities", {"city": "Ulm"}, x_request_id=given)

    assert re.fullmatch(r"[0-9a-f]{12}-[0-9a-f]+", reply.headers["x-request-id"])
    assert "set-cookie" not in reply.headers


def test_every_path_bears_a_request_id(server: Any) -> None:
    assert [server.ask("GET", path).headers["x-request-id"] != "" for path in ("/health", "/openapi.json", "/nothing")] == [True] * 3


@pytest.mark.parametrize(
    "method, path, status",
    [("GET", "/nothing", 404), ("PUT", "/serving-endpoints/cities/invocations", 405), ("DELETE", "/health", 405), ("PUT", "/ready", 405)],
)
def test_what_is_not_there_is_refused_in_the_platforms_shape(server: Any, method: str, path: str, status: int) -> None:
    reply = server.ask(method, path)

    assert reply.status == status
    assert set(reply.document) == {"error_code", "message"}


@pytest.mark.parametrize("name", ["cities", "nothing"])
def test_an_invocation_that_is_no_post_is_told_so(server: Any, name: str) -> None:
    reply = server.ask("GET", f"/serving-endpoints/{name}/invocations")

    assert (reply.status, reply.headers["allow"], reply.document["error_code"]) == (405, "POST", "METHOD_NOT_ALLOWED")


def test_the_counters_tell_requests_and_records_by_endpoint(store_path: Path, new_server: Any) -> None:
    with new_server(store_path) as server:
        server.query("cities", {"city": "Ulm"}, {"city": "Bonn"})
        server.query("cities", {})
        server.query("no-such-endpoint-4711", {})
        page = server.ask("GET", "/metrics").body.decode()

    assert 'goldlane_requests_total{endpoint="cities",status="200"} 1.0' in page
    assert 'goldlane_requests_total{endpoint="cities",status="400"} 1.0' in page
    assert 'goldlane_records_total{endpoint="cities"} 3.0' in page
    assert 'goldlane_published_timestamp_seconds{table="cities"}' in page
    assert "4711" not in page


def test_the_log_holds_facts_and_no_value(store_path: Path, new_server: Any, capfdbinary: Any) -> None:
    with new_server(store_path, log_requests=True) as server:
        server.query("cities", {"city": "Ulm-4711"}, x_request_id="first")
        server.query("cities", {"city": 4711}, x_request_id="second")
        server.query("cities", {"city": "Ulm"}, x_request_id="third", authorization="Bearer gl_4711_4711")
    written = capfdbinary.readouterr().err

    lines = [json.loads(line) for line in written.splitlines()]
    facts = {line["request_id"]: (line["status"], line["endpoint"], line["records"]) for line in lines}
    assert facts == {"first": (200, "cities", 1), "second": (400, "cities", 1), "third": (401, "", 0)}
    assert b"4711" not in written
    assert b"Ulm" not in written


def test_a_sample_of_the_answers_is_logged(store_path: Path, new_server: Any, tmp_path: Path) -> None:
    with new_server(store_path, answers=tmp_path / "answers", sample=1.0) as server:
        server.query("cities", {"city": "Ulm"}, {"city": "Bonn"})
        bad = server.query("cities", 7, None, {"city": []})

    written = b"".join(file.read_bytes() for file in (tmp_path / "answers").rglob("*") if file.is_file())
    assert bad.status == 400
    assert written.count(b"cities") >= 2


def test_an_insecure_server_answers_to_names_of_this_machine_only(store_path: Path, new_server: Any) -> None:
    with new_server(store_path, insecure=True) as server:
        replies = {
            host: server.query("cities", {"city": "Ulm"}, authorization=None, host=host)
            for host in ("localhost:80", "127.0.0.1", "[::1]:8", "evil.example")
        }

    assert {host: reply.status for host, reply in replies.items()} == {
        "localhost:80": 200,
        "127.0.0.1": 200,
        "[::1]:8": 200,
        "evil.example": 421,
    }


def test_a_service_needs_tokens_or_insecure(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nobody may ask"):
        Service(store="sqlite:///x.db")
    with pytest.raises(UsageError, match="exclude each other"):
        Service(store="sqlite:///x.db", insecure=True, tokens=tmp_path)


def test_a_port_that_is_taken_is_the_callers_mistake() -> None:
    with listen("127.0.0.1", 0) as taken, pytest.raises(UsageError, match=r"cannot listen at 127\.0\.0\.1"):
        listen("127.0.0.1", taken.getsockname()[1])


def test_the_openapi_document_names_every_path_that_programs_use(server: Any) -> None:
    paths = server.ask("GET", "/openapi.json").document["paths"]
    asked = {path: server.ask("GET", path.replace("{name}", "cities")) for path, methods in paths.items() if "get" in methods}

    assert {"/metrics", "/openapi.json", "/health", "/ready", "/api/2.0/serving-endpoints"} < set(asked)
    for path, reply in asked.items():
        assert (reply.status, reply.headers["content-type"].partition(";")[0]) == (200, *paths[path]["get"]["responses"]["200"]["content"])


def test_the_openapi_document_describes_what_is_answered(server: Any) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    document = server.ask("GET", "/openapi.json").document
    post = document["paths"]["/serving-endpoints/trade/invocations"]["post"]
    asked = {"dataframe_records": [{"shop_id": "O'B", "day": 7, "city": "Ulm"}]}

    answered = server.query("trade", *asked["dataframe_records"]).document

    schemas = (post["requestBody"]["content"], post["responses"]["200"]["content"])
    for schema, instance in zip(schemas, (asked, answered), strict=True):
        jsonschema.validate(instance, schema["application/json"]["schema"])
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"dataframe_records": [{"shop_id": 5}]}, schemas[0]["application/json"]["schema"])

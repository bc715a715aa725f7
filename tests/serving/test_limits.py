from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typing_extensions import Self

from goldlane.serving.limits import Limits

ASKED = b'{"dataframe_records": [{"city": "Ulm"}]}'


@pytest.fixture(scope="module")
def strict(store_path: Path, new_server: Any) -> Iterator[Any]:
    """A server that loses its patience at once, and takes on two requests and six connections."""
    limits = Limits(body_bytes=2_000, records=10, requests_in_flight=2, connections=6, head_bytes=4_096, read_s=0.5)
    with new_server(store_path, limits=limits) as running:
        yield running


class Wire:
    """A connection, byte by byte."""

    def __init__(self, server: Any) -> None:
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=10)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> Wire:
        self.socket.sendall(data)
        return self

    def read_until(self, end: bytes) -> bytes:
        read = b""
        while end not in read and (some := self.socket.recv(65536)):
            read += some
        return read

    def read_to_the_end(self) -> bytes:
        read = b""
        while True:
            try:
                some = self.socket.recv(65536)
            except ConnectionResetError:
                return read
            if not some:
                return read
            read += some


def head(server: Any, length: int, *more: str) -> bytes:
    lines = ["POST /serving-endpoints/cities/invocations HTTP/1.1", "Host: localhost", f"Authorization: Bearer {server.token}", *more]
    return ("\r\n".join([*lines, f"Content-Length: {length}"]) + "\r\n\r\n").encode()


def error_of(answer: bytes) -> tuple[int, str]:
    status = int(answer.split(b" ", 2)[1])
    return status, json.loads(answer.partition(b"\r\n\r\n")[2])["error_code"]


def test_a_body_that_is_too_large_is_413_whether_or_not_it_says_so(strict: Any) -> None:
    path, large = "/serving-endpoints/cities/invocations", b" " * 3_000

    declared = strict.ask("POST", path, large)
    chunked = strict.ask("POST", path, iter([large[:1500], large[1500:]]))

    assert [reply.status for reply in (declared, chunked)] == [413, 413]
    assert declared.document["error_code"] == "REQUEST_TOO_LARGE"


def test_a_chunked_body_is_answered(server: Any) -> None:
    reply = server.ask("POST", "/serving-endpoints/cities/invocations", iter([ASKED[:7], ASKED[7:]]))

    assert reply.document["outputs"][0]["people"] == 126_000


def test_too_many_records_are_refused(server: Any) -> None:
    reply = server.query("cities", *[{"city": "Ulm"}] * 10_000)

    assert (reply.status, reply.document["error_code"]) == (413, "REQUEST_TOO_LARGE")
    assert "10000 records are more than the 1000" in reply.document["message"]


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""])
def test_a_body_of_another_type_is_415(server: Any, kind: str) -> None:
    reply = server.query("cities", {"city": "Ulm"}, content_type=kind)

    assert (reply.status, reply.document["error_code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")


def test_json_may_say_its_encoding(server: Any) -> None:
    assert server.query("cities", {"city": "Ulm"}, content_type="Application/JSON; charset=utf-8").status == 200


def test_a_head_that_does_not_come_is_given_up(strict: Any) -> None:
    with Wire(strict) as wire:
        answer = wire.send(b"POST / HTTP/1.1\r\nHost: loc").read_to_the_end()

    assert error_of(answer) == (408, "REQUEST_TIMEOUT")


def test_a_body_that_does_not_come_is_given_up(strict: Any) -> None:
    with Wire(strict) as wire:
        answer = wire.send(head(strict, 40) + ASKED[:9]).read_to_the_end()

    assert error_of(answer) == (408, "REQUEST_TIMEOUT")
    assert strict.query("cities", {"city": "Ulm"}).status == 200


def test_a_client_that_sends_nothing_is_given_up(strict: Any) -> None:
    with Wire(strict) as wire:
        assert error_of(wire.read_to_the_end()) == (408, "REQUEST_TIMEOUT")


def test_a_head_that_is_too_large_is_refused(strict: Any) -> None:
    with Wire(strict) as one, Wire(strict) as endless:
        whole = one.send(head(strict, 0, f"X-Long: {'a' * 5_000}")).read_to_the_end()
        unended = endless.send(b"GET / HTTP/1.1\r\nX-Long: " + b"a" * 5_000).read_to_the_end()

    assert error_of(whole) == error_of(unended) == (431, "REQUEST_HEADERS_TOO_LARGE")


@pytest.mark.parametrize(
    "sent", [b"\x16\x03\x01\x02\x00\x01\x00", b"GET\r\n\r\n", b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n"], ids=["tls", "cut", "length"]
)
def test_what_is_not_http_is_400(strict: Any, sent: bytes) -> None:
    with Wire(strict) as wire:
        assert error_of(wire.send(sent).read_to_the_end()) == (400, "MALFORMED_REQUEST")


def test_more_requests_at_once_than_allowed_are_told_to_come_back(strict: Any) -> None:
    with Wire(strict) as one, Wire(strict) as two:
        for wire in (one, two):
            wire.send(head(strict, len(ASKED)) + ASKED[:5])
        time.sleep(0.1)
        busy = strict.query("cities", {"city": "Ulm"})
        health = strict.ask("GET", "/health")
        one.send(ASKED[5:])
        time.sleep(0.1)
        again = strict.query("cities", {"city": "Ulm"})

    assert (busy.status, busy.document["error_code"], busy.headers["retry-after"]) == (429, "REQUEST_LIMIT_EXCEEDED", "1")
    assert (health.status, again.status) == (200, 200)


def test_more_connections_than_allowed_are_told_to_come_back(strict: Any) -> None:
    wires = [Wire(strict) for _ in range(6)]
    try:
        with Wire(strict) as seventh:
            assert error_of(seventh.read_to_the_end()) == (429, "REQUEST_LIMIT_EXCEEDED")
    finally:
        for wire in wires:
            wire.socket.close()


def test_requests_on_one_connection_are_answered_in_their_order(server: Any) -> None:
    other = ASKED.replace(b"Ulm", b"Bnn")
    with Wire(server) as wire:
        answers = wire.send((head(server, len(ASKED)) + ASKED) + (head(server, len(other), "Connection: close") + other)).read_to_the_end()

    assert answers.index(b'"people":126000') < answers.index(b'"people":null')


def test_an_offer_of_another_protocol_does_not_cost_the_body(server: Any) -> None:
    offer = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA")

    with Wire(server) as wire:
        answer = wire.send(head(server, len(ASKED), *offer) + ASKED).read_until(b"}]}")

    assert b'"people":126000' in answer


def test_limits_are_above_zero() -> None:
    with pytest.raises(ValueError, match="limits: records must be above 0; read_s must be above 0"):
        Limits(records=0, read_s=0)

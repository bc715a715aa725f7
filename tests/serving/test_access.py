from __future__ import annotations

import base64
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from goldlane.serving.token_files import read_tokens, write_tokens
from goldlane.serving.tokens import Token, matching, new_token

if TYPE_CHECKING:
    from collections.abc import Callable


def once_known(ask: Callable[[], Any]) -> Any:
    """The first answer that is not 401: a new token is known within two seconds."""
    import time

    deadline = time.monotonic() + 10
    while True:
        reply = ask()
        if reply.status != 401 or time.monotonic() > deadline:
            return reply
        time.sleep(0.1)


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer x", "Bearer gl_0_0", "Basic !!", "Digest a", "Bearer gl_\xff_\xff", "Basic Zm9v"],
    ids=["none", "empty", "bare", "word", "unknown", "bad basic", "digest", "bytes", "no colon"],
)
def test_nobody_is_let_in_without_a_token(server: Any, authorization: str | None) -> None:
    reply = server.query("cities", {"city": "Ulm"}, authorization=authorization)

    assert (reply.status, reply.document["error_code"]) == (401, "UNAUTHENTICATED")


@pytest.mark.parametrize(
    "path", ["/metrics", "/openapi.json", "/api/2.0/serving-endpoints", "/x", "//health", "/static", "/tables", "/health/../metrics"]
)
def test_no_path_but_those_of_probes_is_open(server: Any, path: str) -> None:
    assert server.ask("GET", path, authorization=None).status == 401


@pytest.mark.parametrize("path", ["/health", "/ready"])
def test_probes_need_no_token(server: Any, path: str) -> None:
    assert server.ask("GET", path, authorization=None).status == 200


def test_a_secret_that_differs_in_its_last_letter_is_refused(server: Any) -> None:
    other = server.token[:-1] + ("A" if server.token[-1] != "A" else "B")

    assert server.query("cities", {"city": "Ulm"}, authorization=f"Bearer {other}").status == 401


def test_a_browser_sends_the_token_as_a_password(server: Any) -> None:
    basic = base64.b64encode(f"anyone:{server.token}".encode()).decode()

    assert server.ask("GET", "/api/2.0/serving-endpoints", authorization=f"Basic {basic}").status == 200


def test_a_token_reads_what_its_scopes_name(server: Any) -> None:
    token = f"Bearer {server.new_token('cities')}"

    allowed = once_known(lambda: server.query("cities", {"city": "Ulm"}, authorization=token))
    another = server.query("shops", {"shop_id": "a", "day": 1}, authorization=token)
    a_set = server.query("trade", {"shop_id": "a", "day": 1, "city": "Ulm"}, authorization=token)
    unknown = server.query("towns", {"city": "Ulm"}, authorization=token)
    listed = server.ask("GET", "/api/2.0/serving-endpoints", authorization=token)

    assert (allowed.status, another.status, a_set.status, unknown.status) == (200, 403, 403, 403)
    assert another.document["error_code"] == "PERMISSION_DENIED"
    assert [each["name"] for each in listed.document["endpoints"]] == ["cities"]
    assert server.ask("GET", "/api/2.0/serving-endpoints/shops", authorization=token).status == 403
    assert next(iter(server.ask("GET", "/openapi.json", authorization=token).document["paths"])).startswith("/serving-endpoints/cities/")


def test_the_counters_name_every_table_and_need_a_scope_of_their_own(server: Any) -> None:
    narrow, scraper = (f"Bearer {server.new_token(scope)}" for scope in ("cities", "/metrics"))

    counted = once_known(lambda: server.ask("GET", "/metrics", authorization=scraper))
    refused = server.ask("GET", "/metrics", authorization=narrow)

    assert (counted.status, refused.status) == (200, 403)
    assert b"shops" not in refused.body
    assert server.query("cities", {"city": "Ulm"}, authorization=scraper).status == 403


def test_a_token_of_a_set_or_of_all_its_tables_reads_the_set(server: Any) -> None:
    by_set, by_tables = (f"Bearer {server.new_token(*scopes)}" for scopes in (["trade"], ["shops", "cities"]))
    record = {"shop_id": "a", "day": 1, "city": "Ulm"}

    replies = [once_known(lambda token=token: server.query("trade", record, authorization=token)) for token in (by_tables, by_set)]

    assert [reply.status for reply in replies] == [200, 200]
    assert server.query("cities", {"city": "Ulm"}, authorization=by_set).status == 403


def test_an_expired_token_is_refused(server: Any) -> None:
    expired = server.new_token("*", expires_at=datetime.now(timezone.utc) - timedelta(seconds=1))
    later = server.new_token("*")
    once_known(lambda: server.query("cities", {"city": "Ulm"}, authorization=f"Bearer {later}"))

    reply = server.query("cities", {"city": "Ulm"}, authorization=f"Bearer {expired}")

    assert (reply.status, reply.document["message"].split(";")[0]) == (401, "the token has expired")


def test_the_file_holds_no_token_and_is_its_owners_alone(tmp_path: Path) -> None:
    text, kept = new_token("agent", ["*"], None)
    write_tokens(tmp_path / "tokens.json", [kept])

    written = (tmp_path / "tokens.json").read_text()
    assert text not in written
    assert text.split("_", 2)[2] not in written
    assert (tmp_path / "tokens.json").stat().st_mode & 0o777 == 0o600
    assert read_tokens(tmp_path / "tokens.json") == {kept.id: kept}


def test_two_tokens_of_one_secret_have_different_hashes() -> None:
    hashes = {new_token("agent", ["*"], None)[1].salt for _ in range(5)}

    assert len(hashes) == 5


def test_a_token_matches_its_own_text_only() -> None:
    (one, kept), (other, _) = new_token("a", ["*"], None), new_token("b", ["*"], None)

    assert matching({kept.id: kept}, one) == kept
    assert matching({kept.id: kept}, other) is None
    assert matching({}, one) is None
    assert matching({kept.id: kept}, "_".join(one.split("_", 2)[:2])) is None


def test_a_scope_is_a_whole_name() -> None:
    _, token = new_token("a", ["shops"], None)

    assert (token.allows("shops"), token.allows("shop"), token.allows("shops2"), token.allows("")) == (True, False, False, False)
    assert isinstance(token, Token)

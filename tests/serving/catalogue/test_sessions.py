from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from goldlane.errors import UsageError
from goldlane.serving.catalogue.sessions import COOKIE, KEY_VARIABLE, LASTS_S, opened, sealed, session_key

Look = Callable[..., Any]
KEY = b"a key"


def signed_in(look: Look, server: Any, token: str, target: str = "/") -> Any:
    return look(server, "/sign-in", {"token": token, "next": target}, sec_fetch_site="same-origin")


def cookie_of(reply: Any) -> str:
    return str(reply.headers["set-cookie"]).partition(";")[0]


def test_who_has_no_token_is_asked_for_one_and_comes_back(guarded_site: Any, look: Look) -> None:
    asked = look(guarded_site, "/tables/merchants")

    entered = signed_in(look, guarded_site, guarded_site.token, "/tables/merchants")
    page = look(guarded_site, "/tables/merchants", cookie=cookie_of(entered))

    assert (asked.status, asked.headers["location"]) == (303, "/sign-in?next=/tables/merchants")
    assert (entered.status, entered.headers["location"]) == (303, "/tables/merchants")
    assert page.status == 200
    assert b"Sign out" in page.body


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites_and_holds_no_token(guarded_site: Any, look: Look) -> None:
    cookie = signed_in(look, guarded_site, guarded_site.token).headers["set-cookie"]

    assert re.search("HttpOnly", cookie, re.IGNORECASE)
    assert re.search("SameSite=strict", cookie, re.IGNORECASE)
    assert f"Max-Age={LASTS_S}" in cookie
    assert guarded_site.token.split("_", 2)[2] not in cookie


@pytest.mark.parametrize("token", ["", "gl_none_x", "\u00e9\ud83d", "x" * 5000], ids=["empty", "unknown", "not ascii", "long"])
def test_a_wrong_token_begins_no_session(guarded_site: Any, look: Look, token: str) -> None:
    reply = signed_in(look, guarded_site, token.encode("utf-8", "replace").decode())

    assert reply.status == 401
    assert "set-cookie" not in reply.headers
    assert b"The token is not known here" in reply.body


@pytest.mark.parametrize("change", ["id", "end", "signature", "nothing left", "no dots"])
def test_a_cookie_that_somebody_changed_opens_nothing(guarded_site: Any, look: Look, change: str) -> None:
    name, _, value = cookie_of(signed_in(look, guarded_site, guarded_site.token)).partition("=")
    token_id, end, signature = value.split(".")
    forged = {
        "id": f"abcdefabcdef.{end}.{signature}",
        "end": f"{token_id}.{int(end) + 1}.{signature}",
        "signature": f"{token_id}.{end}.{signature[::-1]}",
        "nothing left": "",
        "no dots": signature,
    }[change]

    assert look(guarded_site, "/", cookie=f"{name}={value}").status == 200
    assert look(guarded_site, "/", cookie=f"{name}={forged}").status == 303


def test_a_session_is_over_after_its_hours() -> None:
    cookie = sealed("id", KEY, now=1000.0)

    assert opened(cookie, KEY, now=999.0 + LASTS_S) == "id"
    assert opened(cookie, KEY, now=1000.0 + LASTS_S) is None
    assert opened(cookie, b"another key", now=1000.0) is None


def test_a_session_ends_with_its_token(guarded_site: Any, look: Look, eventually: Callable[..., Any]) -> None:
    lasting = guarded_site.new_token("*", expires_at=datetime.now(timezone.utc) + timedelta(seconds=3))
    entered = eventually(lambda: signed_in(look, guarded_site, lasting), lambda reply: reply.status == 303)
    cookie = cookie_of(entered)

    assert look(guarded_site, "/", cookie=cookie).status == 200
    eventually(lambda: look(guarded_site, "/", cookie=cookie), lambda reply: reply.status == 303)


def test_a_token_shows_its_own_tables_and_no_word_of_the_others(guarded_site: Any, look: Look, eventually: Callable[..., Any]) -> None:
    narrow = guarded_site.new_token("visits")
    page = eventually(lambda: look(guarded_site, "/", authorization=f"Bearer {narrow}"), lambda reply: reply.status == 200)

    assert b"/tables/visits" in page.body
    for path in ("/", "/features", "/features?q=fraud", "/tables/visits"):
        assert b"merchants" not in look(guarded_site, path, authorization=f"Bearer {narrow}").body
    for path in ("/tables/merchants", "/sets/everything"):
        assert look(guarded_site, path, authorization=f"Bearer {narrow}").status == 404


def test_a_token_for_a_set_reads_the_set_alone(guarded_site: Any, look: Look, eventually: Callable[..., Any]) -> None:
    bearer = f"Bearer {guarded_site.new_token('everything')}"
    page = eventually(lambda: look(guarded_site, "/sets/everything", authorization=bearer), lambda reply: reply.status == 200)

    assert b'href="/tables/merchants"' not in page.body
    assert look(guarded_site, "/tables/merchants", authorization=bearer).status == 404
    assert b"velocity" in look(guarded_site, "/sets/everything", {"merchant_id": "M1", "day": "3"}, authorization=bearer).body


@pytest.mark.parametrize(
    "target", ["//elsewhere.example", "/\\elsewhere.example", "https://elsewhere.example", "", "/a\r\nb: c", "javascript:x"]
)
def test_signing_in_leads_to_no_other_site(guarded_site: Any, look: Look, target: str) -> None:
    assert signed_in(look, guarded_site, guarded_site.token, target).headers["location"] == "/"


def test_another_site_signs_nobody_in_or_out(guarded_site: Any, look: Look) -> None:
    entered = look(guarded_site, "/sign-in", {"token": guarded_site.token}, sec_fetch_site="cross-site")
    left = look(guarded_site, "/sign-out", {}, sec_fetch_site="cross-site")

    assert entered.status == 403
    assert "set-cookie" not in entered.headers
    assert "set-cookie" not in left.headers


def test_signing_out_has_the_browser_forget_the_session(guarded_site: Any, look: Look) -> None:
    reply = look(guarded_site, "/sign-out", {}, sec_fetch_site="same-origin")

    assert (reply.status, reply.headers["location"]) == (303, "/sign-in")
    assert re.search('goldlane_session=""; .*Max-Age=0', reply.headers["set-cookie"], re.IGNORECASE)


def test_a_session_is_for_pages_only(guarded_site: Any, look: Look) -> None:
    cookie = cookie_of(signed_in(look, guarded_site, guarded_site.token))

    assert look(guarded_site, "/api/2.0/serving-endpoints", cookie=cookie).status == 401


@pytest.mark.parametrize("token", ["", "anything"])
def test_an_insecure_server_begins_no_session(site: Any, look: Look, token: str) -> None:
    reply = signed_in(look, site, token)

    assert (reply.status, reply.headers["location"]) == (303, "/")
    assert "set-cookie" not in reply.headers


@pytest.mark.parametrize("token_id", ["", "abcdefabcdef"], ids=["nobody", "another server's"])
def test_an_insecure_server_heeds_no_session(site: Any, look: Look, token_id: str) -> None:
    page = look(site, "/", cookie=f"{COOKIE}={sealed(token_id, session_key())}")

    assert page.status == 200
    assert b"Sign out" not in page.body


def test_an_empty_key_is_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "")

    assert len(session_key()) == 64
    assert session_key() == session_key()


def test_a_short_key_is_the_callers_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "x" * 31)

    with pytest.raises(UsageError, match="GOLDLANE_SESSION_KEY has 31 characters") as raised:
        session_key()
    assert "x" * 31 not in str(raised.value)

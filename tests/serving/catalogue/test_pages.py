from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta, timezone
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from goldlane.features import Feature, FeatureSet, FeatureTable, open_store, publish

VOID = {"meta", "br", "link", "img", "input"}
PAGES = (
    "/",
    "/features",
    "/tables/merchants",
    "/tables/visits",
    "/sets/everything",
    "/?q=none",
    "/features?q=none",
    "/tables/none",
    "/sign-in",
)
HOSTILE = "<script>alert('1')</script> & \"quoted\""
CARD = "4111-1111-1111-1111"
Look = Callable[..., Any]


class Read(HTMLParser):
    """Fails on a tag that is closed wrongly; collects the words, the tags, and ids."""

    def __init__(self, body: bytes) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.ids: list[str] = []
        self.text = ""
        self.feed(body.decode())
        self.close()
        assert self.open == []

    @property
    def words(self) -> str:
        return re.sub(r"\s+", " ", self.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.text += " "
        self.ids += [value or "" for name, value in attrs if name == "id"]
        assert not [name for name, _ in attrs if name.startswith("on") or name == "style"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002  the parser's signature
        self.tags.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_whole_without_script_and_with_nothing_from_elsewhere(site: Any, look: Look, path: str) -> None:
    reply = look(site, path)

    page = Read(reply.body)
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    assert not {"script", "style", "iframe"} & page.tags
    assert len(page.ids) == len(set(page.ids))
    assert not re.search(r"(?:src|href|action)=\"(?:https?:)?//", reply.body.decode())


@pytest.mark.parametrize("path", PAGES)
def test_browsers_are_told_to_load_and_frame_nothing_else(site: Any, look: Look, path: str) -> None:
    headers = look(site, path).headers

    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert (headers["x-content-type-options"], headers["referrer-policy"]) == ("nosniff", "same-origin")
    assert headers["vary"] == "Cookie, Authorization"


def test_the_first_page_lists_tables_and_sets_with_their_freshness(site: Any, look: Look) -> None:
    words = Read(look(site, "/").body).words

    assert "2 tables with 6 features, and 1 set of tables" in words
    assert re.search(r"merchants Activity of a merchant, one row per day\. merchant_id 4 6 fresh, 3 h old", words)
    assert re.search(r"visits.*merchant_id, day 2 1 \d years old", words)
    assert "everything Both tables. merchant_id, day merchants, visits" in words


def test_a_table_s_page_tells_what_was_declared_and_what_publishing_told(site: Any, look: Look) -> None:
    words = Read(look(site, "/tables/merchants").body).words

    for told in (
        "Key merchant_id string", "Keys in store 6", "Valid for 1 day", "Source merchants version 2", "In sets everything",
        "Sensitive 1 of 4 features", "fraud_rate_30d Chargebacks for fraud double chargebacks per transaction",
        "Sales of a week count(*) over (t - 7d, t] bigint sales", "Pipeline shop, as of its update at 31 Jan 2026, 10:00 UTC",
        "clean view reads bronze", "tier_is_known Agents know these. risk_tier IN ('low', 'high') fail 6 0",
        "has_a_price on bronze No price. price > 0 drop 1,900 31", "2 of them were broken by some rows",
        "1 of 2 features drifted beyond its limit", "risk_tier beside the baseline, as of 31 Jan 2026, 00:00 UTC psi 0.31 0.2 drifted",
        "velocity psi 0.01 0.2 steady", "The last 3 that changed something",
    ):  # fmt: skip
        assert told in words
    assert "online store 6 keys" in words


def test_drift_is_drawn_worst_first_in_words_for_those_who_see_no_picture(site: Any, look: Look) -> None:
    body = look(site, "/tables/merchants").body.decode()

    drift = body[body.index('<section aria-labelledby="drift">') :]
    assert "psi of 2 windows since 30 Jan 2026, 00:00 UTC, oldest first; the newest is 0.31, the limit 0.2" in drift
    assert "Shares of rows in the tenths of the baseline, now (then): 20.00 % (50.00 %), 80.00 % (50.00 %)" in drift
    assert drift.index("risk_tier") < drift.index("velocity")
    assert "merchant_id" not in drift[: drift.index("</section>")]
    assert "style=" not in drift


def test_a_page_without_a_catalogue_leaves_its_chapters_out(site: Any, look: Look) -> None:
    words = Read(look(site, "/tables/visits").body).words

    assert "Valid for any time: no TTL" in words
    assert not re.search("Where it comes from|Rules|Drift|Publishes", words)


def test_what_a_description_spells_is_text(site: Any, look: Look) -> None:
    for path in ("/", "/tables/visits", "/features", "/sets/everything"):
        page = Read(look(site, path).body)
        assert "script" not in page.tags
        assert HOSTILE in page.words


def test_what_was_searched_for_is_text(site: Any, look: Look) -> None:
    page = Read(look(site, "/features?q=%3Cscript%3E%22%27").body)

    assert "script" not in page.tags
    assert "<script>\"'" in page.words


def test_the_answer_of_a_look_up_masks_sensitive_features_and_names_missing_ones(site: Any, look: Look) -> None:
    known = look(site, "/tables/merchants", {"merchant_id": "M1"})
    without = Read(look(site, "/tables/merchants", {"merchant_id": "N1"}).body).words

    assert CARD not in known.body.decode()
    assert known.headers["cache-control"] == "no-store"
    words = Read(known.body).words
    assert "risk_tier low fraud_rate_30d 0.125 chargebacks per transaction card_number ••• sensitive velocity 11 sales" in words
    assert "fraud_rate_30d missing card_number missing" in without


def test_a_set_is_asked_with_the_keys_of_all_its_tables(site: Any, look: Look) -> None:
    page = Read(look(site, "/sets/everything", {"merchant_id": "M1", "day": "3"}).body)

    assert "velocity 11 sales" in page.words
    assert "visits 7" in page.words
    assert "answered as merchants__velocity" in page.words


@pytest.mark.parametrize(
    "form, told",
    [
        ({"merchant_id": "", "day": "3"}, "Fill this in."),
        ({"day": "3"}, "Fill this in."),
        ({"merchant_id": "M1", "day": "three"}, "This is not a value of type int."),
        ({"merchant_id": "M1", "day": "99999999999999999999"}, "This is not a value of type int."),
    ],
    ids=["empty", "absent", "of another type", "too large"],
)
def test_a_wrong_key_is_told_beside_its_field(site: Any, look: Look, form: dict[str, str], told: str) -> None:
    reply = look(site, "/tables/visits", form)

    assert reply.status == 400
    assert told in Read(reply.body).words
    assert 'aria-invalid="true" aria-describedby="wrong-' in reply.body.decode()


def test_an_unknown_key_is_no_row_of_blanks(site: Any, look: Look) -> None:
    reply = look(site, "/tables/merchants", {"merchant_id": HOSTILE})

    assert reply.status == 200
    assert "merchants has no row for this key." in Read(reply.body).words


@pytest.mark.parametrize("path", ["/tables/none", "/tables/everything", "/sets/merchants", "/sets/%2e%2e", "/tables/%00"])
def test_what_is_not_there_is_a_page_that_says_so(site: Any, look: Look, path: str) -> None:
    reply = look(site, path)

    assert reply.status == 404
    assert "There is no such" in Read(reply.body).words


@pytest.mark.parametrize("path", ["/", "/tables/merchants"])
def test_an_unchanged_page_is_not_sent_again(site: Any, look: Look, path: str) -> None:
    first = look(site, path)

    again = look(site, path, if_none_match=first.headers["etag"])
    other = look(site, "/features", if_none_match=first.headers["etag"])

    assert first.headers["cache-control"] == "private, no-cache"
    assert (again.status, again.body) == (304, b"")
    assert other.status == 200


def test_the_style_sheet_is_kept_for_good_under_an_address_of_its_own(site: Any, look: Look) -> None:
    (address,) = set(re.findall(r'href="(/static/style-[0-9a-f]+\.css)"', look(site, "/").body.decode()))

    sheet = look(site, address)

    assert (sheet.status, sheet.headers["content-type"]) == (200, "text/css; charset=utf-8")
    assert "immutable" in sheet.headers["cache-control"]
    assert not re.search(r"@import|url\((?!#)", sheet.body.decode())
    assert look(site, "/static/style-000000000000.css").status == 404
    assert look(site, "/static/..%2f..%2f__init__.py").status == 404


@pytest.mark.parametrize("site_of_sender", ["cross-site", "same-site"])
def test_a_form_of_another_site_is_refused(site: Any, look: Look, site_of_sender: str) -> None:
    form = {"merchant_id": "M1"}

    assert look(site, "/tables/merchants", form, sec_fetch_site=site_of_sender).status == 403
    assert look(site, "/tables/merchants", form, origin="http://elsewhere.example").status == 403
    assert look(site, "/tables/merchants", form, sec_fetch_site="same-origin").status == 200
    assert look(site, "/tables/merchants", form, origin=site.url).status == 200


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=x"])
def test_what_is_no_form_is_refused(site: Any, look: Look, kind: str) -> None:
    assert look(site, "/tables/merchants", {"merchant_id": "M1"}, content_type=kind).status == 415


def test_a_form_of_too_many_fields_is_refused(site: Any, look: Look) -> None:
    many = {f"f{number}": "1" for number in range(300)}

    assert look(site, "/tables/merchants", many).status == 400


def test_an_insecure_server_shows_its_pages_under_names_of_this_machine_only(site: Any, look: Look) -> None:
    reply = look(site, "/tables/merchants", host="rebound.example")

    assert reply.status == 421
    assert "merchants" not in Read(reply.body).words


def test_examples_name_the_server_as_the_visitor_does(guarded_site: Any, look: Look) -> None:
    bearer = f"Bearer {guarded_site.token}"

    named = look(guarded_site, "/tables/visits", authorization=bearer, host="features.example:8443").body.decode()
    odd = look(guarded_site, "/tables/visits", authorization=bearer, host="a b`c").body.decode()

    assert "http://features.example:8443/serving-endpoints/visits/invocations" in named
    assert "http://127.0.0.1:8080/serving-endpoints/visits/invocations" in odd
    assert "{&#34;merchant_id&#34;: &#34;&lt;merchant_id&gt;&#34;, &#34;day&#34;: 1}" in named


def test_a_set_that_lacks_a_table_says_so_and_is_not_asked(tmp_path: Path, new_server: Callable[..., Any], look: Look) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'online.db'}")
    table = FeatureTable(
        name="cities", keys=("city",), event_time="as_of", features=(Feature(name="n", type="bigint", description="people"),)
    )
    now = pa.array([datetime.now(timezone.utc)], pa.timestamp("us", "UTC"))
    publish(table, pa.table({"city": ["Ulm"], "as_of": now, "n": [1]}), store)
    store.write_feature_sets([FeatureSet(name="both", tables=("cities", "rivers"))])

    with new_server(tmp_path / "online.db", insecure=True) as server:
        asked = Read(look(server, "/sets/both", {"city": "Ulm"}).body).words
        listed = Read(look(server, "/").body).words

    assert "It cannot be asked now: table 'rivers' is not published." in asked
    assert "cannot be asked now" in listed


def test_a_store_that_is_gone_is_a_page_that_says_so(
    tmp_path: Path, catalogue_store: Path, new_server: Callable[..., Any], look: Look
) -> None:
    path = tmp_path / "online.db"
    shutil.copy(catalogue_store, path)

    with new_server(path, insecure=True) as server:
        path.unlink()
        reply = look(server, "/")

    assert reply.status == 503
    assert "The store cannot be read now." in Read(reply.body).words
    assert str(path) not in reply.body.decode()


def test_a_store_in_postgresql_is_shown_and_asked_alike(postgres_url: str, new_server: Callable[..., Any], look: Look) -> None:
    table = FeatureTable(
        name="cities",
        keys=("city",),
        event_time="as_of",
        ttl=timedelta(days=1),
        features=(Feature(name="n", type="bigint", description="people"),),
    )
    then = pa.array([datetime.now(timezone.utc) - timedelta(hours=3, minutes=1)], pa.timestamp("us", "UTC"))
    store = open_store(postgres_url)
    publish(table, pa.table({"city": ["Ulm"], "as_of": then, "n": [126_000]}), store)
    store.close()

    with new_server(postgres_url, insecure=True) as server:
        listed = Read(look(server, "/").body).words
        answer = Read(look(server, "/tables/cities", {"city": "Ulm"}).body).words

    assert "cities city 1 1 fresh, 3 h old" in listed
    assert "n 126000" in answer


def test_what_an_earlier_goldlane_published_is_shown_as_far_as_it_is_known(
    tmp_path: Path, catalogue_store: Path, new_server: Callable[..., Any], look: Look
) -> None:
    shutil.copy(catalogue_store, tmp_path / "online.db")
    with closing(sqlite3.connect(tmp_path / "online.db", isolation_level=None)) as connection:
        connection.execute("UPDATE goldlane_tables SET catalogue = NULL")

    with new_server(tmp_path / "online.db", insecure=True) as server:
        listed = Read(look(server, "/").body).words
        words = Read(look(server, "/tables/merchants", {"merchant_id": "M1"}).body).words

    assert "merchant_id 4 \N{EN DASH} age unknown" in listed
    assert "Keys in store not counted Newest event not known as_of" in words
    assert "Source a table or stream version 2" in words
    assert "velocity 11 sales" in words

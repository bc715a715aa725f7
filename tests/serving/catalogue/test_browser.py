"""The pages in headless Chromium: at the size of a phone and of a desk, light and dark."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SIZES = {"phone": {"width": 360, "height": 740}, "desk": {"width": 1280, "height": 900}}
PAGES = ("/", "/features?q=velocity", "/tables/merchants", "/tables/visits", "/sets/everything", "/sign-in")
AA, AA_LARGE = 4.5, 3.0
# Every text with the colour it is drawn in and the first opaque colour behind it; large text is 24 px, or 18.66 px and bold.
CONTRASTS = """
() => {
  const channels = colour => (colour.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b]
    .map(value => value / 255)
    .map(value => value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)
    .reduce((sum, value, at) => sum + value * [0.2126, 0.7152, 0.0722][at], 0);
  const behind = element => {
    for (let at = element; at; at = at.parentElement) {
      const found = channels(getComputedStyle(at).backgroundColor);
      if (found.length === 3 || found[3] === 1) return found;
    }
    return [255, 255, 255];
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement, style = getComputedStyle(element);
    if (!walker.currentNode.data.trim() || !element.checkVisibility() || element.closest('svg')) continue;
    const [front, back] = [light(channels(style.color)), light(behind(element))].sort((a, b) => b - a);
    const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    found.push({text: walker.currentNode.data.trim(), ratio: (front + 0.05) / (back + 0.05), large});
  }
  return found;
}
"""
WITHOUT_LABEL = """
() => [...document.querySelectorAll('input:not([type=hidden]), button, a, summary, [role=img], [tabindex="0"]')]
  .filter(each => !(each.labels?.length || each.textContent.trim() || each.ariaLabel
                    || document.getElementById(each.getAttribute('aria-labelledby'))?.textContent.trim()))
  .map(each => each.outerHTML)
"""
SPILLED = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


class Looked:
    """A page with what it asked of the network and said on its console."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.url = page, url
        self.hosts: set[str] = set()
        self.said: list[str] = []
        page.on("request", lambda request: self.hosts.add(urlsplit(request.url).netloc))
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))

    def at(self, path: str) -> Page:
        self.page.goto(self.url + path)
        return self.page


SIGHTS = [
    pytest.param(("phone", "dark"), id="phone-dark"),
    pytest.param(("desk", "light"), id="desk-light"),
    pytest.param(("phone", "light"), id="phone-light", marks=pytest.mark.slow),
    pytest.param(("desk", "dark"), id="desk-dark", marks=pytest.mark.slow),
]


@pytest.fixture(params=SIGHTS)
def looked(request: pytest.FixtureRequest, browser: Browser, site: Any) -> Iterator[Looked]:
    """A browser's window on the site."""
    size, scheme = request.param
    context = browser.new_context(viewport=SIZES[size], color_scheme=scheme)  # type: ignore[arg-type]  # width and height
    yield Looked(context.new_page(), site.url)
    context.close()


@pytest.fixture
def window(browser: Browser) -> Iterator[Page]:
    """A window of a desk's size, looking at nothing yet."""
    context = browser.new_context(viewport=SIZES["desk"])  # type: ignore[arg-type]  # width and height
    yield context.new_page()
    context.close()


def tab_to(page: Page, wanted: str) -> None:
    """Press Tab until the element is reached, as people without a mouse do."""
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("wanted => document.activeElement.matches(wanted)", wanted):
            return
    pytest.fail(f"{wanted} cannot be reached by Tab")


def test_pages_fit_the_screen_can_be_read_are_silent_and_ask_nobody_else(looked: Looked) -> None:
    for path in PAGES:
        page = looked.at(path)
        texts = page.evaluate(CONTRASTS)
        assert page.evaluate(SPILLED) <= 0, path
        assert len(texts) > 5
        assert [each for each in texts if each["ratio"] < (AA_LARGE if each["large"] else AA)] == [], path

    assert looked.said == []
    assert looked.hosts == {urlsplit(looked.url).netloc}


def test_dark_is_dark_and_light_is_light(looked: Looked, request: pytest.FixtureRequest) -> None:
    paper = looked.at("/").evaluate("getComputedStyle(document.body).backgroundColor")

    brightness = sum(int(part) for part in paper.strip("rgb()").split(","))
    assert (brightness < 150) == ("-dark]" in request.node.name)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_landmarks_one_title_headings_in_order_and_a_name_for_everything(window: Page, site: Any, path: str) -> None:
    window.goto(site.url + path)

    levels = window.evaluate("[...document.querySelectorAll('h1, h2, h3')].map(each => Number(each.tagName[1]))")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    for landmark in ("banner", "main", "contentinfo", "navigation", "search"):
        assert window.get_by_role(landmark).count() >= 1, landmark  # type: ignore[arg-type]  # one of its roles
    assert window.evaluate("document.documentElement.lang") == "en"
    assert window.evaluate(WITHOUT_LABEL) == []
    assert window.evaluate("[...document.querySelectorAll('th')].filter(each => !each.scope).length") == 0
    assert window.evaluate("[...document.querySelectorAll('table')].filter(each => !each.caption).length") == 0


def test_a_key_is_looked_up_with_the_keyboard_alone(looked: Looked, eventually: Any) -> None:
    page = looked.at("/tables/merchants")

    tab_to(page, "#key-merchant_id")
    page.keyboard.type("M1")
    with page.expect_navigation():
        page.keyboard.press("Enter")

    answer = page.get_by_role("region", name="Answer of merchants")
    assert "3 h old" in answer.inner_text()
    assert answer.get_by_text("•••").is_visible()
    assert page.locator("#key-merchant_id").input_value() == "M1"
    eventually(answer.bounding_box, lambda box: box["y"] < page.viewport_size["height"])  # type: ignore[index]  # both are there
    assert looked.said == []


def test_the_first_tab_leads_past_the_menu(window: Page, site: Any) -> None:
    window.goto(site.url + "/tables/merchants")

    window.keyboard.press("Tab")
    shown = window.locator(".skip").bounding_box()
    window.keyboard.press("Enter")

    assert shown is not None
    assert shown["x"] >= 0
    assert window.evaluate("document.activeElement.id") == "main"


def test_pages_work_where_scripts_are_forbidden(browser: Browser, site: Any) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(site.url)

    page.get_by_role("link", name="merchants", exact=True).click()
    page.get_by_label("merchant_id").fill("M1")
    page.get_by_role("button", name="Look up").click()

    assert page.get_by_role("region", name="Answer of merchants").is_visible()
    page.context.close()


def test_a_search_finds_features_and_leads_to_them(window: Page, site: Any) -> None:
    window.goto(site.url + "/features")

    tab_to(window, "#q")
    window.keyboard.type("FRAUD rate")
    with window.expect_navigation():
        window.keyboard.press("Enter")
    window.get_by_role("link", name="fraud_rate_30d").click()

    assert window.url.endswith("/tables/merchants#merchants.fraud_rate_30d")
    assert window.evaluate("document.querySelector('tr:target th').innerText") == "fraud_rate_30d"


def test_the_graph_shows_the_table_first_and_is_told_in_words(looked: Looked) -> None:
    page = looked.at("/tables/merchants")
    frame = page.locator(".graph-frame")
    frame.scroll_into_view_if_needed()

    box, own = frame.bounding_box(), page.locator(".box.online").bounding_box()
    assert box is not None
    assert own is not None
    assert box["x"] <= own["x"]
    assert own["x"] + own["width"] <= box["x"] + box["width"]
    page.get_by_text("The same in words").click()
    assert page.get_by_text("clean view reads bronze").is_visible()


def test_a_visitor_signs_in_sees_the_tables_of_the_token_and_signs_out(
    window: Page, guarded_site: Any, eventually: Callable[..., Any]
) -> None:
    token = guarded_site.new_token("visits")
    eventually(lambda: guarded_site.ask("GET", "/", authorization=f"Bearer {token}"), lambda reply: reply.status == 200)
    window.goto(guarded_site.url + "/tables/visits")
    window.keyboard.type("wrong")
    with window.expect_navigation():
        window.keyboard.press("Enter")
    assert window.get_by_role("alert").inner_text() == "The token is not known here, or was revoked."

    window.get_by_label("Token").fill(token)
    with window.expect_navigation():
        window.keyboard.press("Enter")
    (cookie,) = window.context.cookies()
    window.get_by_role("link", name="Tables").first.click()
    listed = window.locator("main").inner_text()
    window.get_by_role("button", name="Sign out").click()

    assert window.url.endswith("/sign-in")
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
    assert "visits" in listed
    assert "merchants" not in listed
    assert window.context.cookies() == []


def test_a_key_stays_out_of_addresses(window: Page, site: Any) -> None:
    asked: list[str] = []
    window.on("request", lambda request: asked.append(request.url))
    window.goto(site.url + "/tables/merchants")

    window.get_by_label("merchant_id").fill("M1-private")
    with window.expect_navigation():
        window.keyboard.press("Enter")

    assert not [url for url in asked if "private" in url]

"""From a template to a response: what every page is told, and the headers it is sent with."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from goldlane import __version__
from goldlane.drawing.rendering import environment
from goldlane.features.pages import aggregate, stretch

if TYPE_CHECKING:
    from jinja2 import Environment
    from starlette.requests import Request

_FILES = {"style.css": "text/css", "icon.svg": "image/svg+xml"}
_NOT_MODIFIED = 304
_OK = 200
# No script at all, nothing from elsewhere, in nobody's frame.
_POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
_HEADERS = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "vary": "Cookie, Authorization",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What the frame around a page shows. ``here`` is the menu's entry that the page belongs to, ``query`` what was searched for."""

    here: str = ""
    query: str = ""
    signed_in: bool = False

    @property
    def version(self) -> str:
        """Goldlane's version."""
        return __version__

    @property
    def stylesheet(self) -> str:
        """The address of the style sheet, which changes with it."""
        return _address("style.css")

    @property
    def icon(self) -> str:
        """The address of the icon, which changes with it."""
        return _address("icon.svg")


def rendered(template: str, site: Site, **facts: Any) -> str:
    """The page as text."""
    return _environment().get_template(template).render(site=site, **facts)


def page(request: Request, text: str, status: int = _OK, *, is_kept: bool = True) -> Response:
    """The page as a response. ``is_kept``: browsers may keep it if they ask each time whether it is still right; answers are never kept."""
    body = text.encode()
    tag = f'"{hashlib.sha256(body).hexdigest()[:24]}"'
    headers = {**_HEADERS, "cache-control": "private, no-cache" if is_kept else "no-store"}
    if is_kept and status == _OK:
        headers["etag"] = tag
        if tag in (one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")):
            return Response(status_code=_NOT_MODIFIED, headers=headers)
    return Response(body, status, headers, media_type="text/html")


def static_file(name: str) -> Response | None:
    """A file by the last part of its address; its address holds its contents' hash, so that it is kept for good."""
    for file, kind in _FILES.items():
        if _address(file).endswith(f"/{name}"):
            headers = {**_HEADERS, "cache-control": "public, max-age=31536000, immutable"}
            return Response(_content(file), headers=headers, media_type=kind)
    return None


def _address(file: str) -> str:
    stem, _, ending = file.partition(".")
    return f"/static/{stem}-{hashlib.sha256(_content(file)).hexdigest()[:12]}.{ending}"


@cache
def _content(file: str) -> bytes:
    return _environment().get_template(file).render().encode()


@cache
def _environment() -> Environment:
    made = environment("goldlane.serving.catalogue")
    made.filters |= {"aggregate": aggregate, "stretch": stretch}
    return made

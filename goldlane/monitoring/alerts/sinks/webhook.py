"""Alerts by HTTP: Slack, Teams, or JSON for a program of one's own."""

from __future__ import annotations

import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from goldlane.features.online.json_values import as_text
from goldlane.monitoring.alerts.sinks.payloads import SHAPES
from goldlane.monitoring.alerts.sinks.secrets import secret
from goldlane.monitoring.alerts.sinks.sink import Notice, SinkError
from goldlane.monitoring.errors import MonitorDeclarationError

_TOO_MANY, _SERVER_ERROR = 429, 500
_LONGEST_WAIT_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """POSTs to the address in the environment variable ``url_variable``: such an address is a secret, and stands in no declaration.

    ``shape`` is ``slack``, ``teams`` or ``json``. What may pass (no connection, a timeout, 429, 5xx) is tried ``attempts`` times, after
    ``backoff_s``, then twice as long, or as long as the server says; everything else fails at once.

    Raises:
        MonitorDeclarationError: all mistakes at once.
    """

    url_variable: str
    shape: str = "slack"
    name: str = "webhook"
    timeout_s: float = 10.0
    attempts: int = 3
    backoff_s: float = 1.0

    def __post_init__(self) -> None:
        mistakes = list(_mistakes(self))
        if mistakes:
            raise MonitorDeclarationError(f"webhook {self.name!r}", mistakes)

    def tell(self, notice: Notice) -> None:
        """POST the notice.

        Raises:
            SinkError: the last attempt failed; the server's host is named, the rest of the address is not.
        """
        url = _checked(secret(self.url_variable, self.name), self)
        body = json.dumps(SHAPES[self.shape](notice), default=as_text, allow_nan=False).encode()
        wait = self.backoff_s
        for attempt in range(1, self.attempts + 1):
            failed = _posted(url, body, self.timeout_s)
            if failed is None:
                return
            if attempt == self.attempts or not failed.may_pass:
                raise SinkError(f"sink {self.name!r}: {failed.why} ({urlsplit(url).hostname}, attempt {attempt} of {self.attempts})")
            time.sleep(min(failed.wait_s if failed.wait_s is not None else wait, _LONGEST_WAIT_S))
            wait *= 2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Failure:
    why: str
    may_pass: bool = True
    wait_s: float | None = None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would carry alerts to an address that nobody declared."""

    def redirect_request(self, *_: object) -> None:
        """Follow none."""


def _checked(url: str, webhook: Webhook) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        message = f"sink {webhook.name!r}: the environment variable {webhook.url_variable} holds no http:// or https:// address"
        raise SinkError(message, hint=f"export {webhook.url_variable}=https://...")
    return url


def _posted(url: str, body: bytes, timeout_s: float) -> _Failure | None:
    request = urllib.request.Request(url, data=body, headers={"Content-Type": "application/json"}, method="POST")  # noqa: S310  _checked
    try:
        with urllib.request.build_opener(_NoRedirect()).open(request, timeout=timeout_s) as response:
            response.read()
    except urllib.error.HTTPError as refused:
        may_pass = refused.code == _TOO_MANY or refused.code >= _SERVER_ERROR
        return _Failure(why=f"the server answered {refused.code}", may_pass=may_pass, wait_s=_wait(refused.headers.get("Retry-After")))
    except urllib.error.URLError as unreachable:
        return _Failure(why=_cause(unreachable.reason))
    except (OSError, http.client.HTTPException) as broken:
        return _Failure(why=_cause(broken), may_pass=not isinstance(broken, http.client.InvalidURL))
    return None


def _cause(reason: object) -> str:
    """What went wrong, without what was asked for: some messages hold the address."""
    if isinstance(reason, TimeoutError):
        return "no answer in time"
    return (reason.strerror or type(reason).__name__) if isinstance(reason, OSError) else type(reason).__name__


def _wait(header: str | None) -> float | None:
    try:
        return max(float(header), 0.0) if header is not None else None
    except ValueError:
        return None


def _mistakes(webhook: Webhook) -> Iterator[str]:
    if not isinstance(webhook.url_variable, str) or not webhook.url_variable.isidentifier():
        yield "url_variable is the name of an environment variable that holds the address, such as 'SLACK_WEBHOOK_URL'"
    if webhook.shape not in SHAPES:
        yield f"unknown shape {webhook.shape!r}; it is one of {', '.join(SHAPES)}"
    if not webhook.timeout_s > 0:
        yield f"timeout_s must be more than 0, not {webhook.timeout_s!r}"
    if webhook.attempts < 1:
        yield f"attempts must be 1 or more, not {webhook.attempts!r}"
    if webhook.backoff_s < 0:
        yield f"backoff_s must be 0 or more, not {webhook.backoff_s!r}"

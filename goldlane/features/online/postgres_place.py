"""Where a PostgreSQL store is: its URL as libpq reads it, and the part of it that may be printed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote

from goldlane.errors import MissingExtraError, UsageError
from goldlane.features.online.urls import masked

SCHEMES = ("postgresql://", "postgres://")
_FORM = "postgresql://user:password@host:5432/database?sslmode=require; in user and password @ is %40, / is %2F, : is %3A"
# The last: milliseconds after which a network that swallows what is sent is an error, and not a wait of a quarter of an hour.
_DEFAULTS = {"application_name": "goldlane", "connect_timeout": "10", "keepalives_idle": "30", "tcp_user_timeout": "30000"}
_SECRETS = ("password", "sslpassword")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A database. ``label`` names it without its secrets; ``conninfo`` has them and is never printed."""

    label: str
    conninfo: str = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False, default=())

    def without_secrets(self, text: str) -> str:
        """What may be told of somebody else's message."""
        for secret in self.secrets:
            text = text.replace(secret, "***")
        return text


def read_place(url: str) -> Place:
    """The database that ``url`` names; nothing is connected to.

    Raises:
        MissingExtraError: psycopg is not installed.
        UsageError: libpq cannot read the URL. Its own words are not handed on: they may hold a part of the password.
    """
    psycopg = driver()
    try:
        found = psycopg.conninfo.conninfo_to_dict(url)
    except psycopg.Error:
        raise UsageError(f"{masked(url)} is no URL that PostgreSQL's library can read", hint=_FORM) from None
    if _has_stray_at(url, found):
        raise UsageError(f"{masked(url)} has a user, password or host with an @ that is not written as %40", hint=_FORM)
    secrets = {str(found[name]) for name in _SECRETS if found.get(name)}
    return Place(
        label=_label(found),
        conninfo=psycopg.conninfo.make_conninfo("", **{**_DEFAULTS, **found}),
        # The longest first, or a short one inside it would leave its ends.
        secrets=tuple(sorted({form for secret in secrets for form in (secret, quote(secret, safe=""))}, key=len, reverse=True)),
    )


def driver() -> Any:
    """The module psycopg."""
    try:
        import psycopg
    except ImportError as missing:
        raise MissingExtraError("postgres", needed_for="a PostgreSQL store") from missing
    return psycopg


def _label(found: dict[str, Any]) -> str:
    user = f"{found['user']}@" if found.get("user") else ""
    port = f":{found['port']}" if found.get("port") else ""
    return f"postgresql://{user}{found.get('host') or 'localhost'}{port}/{found.get('dbname') or ''}"


def _has_stray_at(url: str, found: dict[str, Any]) -> bool:
    """Libpq ends the user's part at the first @, people mean the last one."""
    authority = url.partition("://")[2].partition("?")[0]
    return "@" in str(found.get("host") or "") or ("@" in str(found.get("dbname") or "") and "@" in unquote(authority))

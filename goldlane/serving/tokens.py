"""Bearer tokens: made once, shown once, kept as salted hashes."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

PREFIX = "gl"
EVERYTHING = "*"
COUNTERS = "/metrics"  # no table and no set can have this name


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What is kept of a token: ``scopes`` are tables and feature sets, ``/metrics`` for the counters, ``*`` for all of it.

    One without ``expires_at`` lasts until it is revoked.
    """

    id: str
    name: str
    salt: str
    sha256: str
    scopes: frozenset[str]
    created_at: datetime
    expires_at: datetime | None = None

    def allows(self, name: str, tables: Iterable[str] = ()) -> bool:
        """Whether it may read the endpoint ``name``: that itself, or every one of its ``tables``."""
        return EVERYTHING in self.scopes or name in self.scopes or (bool(found := set(tables)) and found <= self.scopes)

    def document(self) -> dict[str, Any]:
        """The token in JSON's own types."""
        return {
            "id": self.id,
            "name": self.name,
            "salt": self.salt,
            "sha256": self.sha256,
            "scopes": sorted(self.scopes),
            "created_at": self.created_at.isoformat(),
            "expires_at": None if self.expires_at is None else self.expires_at.isoformat(),
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Token:
        """The token that ``document`` wrote; ``ValueError``, ``KeyError`` or ``TypeError`` when it is none."""
        expires = document["expires_at"]
        scopes = document["scopes"]
        if not isinstance(scopes, list) or not all(isinstance(scope, str) for scope in scopes):
            raise TypeError("scopes is not a list of texts")
        words = {part: _text(document[part]) for part in ("id", "name", "salt", "sha256")}
        return cls(
            **words,
            scopes=frozenset(scopes),
            created_at=_time(document["created_at"]),
            expires_at=None if expires is None else _time(expires),
        )


def new_token(name: str, scopes: Iterable[str], expires_at: datetime | None) -> tuple[str, Token]:
    """The text to hand over, and what to keep of it."""
    identity, secret, salt = secrets.token_hex(6), secrets.token_urlsafe(32), secrets.token_hex(16)
    kept = Token(
        id=identity,
        name=name,
        salt=salt,
        sha256=_digest(salt, secret),
        scopes=frozenset(scopes),
        created_at=datetime.now(timezone.utc),
        expires_at=expires_at,
    )
    return f"{PREFIX}_{identity}_{secret}", kept


def matching(tokens: Mapping[str, Token], text: str) -> Token | None:
    """The token whose text this is, expired or not. How long it takes says nothing about the secret."""
    prefix, _, rest = text.partition("_")
    identity, _, secret = rest.partition("_")
    token = tokens.get(identity) if prefix == PREFIX else None
    kept = token if token is not None else _NOBODY
    same = hmac.compare_digest(_digest(kept.salt, secret), kept.sha256)
    return token if same else None


def _digest(salt: str, secret: str) -> str:
    # A secret of 256 random bits needs no slow hash: there is nothing to guess.
    return hashlib.sha256(f"{salt}{secret}".encode("utf-8", "surrogatepass")).hexdigest()


def _time(text: Any) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    return moment


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.isascii():
        raise TypeError("not a text")
    return value


_NOBODY = Token(id="", name="", salt="", sha256="0" * 64, scopes=frozenset(), created_at=datetime.now(timezone.utc))

"""Passwords in the parameters of a job: they are used, and neither recorded nor printed."""

from __future__ import annotations

import re
from collections.abc import Mapping

from goldlane.features.online.urls import masked

# user:password@, or an option such as ?password=
_SECRET = re.compile(r"://[^/?#]*:.*@|(password|token|secret)\s*=", re.IGNORECASE | re.DOTALL)
_MARK = "***"


def without_secrets(parameters: Mapping[str, str]) -> dict[str, str]:
    """The parameters as they may be read by anybody: a URL with a password in it is cut down to its place, and marked by ``***``."""
    return {name: _cut(value) if "://" in value and _SECRET.search(value) else value for name, value in parameters.items()}


def repeated(recorded: Mapping[str, str]) -> dict[str, str]:
    """Those of the recorded parameters that a repair can take over as they are."""
    return {name: value for name, value in recorded.items() if not _is_cut(value)}


def unknown_secrets(recorded: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """What is wrong where a parameter's password was not recorded, and its place is another one ``now``."""
    cut = {name: value for name, value in recorded.items() if _is_cut(value)}
    return [
        f"the parameter {name!r} was {value}, whose password is not recorded; say --param {name}=VALUE"
        for name, value in cut.items()
        if without_secrets({name: now.get(name, "")})[name] != value
    ]


def _cut(url: str) -> str:
    place = masked(url)
    return place if _MARK in place else f"{place}?{_MARK}"


def _is_cut(value: str) -> bool:
    return "://" in value and _MARK in value

"""Connections that read: how they are set up, what is worth a second try, and keys that PostgreSQL cannot hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from goldlane.features.online.postgres_errors import is_lost
from goldlane.features.online.postgres_place import Place, driver

POOL_SIZE = 8
POOL_WAIT_S = 10.0
# Each statement is planned once per connection; planning for the very key costs more than the lookup, compiling for it too.
SETTINGS = "SELECT set_config('plan_cache_mode', 'force_generic_plan', false), set_config('jit', 'off', false)"
_STALE = ("42P01", "42703", "0A000", "42883", "42804", "26000")


def connect_options() -> dict[str, Any]:
    """How psycopg connects for reading: every statement is prepared at once, and parameters are numbered."""
    return {"autocommit": True, "prepare_threshold": 0}


def pool_options(place: Place) -> dict[str, Any]:
    """What both kinds of pools are made with."""
    return {
        "conninfo": place.conninfo,
        "min_size": 1,
        "max_size": POOL_SIZE,
        "timeout": POOL_WAIT_S,
        "reconnect_timeout": POOL_WAIT_S,
        "kwargs": connect_options(),
        "name": "goldlane",
        "open": False,
    }


def read_times_as_numbers(adapters: Any) -> None:
    """Times are loaded as the microseconds that they are sent as; see ``postgres_types``."""
    from psycopg.types.numeric import Int8BinaryLoader

    for name in ("timestamptz", "timestamp"):
        adapters.register_loader(name, Int8BinaryLoader)


def is_worth_a_retry(error: BaseException) -> bool:
    """Whether the server went away, or forgot a statement, or a table became another between learning of it and asking it."""
    return is_lost(error) or getattr(error, "sqlstate", None) in _STALE


def cannot_be_sent(error: Exception) -> bool:
    """Whether a parameter was refused before it left: text with NUL, or that is no Unicode."""
    return isinstance(error, UnicodeEncodeError) or (isinstance(error, driver().DataError) and error.sqlstate is None)


def without_unsendable(parameters: Sequence[Any]) -> list[Any]:
    """The parameters with NULL, which equals no key, for texts that no row can have."""
    return [[_sendable(value) for value in parameter] if isinstance(parameter, list) else _sendable(parameter) for parameter in parameters]


def _sendable(value: object) -> object:
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            return None
        return None if "\0" in value else value
    return value

"""PostgreSQL's errors as one line that names the database and the next step, and never a password."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from goldlane.errors import GoldlaneError, UsageError, first_line
from goldlane.features.online.postgres_place import Place, driver
from goldlane.features.online.store import StoreError

WAIT_S = 120
_AS_IT_WAS = "; the store is as it was"
_AGAIN = "publish again"
# What the server answers, by SQLSTATE or its class: whose mistake it is, what it means, what to do.
_KNOWN: dict[str, tuple[type[GoldlaneError], str, str]] = {
    "53100": (StoreError, f"the disk is full{_AS_IT_WAS}", "make room and publish again"),
    "53200": (StoreError, f"the server is out of memory{_AS_IT_WAS}", _AGAIN),
    "53300": (StoreError, "the server has no connection left", "raise max_connections, or let fewer processes read"),
    "55P03": (StoreError, f"the table is held by another publisher for more than {WAIT_S} s", "wait for it to end"),
    "40P01": (StoreError, f"another transaction was in the way{_AS_IT_WAS}", _AGAIN),
    "57014": (StoreError, f"the server cancelled the statement{_AS_IT_WAS}", "is statement_timeout too small?"),
    "42501": (UsageError, "the user may not do that", "GRANT it: publishing makes tables in the first schema of the search path"),
    "25006": (UsageError, "the database takes no writes: is it a replica?", "publish to the primary"),
    "3F000": (UsageError, "there is no schema to make tables in", "CREATE SCHEMA, or name one in the search path"),
    "54000": (
        UsageError,
        f"a key is longer than PostgreSQL can keep in an index (about 2,700 bytes){_AS_IT_WAS}",
        "key by something shorter, such as a hash",
    ),
    "54011": (UsageError, "PostgreSQL keeps no more than 1,600 columns in a table", "part the feature table"),
    "22021": (UsageError, f"a text holds the character NUL, which PostgreSQL cannot keep{_AS_IT_WAS}", "remove it in the table"),
    "22P05": (UsageError, f"a text holds a character that the database's encoding lacks{_AS_IT_WAS}", "use a database with UTF8"),
    "2BP01": (
        UsageError,
        f"a view or a rule depends on the table, whose columns change{_AS_IT_WAS}",
        "drop it and make it again after publishing",
    ),
    "42P01": (UsageError, "holds no published table", "goldlane publish fills it"),
    "28P01": (UsageError, "the password is wrong", "check the password of the URL, or PGPASSWORD"),
    "28000": (UsageError, "the server does not let this user in", "check user, host and TLS (sslmode) against its pg_hba.conf"),
    "3D000": (UsageError, "there is no such database", "check the URL; createdb makes one"),
}
# What libpq and psycopg say before the server can; such errors bear no SQLSTATE.
_REFUSED = (
    (r"password authentication failed|no password supplied", "28P01"),
    (r'role ".*" does not exist|pg_hba\.conf|SSL', "28000"),
    (r'database ".*" does not exist', "3D000"),
    (r"cannot contain NUL", "22021"),
    (r"too many clients|remaining connection slots", "53300"),
)


@contextmanager
def clear_errors(place: Place) -> Iterator[None]:
    """Psycopg's errors as Goldlane's."""
    psycopg = driver()
    try:
        yield
    except psycopg.Error as error:
        raise explained(error, place) from _safe(error, place)


def explained(error: BaseException, place: Place) -> GoldlaneError:
    """The error to raise for what psycopg or ADBC raised."""
    text = place.without_secrets(first_line(error))
    state = getattr(error, "sqlstate", None) or _state_of_refusal(text)
    if state in _KNOWN:
        kind, meaning, hint = _KNOWN[state]
        return kind(f"{place.label}: {meaning} [{_said(text)}]", hint=hint)
    if _is_lost(error, state):
        return StoreError(
            f"{place.label} cannot be reached, or went away: {_said(text)}", hint="is the server running? is the URL right? then try again"
        )
    return StoreError(f"{place.label}: {_said(text)}")


def is_lost(error: BaseException) -> bool:
    """Whether the connection is gone, so that the same question on another one may be answered."""
    return _is_lost(error, getattr(error, "sqlstate", None))


def _is_lost(error: BaseException, state: str | None) -> bool:
    if state is None:
        return isinstance(error, driver().OperationalError) or "libpq" in str(error)
    # Class 08: the connection; 57P0x: the server stops, crashed, or starts.
    return state.startswith(("08", "57P0"))


def _state_of_refusal(text: str) -> str | None:
    return next((state for pattern, state in _REFUSED if re.search(pattern, text)), None)


def _said(text: str) -> str:
    return text.strip().rstrip(".")


def _safe(error: BaseException, place: Place) -> BaseException | None:
    """The cause to chain, unless it would print a secret."""
    return error if place.without_secrets(str(error)) == str(error) else None

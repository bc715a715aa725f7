"""Whether a value survived its column's type: Arrow cuts 2.5 to 2, a time to its day, and a struct to the fields it knows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from goldlane.errors import UsageError

if TYPE_CHECKING:
    import pyarrow as pa


def require_kept(values: list[Any], made: pa.Array[Any]) -> pa.Array[Any]:
    """``made``, if its values still say what ``values`` say.

    Raises:
        UsageError: the first that does not.
    """
    for given, back in zip(values, made.to_pylist(), strict=True):
        if not _says(back, given):
            raise UsageError(f"{given!r} would become {back!r} as {made.type}", hint="say schema= with a type that holds it")
    return made


def _says(back: Any, given: Any) -> bool:
    if isinstance(given, (int, float, Decimal)) and isinstance(back, (int, Decimal)):
        # A float is the nearest that there is, whatever was given.
        return bool(back == given)
    if isinstance(given, datetime) and not isinstance(back, datetime):
        return given.time() == time()
    if isinstance(given, Mapping):
        found = dict(back)  # of a map Arrow gives pairs
        return all(name in found and _says(found[name], value) for name, value in given.items())
    if isinstance(given, (list, tuple)) and isinstance(back, list):
        return len(given) == len(back) and all(_says(after, before) for after, before in zip(back, given, strict=True))
    return True

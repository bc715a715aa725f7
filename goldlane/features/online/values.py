"""How a declared type is kept in SQLite and comes back exact.

Times are whole microseconds since 1970 in UTC, dates ISO text, booleans 0 or 1, decimals text. SQLite takes NaN for NULL, so NaN is
kept as the text ``NaN``, which a REAL column leaves alone.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from decimal import Context, Decimal, InvalidOperation

from goldlane.errors import UsageError
from goldlane.features.types import decimal_scale

NAN_TEXT = "NaN"
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
NAIVE_EPOCH = EPOCH.replace(tzinfo=None)
INTEGERS = frozenset(("tinyint", "smallint", "int", "bigint"))
FLOATS = frozenset(("float", "double"))
_INT64 = 2**63
_DECIMALS = Context(prec=38)
_MICROSECOND = timedelta(microseconds=1)
# Python's times end where the years do that ISO 8601 can write.
FIRST_INSTANT = (datetime.min - NAIVE_EPOCH) // _MICROSECOND  # noqa: DTZ901  both are naive
LAST_INSTANT = (datetime.max - NAIVE_EPOCH) // _MICROSECOND  # noqa: DTZ901  both are naive

# Python expressions over one stored value {v}; a type that is not here comes back as it is. See `plans`, which compiles them.
DECODERS = {
    "float": "nan if {v}.__class__ is str else {v}",
    "double": "nan if {v}.__class__ is str else {v}",
    "boolean": "None if {v} is None else {v} == 1",
    "decimal": "None if {v} is None else decimal({v})",
    "date": "None if {v} is None else date_of({v})",
    "timestamp": "None if {v} is None else epoch + delta(0, 0, {v})",
    "timestamp_ntz": "None if {v} is None else naive_epoch + delta(0, 0, {v})",
}
NAMESPACE = {
    "nan": math.nan,
    "decimal": Decimal,
    "date_of": date.fromisoformat,
    "epoch": EPOCH,
    "naive_epoch": NAIVE_EPOCH,
    "delta": timedelta,
}


def family(type_name: str) -> str:
    """The type without its precision: ``decimal`` for ``decimal(18,2)``."""
    return type_name.partition("(")[0]


def column_type(type_name: str) -> str:
    """The SQLite column type, which is also its affinity."""
    if type_name in INTEGERS or family(type_name) in ("boolean", "timestamp", "timestamp_ntz"):
        return "INTEGER"
    return "REAL" if type_name in FLOATS else "BLOB" if type_name == "binary" else "TEXT"


def quoted(name: str) -> str:
    """A column's or table's name in SQL; declarations allow letters, digits and _ only, but a name may be a word of SQL."""
    return f'"{name}"'


def microseconds_of(moment: datetime) -> int:
    """Whole microseconds since 1970 in UTC of an aware moment; exact, unlike ``timestamp()``."""
    return (moment - EPOCH) // _MICROSECOND


def read_time(at: datetime | None) -> int:
    """Microseconds since 1970 of the moment of a read: ``at``, or now."""
    if at is None:
        return time.time_ns() // 1000
    if at.tzinfo is None:
        raise UsageError(f"the read time {at} has no time zone", hint="datetime(..., tzinfo=timezone.utc)")
    return microseconds_of(at)


def key_encoder(type_name: str) -> Callable[[object], object]:
    """From a key's value, or its text on a command line, to the stored value; ``ValueError`` when it is of another type."""
    scale = decimal_scale(type_name)
    if scale is not None:
        return lambda value: _decimal(value, scale)
    return _integer if type_name in INTEGERS else _ENCODERS[type_name]


def _string(value: object) -> str:
    if isinstance(value, str):
        return value
    raise ValueError(f"{value!r} is not text")


def _integer(value: object) -> int:
    number = int(value) if isinstance(value, (int, str)) and not isinstance(value, bool) else None
    if number is None or not -_INT64 <= number < _INT64:
        raise ValueError(f"{value!r} is not a 64-bit integer")
    return number


def _boolean(value: object) -> int:
    known = {True: 1, False: 0, "true": 1, "false": 0}
    if isinstance(value, (bool, str)) and value in known:
        return known[value]
    raise ValueError(f"{value!r} is neither true nor false")


def _date(value: object) -> str:
    if isinstance(value, str):
        value = date.fromisoformat(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    raise ValueError(f"{value!r} is not a date")


def _timestamp(value: object) -> int:
    moment = _moment(value)
    if moment.tzinfo is None:
        raise ValueError(f"{value!r} has no time zone")
    instant = microseconds_of(moment)
    if not FIRST_INSTANT <= instant <= LAST_INSTANT:
        raise ValueError(f"{value!r} lies outside the years 1 to 9999 in UTC")
    return instant


def _timestamp_ntz(value: object) -> int:
    moment = _moment(value)
    if moment.tzinfo is not None:
        raise ValueError(f"{value!r} has a time zone")
    return (moment - NAIVE_EPOCH) // _MICROSECOND


def _moment(value: object) -> datetime:
    if isinstance(value, str):
        # Python 3.10 does not read the Z of ISO 8601.
        value = datetime.fromisoformat(value.removesuffix("Z") + "+00:00" * value.endswith("Z"))
    if isinstance(value, datetime):
        return value
    raise ValueError(f"{value!r} is not a time")


def _decimal(value: object, scale: int) -> str:
    if isinstance(value, (Decimal, int, str)) and not isinstance(value, bool):
        try:
            number = Decimal(value)
            fitted = number.quantize(Decimal(1).scaleb(-scale), context=_DECIMALS)
        except InvalidOperation:
            fitted = number = Decimal("NaN")
        if fitted == number:
            # Zero has no sign: SQLite compares the texts.
            return str(fitted or fitted.copy_abs())
    raise ValueError(f"{value!r} is not a decimal with {scale} digits after the point")


def _binary(value: object) -> bytes:
    if isinstance(value, str):
        return bytes.fromhex(value)
    if isinstance(value, bytes):
        return value
    raise ValueError(f"{value!r} is neither bytes nor hexadecimal digits")


_ENCODERS: dict[str, Callable[[object], object]] = {
    "string": _string,
    "boolean": _boolean,
    "date": _date,
    "timestamp": _timestamp,
    "timestamp_ntz": _timestamp_ntz,
    "binary": _binary,
}

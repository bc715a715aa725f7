"""The version of a snapshot: a Python value that can be ordered, told to Spark, and remembered in a JSON file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from goldlane.pipelines.cdc.errors import SnapshotError

if TYPE_CHECKING:
    from pyspark.sql.types import DataType

Version = int | float | str | bytes | date | datetime | Decimal

# By exact class: a bool is an int, and a datetime is a date, to isinstance.
_WRITTEN: Mapping[type, tuple[str, Callable[[Any], str], Callable[[str], Version]]] = {
    int: ("int", str, int),
    float: ("float", repr, float),
    str: ("str", str, str),
    bytes: ("bytes", bytes.hex, bytes.fromhex),
    date: ("date", date.isoformat, date.fromisoformat),
    datetime: ("datetime", datetime.isoformat, datetime.fromisoformat),
    Decimal: ("Decimal", str, Decimal),
}


def checked_version(value: Any, last: Version | None, target: str) -> Version:
    """``value``, when it can be the version that comes after ``last``.

    Raises:
        SnapshotError: it is None, of a type that has no order in Spark, or not greater than ``last``.
    """
    if value is None:
        raise SnapshotError(f"a snapshot for {target} has no version: None came with its DataFrame", hint="return (DataFrame, version)")
    if type(value) not in _WRITTEN or value != value:  # noqa: PLR0124  only NaN differs from itself
        kinds = ", ".join(name for name, _, _ in _WRITTEN.values())
        raise SnapshotError(f"the version {value!r} of a snapshot for {target} has no order", hint=f"a version is one of {kinds}")
    if last is not None and not _comes_after(value, last, target):
        raise SnapshotError(
            f"the snapshots for {target} are out of order: version {value!r} came after {last!r}",
            hint="return snapshots in ascending order of their versions, each version once, and None when there is no newer one",
        )
    return value  # type: ignore[no-any-return]  # its type was looked up above


def version_type(version: Version) -> DataType:
    """The type that Spark gives the version."""
    from pyspark.sql import types as T

    kinds: dict[type, DataType] = {
        int: T.LongType(),
        float: T.DoubleType(),
        str: T.StringType(),
        bytes: T.BinaryType(),
        date: T.DateType(),
        datetime: T.TimestampType(),
        Decimal: T.DecimalType(38, 18),
    }
    return kinds[type(version)]


def to_json(version: Version) -> dict[str, str]:
    """The version as a JSON object that ``from_json`` understands."""
    kind, write, _ = _WRITTEN[type(version)]
    return {"type": kind, "value": write(version)}


def from_json(document: Mapping[str, str]) -> Version:
    """The version that ``to_json`` wrote."""
    read = {kind: parse for kind, _, parse in _WRITTEN.values()}[document["type"]]
    return read(document["value"])


def _comes_after(value: Any, last: Any, target: str) -> bool:
    try:
        return bool(value > last)
    except TypeError:
        raise SnapshotError(
            f"the version {value!r} of a snapshot for {target} cannot be compared with the last one, {last!r}",
            hint=f"give all versions one type, or full-refresh {target}",
        ) from None

"""What a change flow does, as frozen data, checked once at birth."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from goldlane.pipelines.cdc.errors import CdcError

if TYPE_CHECKING:
    from pyspark.sql import Column

_LISTS = (
    "keys",
    "column_list",
    "except_column_list",
    "track_history_column_list",
    "track_history_except_column_list",
    "ignore_null_updates_column_list",
    "ignore_null_updates_except_column_list",
)
_EXCLUSIVE = (
    ("column_list", "except_column_list"),
    ("track_history_column_list", "track_history_except_column_list"),
    (
        "ignore_null_updates",
        "ignore_null_updates_column_list",
        "ignore_null_updates_except_column_list",
        "columns_to_update",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ChangeSpec:
    """How the rows of a source change ``target``.

    It holds one row per key (type 1), one per version of a key (type 2), or one per version and span of time in which it was believed
    (bitemporal; ``system_sequence_by`` orders what became known).

    Texts: ``sequence_by`` is a column's name or an expression, conditions are SQL. Lists take names or columns. A NULL condition
    is false; only a row for which ``where`` is true is accepted, any other is an error. ``columns_to_update`` names a source column
    of type array<string> that lists what its row writes (NULL: everything). ``tombstone_ttl`` is how long after its arrival a delete
    is remembered at least, so that late events stay dead.

    Raises:
        CdcError: every mistake in the declaration, at once.
    """

    target: str
    keys: tuple[str, ...]
    sequence_by: str | Column
    system_sequence_by: str | Column | None = None
    scd_type: Literal[1, 2, "bitemporal"] = 1
    apply_as_deletes: str | Column | None = None
    apply_as_truncates: str | Column | None = None
    where: str | Column | None = None
    ignore_null_updates: bool = False
    ignore_null_updates_column_list: tuple[str, ...] | None = None
    ignore_null_updates_except_column_list: tuple[str, ...] | None = None
    columns_to_update: str | None = None
    column_list: tuple[str, ...] | None = None
    except_column_list: tuple[str, ...] | None = None
    track_history_column_list: tuple[str, ...] | None = None
    track_history_except_column_list: tuple[str, ...] | None = None
    tombstone_ttl: timedelta = timedelta(days=2)

    def __post_init__(self) -> None:
        mistakes: list[str] = []
        for setting in _LISTS:
            mistakes += self._take_names(setting)
        if isinstance(self.columns_to_update, str) or self.columns_to_update is None:
            mistakes += self._mistakes()
        else:
            object.__setattr__(self, "columns_to_update", _name(self.columns_to_update))
            mistakes += self._mistakes()
        if mistakes:
            raise CdcError(f"the change flow into {self.target}: " + "; ".join(mistakes))

    def _take_names(self, setting: str) -> list[str]:
        given: Any = getattr(self, setting)
        if given is None:
            return []
        if isinstance(given, str):
            return [f"{setting} must be a list of columns, not the text {given!r}"]
        names = tuple(_name(item) for item in given)
        object.__setattr__(self, setting, names)
        twice = sorted({name for name in names if names.count(name) > 1})
        return [f"{setting} names {', '.join(twice)} twice"] if twice else []

    def _mistakes(self) -> list[str]:
        mistakes = [] if self.keys else ["keys must name at least one column"]
        if isinstance(self.sequence_by, str) and not self.sequence_by.strip():
            mistakes.append("sequence_by must name a column or an expression")
        if self.scd_type not in (1, 2, "bitemporal"):
            mistakes.append(f"stored_as_scd_type must be 1, 2 or 'bitemporal', not {self.scd_type!r}")
        mistakes += self._system_time_mistakes()
        for settings in _EXCLUSIVE:
            given = [setting for setting in settings if getattr(self, setting) not in (None, False)]
            if len(given) > 1:
                mistakes.append(f"{' and '.join(given)} exclude each other")
        tracked = [s for s in _EXCLUSIVE[1] if getattr(self, s) is not None]
        if self.scd_type == 1 and tracked:
            mistakes.append(f"{tracked[0]} needs SCD type 2")
        if self.scd_type != 1 and self.apply_as_truncates is not None:
            mistakes.append("apply_as_truncates needs SCD type 1: a history is never truncated")
        if self.tombstone_ttl < timedelta(0):
            mistakes.append("tombstone_ttl must not be negative")
        return mistakes

    def _system_time_mistakes(self) -> list[str]:
        if self.scd_type != "bitemporal":
            return [] if self.system_sequence_by is None else ["system_sequence_by needs stored_as_scd_type='bitemporal'"]
        missing = [] if self.system_sequence_by is not None else ["stored_as_scd_type='bitemporal' needs system_sequence_by"]
        # As on Databricks.
        return missing + ([] if self.columns_to_update is None else ["columns_to_update does not go with stored_as_scd_type='bitemporal'"])


def _name(column: Any) -> str:
    """The name in a text or a ``col("name")``; backticks around a whole name are taken off."""
    text = column if isinstance(column, str) else str(column._jc.toString())  # noqa: SLF001  a Column says its name nowhere else
    return text[1:-1].replace("``", "`") if len(text) > 1 and text[0] == text[-1] == "`" else text

"""The columns of a watched table, by what can be said of their values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql.types import DataType, StructType

TABLE_ROW = ":table"
NUMERIC, TIMESTAMP, CATEGORICAL, OTHER, TABLE = "numeric", "timestamp", "categorical", "other", "table"
_KINDS = {
    **dict.fromkeys(("byte", "short", "integer", "long", "float", "double", "decimal"), NUMERIC),
    **dict.fromkeys(("timestamp", "timestamp_ntz", "date"), TIMESTAMP),
    **dict.fromkeys(("string", "char", "varchar", "boolean"), CATEGORICAL),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedColumn:
    """A column as the state names it; of an ``other`` one (nested, binary) only rows and NULLs are counted."""

    name: str
    data_type: str
    type_name: str
    kind: str

    @property
    def quoted(self) -> str:
        """The name as an expression takes it."""
        return quoted(self.name)

    @property
    def has_fractions(self) -> bool:
        """Whether it can hold NaN and infinities."""
        return self.type_name in ("float", "double")


def quoted(name: str) -> str:
    """A column's name as an expression takes it, whatever characters it holds."""
    return "`" + name.replace("`", "``") + "`"


def watched_columns(schema: StructType) -> tuple[WatchedColumn, ...]:
    """Every column, in the table's order."""
    return tuple(_column(field.name, field.dataType) for field in schema)


def _column(name: str, data_type: DataType) -> WatchedColumn:
    type_name = data_type.typeName().split("(")[0]
    kind = _KINDS.get(type_name, OTHER)
    return WatchedColumn(name=name, data_type=data_type.simpleString(), type_name=type_name, kind=kind)

"""``schema=`` of a table: columns for Spark, and the constraints that Spark's own DDL parser refuses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from goldlane.errors import first_line
from goldlane.pipelines.errors import DefinitionError
from goldlane.pipelines.generated import Generation, split_generation

if TYPE_CHECKING:
    from pyspark.sql.types import StructType

_PRIMARY_KEY = re.compile(r"PRIMARY\s+KEY\s*\(([^)]*)\)", re.IGNORECASE)
_CONSTRAINT = re.compile(r"^\s*(CONSTRAINT\s+\S+\s+)?(PRIMARY\s+KEY|FOREIGN\s+KEY|EXPECT|CHECK)\b", re.IGNORECASE)
# Access belongs to a catalog, and there is none here.
_MASK = re.compile(r"\s+MASK\s+\S+(\s+USING\s+COLUMNS\s*\([^)]*\))?", re.IGNORECASE)
# Constraints of a single column; only the key has a meaning for a table's rows.
_REFERENCE = re.compile(r"(\s+CONSTRAINT\s+\S+)?\s+(FOREIGN\s+KEY\s+)?REFERENCES\s+\S+(\s*\([^)]*\))?", re.IGNORECASE)
_COLUMN_KEY = re.compile(r"(\s+CONSTRAINT\s+\S+)?\s+PRIMARY\s+KEY\b", re.IGNORECASE)
_QUOTES = {"'": "'", '"': '"', "`": "`"}


@dataclass(frozen=True, slots=True)
class DeclaredSchema:
    """A table's declared columns and those of its primary key; ``generated`` are computed by Delta, by names in lower case."""

    columns: StructType
    primary_key: tuple[str, ...] = ()
    generated: Mapping[str, Generation] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()


def parse_schema(schema: str | StructType) -> DeclaredSchema:
    """The columns and the primary key of a ``schema=``.

    Raises:
        DefinitionError: Spark cannot read a column, or the key names a column that is not there.
    """
    if not isinstance(schema, str):
        return DeclaredSchema(schema)
    items = list(_items(schema))
    columns = [_column(item) for item in items if not _CONSTRAINT.match(item)]
    struct = schema_of(", ".join(column.text for column in columns))
    key = [name for item in items if (found := _PRIMARY_KEY.search(item)) for name in _key_columns(item, found.group(1))]
    key += [name for name, column in zip(struct.names, columns, strict=True) if column.is_key]
    generated = {name.lower(): column.generation for name, column in zip(struct.names, columns, strict=True) if column.generation}
    unknown = [name for name in key if name not in struct.names]
    if unknown:
        raise DefinitionError(f"schema=: the primary key names {unknown}, which are no columns")
    return DeclaredSchema(struct, tuple(key), generated, ("MASK",) if any(column.is_masked for column in columns) else ())


def schema_of(columns: str | StructType) -> StructType:
    """Columns as Spark's type.

    Raises:
        DefinitionError: the text is no list of columns.
    """
    from pyspark.errors import PySparkException
    from pyspark.sql.types import StructType

    if isinstance(columns, StructType):
        return columns
    try:
        found = StructType.fromDDL(columns)
    except PySparkException as error:
        raise DefinitionError(f"schema= does not parse: {first_line(error)}") from None
    if not isinstance(found, StructType):
        raise DefinitionError(f"schema={columns!r} is a type, not a list of columns")
    return found


@dataclass(frozen=True, slots=True)
class _Column:
    """One column as Spark's parser takes it, and what that parser refuses."""

    text: str
    generation: Generation | None
    is_key: bool
    is_masked: bool


def _column(item: str) -> _Column:
    text, generation = split_generation(item)
    return _Column(
        _COLUMN_KEY.sub("", _REFERENCE.sub("", _MASK.sub("", text))), generation, bool(_COLUMN_KEY.search(text)), bool(_MASK.search(text))
    )


def _key_columns(item: str, inside: str) -> Iterator[str]:
    if _CONSTRAINT.match(item):
        yield from (re.sub(r"\s+TIMESERIES$", "", part.strip(), flags=re.IGNORECASE).strip("`") for part in inside.split(","))


def _items(text: str) -> Iterator[str]:
    """The parts of a column list: split at commas outside of quotes, parentheses and angle brackets."""
    depth, start, quote, escaped = 0, 0, "", False
    for position, letter in enumerate(text):
        if quote:
            quote = "" if letter == quote and not escaped else quote
            # A backslash escapes in texts, and is itself in backticks.
            escaped = letter == "\\" and not escaped and quote != "`"
        elif letter in _QUOTES:
            quote = letter
        elif letter in "(<":
            depth += 1
        elif letter in ")>":
            depth -= 1
        elif letter == "," and depth == 0:
            yield text[start:position].strip()
            start = position + 1
    if text[start:].strip():
        yield text[start:].strip()

"""``cloudFiles.schemaHints``: DDL that wins over what was inferred; dotted names reach into structs, arrays and maps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from goldlane.pipelines.autoloader.errors import AutoLoaderUsageError

if TYPE_CHECKING:
    from pyspark.sql.types import DataType, StructType


def with_hints(schema: StructType, hints: str, *, only_known: bool = False) -> StructType:
    """``schema`` with the types of ``hints``; hinted columns it lacks come last, unless ``only_known``. Names match without case.

    Raises:
        AutoLoaderUsageError: a hint is no DDL, or reaches into a column that is neither struct, array nor map.
    """
    result = schema
    for name, kind in _parsed(hints):
        if not only_known or name[0].lower() in {known.lower() for known in schema.names}:
            result = _set(result, name, kind)
    return result


def _parsed(hints: str) -> list[tuple[tuple[str, ...], DataType]]:
    from pyspark.errors import PySparkException

    parsed = []
    for hint in _split(hints):
        name, _, kind = hint.replace("\t", " ").replace("\n", " ").partition(" " if not hint.startswith("`") else "` ")
        path = (name[1:],) if name.startswith("`") else tuple(part.strip("`") for part in name.rstrip(":").split("."))
        try:
            parsed.append((path, _type_of(kind)))
        except PySparkException as error:
            raise AutoLoaderUsageError(
                f"cloudFiles.schemaHints: {hint!r} is not `name TYPE`", hint="for example 'amount DECIMAL(10,2), tags ARRAY<STRING>'"
            ) from error
    return parsed


def _type_of(kind: str) -> DataType:
    from pyspark.sql.types import StructType

    schema = StructType.fromDDL(f"`hinted` {kind}")
    return schema["hinted"].dataType if isinstance(schema, StructType) else schema


def _split(hints: str) -> list[str]:
    """The hints between commas that stand outside of brackets and quotes."""
    parts, depth, quote, current = [], 0, "", ""
    for letter in hints:
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "`'\"":
            quote = letter
        else:
            depth += (letter in "<(") - (letter in ">)")
        if letter == "," and depth == 0 and not quote:
            parts.append(current)
            current = ""
        else:
            current += letter
    return [part.strip() for part in (*parts, current) if part.strip()]


def _set(schema: StructType, name: tuple[str, ...], kind: DataType) -> StructType:
    from pyspark.sql.types import StructField, StructType

    head, rest = name[0], name[1:]
    fields = list(schema.fields)
    at = next((index for index, field in enumerate(fields) if field.name.lower() == head.lower()), None)
    if at is None:
        return StructType([*fields, StructField(head, _inside(StructType(), rest, kind))])
    fields[at] = StructField(fields[at].name, _inside(fields[at].dataType, rest, kind), nullable=True)
    return StructType(fields)


def _inside(known: DataType, name: tuple[str, ...], kind: DataType) -> DataType:
    from pyspark.sql.types import ArrayType, MapType, StringType, StructType

    if not name:
        return kind
    if isinstance(known, ArrayType) and name[0] == "element":
        return ArrayType(_inside(known.elementType, name[1:], kind))
    if isinstance(known, MapType) and name[0] in {"key", "value"}:
        key = _inside(known.keyType, name[1:], kind) if name[0] == "key" else known.keyType
        return MapType(key, _inside(known.valueType, name[1:], kind) if name[0] == "value" else known.valueType)
    if isinstance(known, (StructType, StringType)):
        return _set(known if isinstance(known, StructType) else StructType(), name, kind)
    raise AutoLoaderUsageError(f"cloudFiles.schemaHints: {'.'.join(name)!r} reaches into a {known.simpleString()}")

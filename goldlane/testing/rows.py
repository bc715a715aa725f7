"""Rows as tests write them (dictionaries, tuples, Rows, frames of pandas), as an Arrow table with the types that Spark would infer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from goldlane.errors import Mistakes, UsageError, first_line
from goldlane.testing.losses import require_kept

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql.types import StructType

# Decimals that Spark infers; Arrow's own would differ from one feed to the next.
_DECIMAL = (38, 18)


def arrow_rows(rows: Any, schema: str | StructType | Sequence[str] | None, known: pa.Schema | None, *, table: str) -> pa.Table:
    """``rows`` with a type per column: what ``schema`` says, else what the table has already (``known``), else what the values are.

    Raises:
        UsageError: rows of an unknown kind, columns without a type, values that do not fit; all of them at once.
    """
    import pyarrow as pa

    names, types = _declared(schema, table)
    columns = _columns(rows, names, table)
    mistakes = [*_told_twice(names), *_told_twice(columns)]
    columns = _in_the_spelling_of(names, columns)
    for name in names or types:
        columns.setdefault(name, [])
    if known is not None:
        columns, types = _in_the_spelling_of(known.names, columns), _in_the_spelling_of(known.names, types)
    height = max((len(values) for values in columns.values()), default=0)
    given = {**(dict(zip(known.names, known.types, strict=True)) if known is not None else {}), **types}
    arrays = {}
    for name, values in columns.items():
        try:
            arrays[name] = _array([*values, *[None] * (height - len(values))], given.get(name))
            mistakes += _homeless(name, arrays[name].type)
        except (pa.ArrowException, UsageError, OverflowError) as error:
            mistakes.append(f"column {name}: {str(error).splitlines()[0]}")
    if not columns:
        mistakes.append("no rows and no schema, so its columns are unknown; say schema='id BIGINT, name STRING'")
    if mistakes:
        raise Mistakes(f"rows of {table!r}", mistakes)
    return pa.table(arrays)


def records(rows: Any, table: str) -> list[Mapping[str, Any]]:
    """``rows`` as dictionaries.

    Raises:
        UsageError: rows of an unknown kind, or without names.
    """
    return [_record(row, (), table) for row in _listed(rows, table)]


def _declared(schema: str | StructType | Sequence[str] | None, table: str) -> tuple[list[str], dict[str, pa.DataType]]:
    """Names for tuples, and types by name."""
    from pyspark.errors import PySparkException
    from pyspark.sql.pandas.types import to_arrow_type
    from pyspark.sql.types import StructType

    try:
        parsed: Any = StructType.fromDDL(schema) if isinstance(schema, str) else schema
        if not isinstance(parsed, StructType):
            return list(parsed or ()), {}
        variants = [field.name for field in parsed.fields if field.dataType.typeName() == "variant"]
        if variants:
            raise UsageError(f"rows of {table!r}: {', '.join(variants)} is VARIANT", hint="feed a DataFrame of Spark: parse_json(...)")
        types = {field.name: to_arrow_type(field.dataType, timezone="UTC") for field in parsed.fields}
    except PySparkException as error:
        raise UsageError(f"rows of {table!r}: schema {schema!r}: {first_line(error)}", hint="as in 'id BIGINT, at TIMESTAMP'") from error
    return [field.name for field in parsed.fields], types


_Of = TypeVar("_Of")


def _in_the_spelling_of(names: Sequence[str], columns: Mapping[str, _Of]) -> dict[str, _Of]:
    """Columns by the names that are known for them: Spark tells names apart by nothing but their letters, Arrow by their case, too."""
    spelled = {name.lower(): name for name in names}
    return {spelled.get(name.lower(), name): values for name, values in columns.items()}


def _homeless(name: str, found: pa.DataType) -> list[str]:
    import pyarrow as pa

    known = not (pa.types.is_duration(found) or pa.types.is_time(found))
    return [] if known else [f"column {name}: Delta has no type for {found}; feed text or a number"]


def _told_twice(columns: Iterable[str]) -> list[str]:
    several: dict[str, list[str]] = {}
    for name in columns:
        several.setdefault(name.lower(), []).append(name)
    return [f"{' and '.join(names)} are one column to Spark" for names in several.values() if len(names) > 1]


def _columns(rows: Any, names: Sequence[str], table: str) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {}
    for number, row in enumerate(_listed(rows, table)):
        for name, value in _record(row, names, table).items():
            # A key that is missing in some rows is NULL in them.
            values = columns.setdefault(name, [])
            values += [None] * (number - len(values)) + [value]
    return columns


def _listed(rows: Any, table: str) -> list[Any]:
    import pyarrow as pa

    if hasattr(rows, "toArrow"):
        rows = rows.toArrow()
    if type(rows).__module__.startswith("pandas") and hasattr(rows, "columns"):
        rows = pa.Table.from_pandas(rows, preserve_index=False)
    if isinstance(rows, pa.Table):
        return rows.to_pylist()
    if isinstance(rows, Mapping):
        return [rows]
    if isinstance(rows, Iterable) and not isinstance(rows, str | bytes):
        return list(rows)
    raise UsageError(f"rows of {table!r} are {type(rows).__name__}", hint="give a list of dictionaries or tuples, a DataFrame or a path")


def _record(row: Any, names: Sequence[str], table: str) -> Mapping[str, Any]:
    if isinstance(row, Mapping):
        unnamed = [name for name in row if not isinstance(name, str)]
        if unnamed:
            raise UsageError(f"rows of {table!r}: the column {unnamed[0]!r} is not named by text")
        return row
    if hasattr(row, "__fields__"):
        return dict(row.asDict(recursive=True))
    if hasattr(row, "_asdict"):
        return dict(row._asdict())
    if not isinstance(row, Sequence) or isinstance(row, str):
        raise UsageError(f"rows of {table!r}: {row!r} is no row", hint="a row is a dictionary, a Row or a tuple")
    if not names:
        raise UsageError(f"rows of {table!r} are tuples, so their columns have no names", hint="give dictionaries, or schema=['id', ...]")
    if len(row) != len(names):
        raise UsageError(f"rows of {table!r}: {row!r} has {len(row)} values, and schema names {len(names)} columns")
    return dict(zip(names, row, strict=True))


def _array(values: list[Any], wanted: pa.DataType | None) -> pa.Array[Any]:
    import pyarrow as pa

    if wanted is None:
        return pa.array(values, type=_settled(pa.array(values).type))
    try:
        return require_kept(values, pa.array(values, type=wanted))
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        found: pa.Array[Any] = pa.array(values)
    try:
        # Times written as text have no zone: they are UTC, as everything here is.
        return found.cast(_without_zone(wanted)).cast(wanted)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return found.cast(wanted)


def _settled(found: pa.DataType) -> pa.DataType:
    """The type that Spark infers where Arrow infers ``found``."""
    import pyarrow as pa

    if pa.types.is_null(found):
        raise UsageError("every value is NULL, so its type is unknown; say schema='<name> <type>' (other columns need not be named)")
    if pa.types.is_timestamp(found):
        return pa.timestamp("us", "UTC")
    if pa.types.is_decimal(found):
        return pa.decimal128(*_DECIMAL) if found.scale <= _DECIMAL[1] else found
    if pa.types.is_list(found) or pa.types.is_large_list(found):
        return pa.list_(_settled(found.value_type))
    if pa.types.is_struct(found):
        return pa.struct([field.with_type(_settled(field.type)) for field in found])
    return found


def _without_zone(wanted: pa.DataType) -> pa.DataType:
    import pyarrow as pa

    if pa.types.is_timestamp(wanted):
        return pa.timestamp("us")
    if pa.types.is_list(wanted):
        return pa.list_(_without_zone(wanted.value_type))
    if pa.types.is_struct(wanted):
        return pa.struct([field.with_type(_without_zone(field.type)) for field in wanted])
    return wanted

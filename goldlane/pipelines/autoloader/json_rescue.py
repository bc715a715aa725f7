"""The rescued column of a JSON record: what did not fit the schema, as JSON text with the file it came from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from goldlane.pipelines.autoloader.layout import CORRUPT

if TYPE_CHECKING:
    from pyspark.sql import Column

    from goldlane.pipelines.autoloader.layout import Layout

FILE_PATH = "_file_path"


def rescued(layout: Layout, frame: Sequence[str]) -> Column:
    """Fields that are no column, differ in case or do not fit their type, or the whole record when it does not parse; else NULL.

    Reads the columns of the parsed ``frame``: ``value``, ``record``, ``others`` and, where structs are, ``nested`` (names). A misfit
    inside a struct, array or map rescues the whole top-level field. Values keep their JSON type; decimals lose trailing zeros.
    """
    from pyspark.sql import functions as F

    if not layout.rescues:
        return F.lit(None).cast("string")
    broken = unparsed()
    text = F.lit(None).cast("string") if layout.corrupt else _with_path(F.create_map(F.lit(CORRUPT), F.col("value").cast("variant")))
    names = [name for name in ("others", "nested") if name in frame]
    doubtful = _misread().isNotNull()
    for name in names:
        doubtful |= F.size(name) > 0
    return F.when(broken, text).when(doubtful, _picked(layout, names))


def unparsed() -> Column:
    """Whether the record's text is no JSON object."""
    from pyspark.sql import functions as F

    return _misread().isNotNull() & F.col("others").isNull()


def _misread() -> Column:
    from pyspark.sql import functions as F

    return F.col("record").getField(CORRUPT)


def _picked(layout: Layout, names: Sequence[str]) -> Column:
    from pyspark.sql import functions as F

    fields = F.from_json("value", "map<string,variant>")
    tops = [F.transform("nested", lambda name: F.substring_index(name, ".", 1))] if "nested" in names else []
    wanted = F.concat(F.col("others"), *tops, _misfits(layout))
    picked = F.map_filter(fields, lambda name, value: F.array_contains(wanted, name) & ~F.is_variant_null(value))
    return F.when(F.size(picked) > 0, _with_path(picked))


def _misfits(layout: Layout) -> Column:
    """The names of typed columns that lost their value, or a part of it."""
    from pyspark.sql import functions as F
    from pyspark.sql.types import ArrayType, MapType, StringType, StructType

    names = []
    for field in layout.columns.fields:
        if field.name == layout.corrupt or isinstance(field.dataType, StringType):
            continue
        lost = F.col("record").getField(field.name).isNull()
        if isinstance(field.dataType, (StructType, ArrayType, MapType)):
            schema = StructType().add("part", field.dataType).add(CORRUPT, "string")
            part = F.concat(F.lit('{"part":'), F.get_json_object("value", f"$['{field.name}']"), F.lit("}"))
            lost |= F.from_json(part, schema, {"columnNameOfCorruptRecord": CORRUPT}).getField(CORRUPT).isNotNull()
        names.append(F.when(lost, F.lit(field.name)))
    return (
        F.when(_misread().isNotNull(), F.array_compact(F.array(*names))).otherwise(F.array().cast("array<string>"))
        if names
        else F.array().cast("array<string>")
    )


def _with_path(fields: Column) -> Column:
    from pyspark.sql import functions as F

    return F.to_json(F.map_concat(fields, F.create_map(F.lit(FILE_PATH), F.col("_metadata.file_path").cast("variant"))))

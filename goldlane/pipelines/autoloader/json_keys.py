"""Fields of a JSON record that its schema does not have, at the top and inside structs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import Column
    from pyspark.sql.types import DataType

    from goldlane.pipelines.autoloader.layout import Layout


def other_keys(text: Column, layout: Layout) -> Column:
    """The top-level keys that are, letter by letter, no column; NULL when ``text`` is no JSON object."""
    from pyspark.sql import functions as F

    return F.filter(F.json_object_keys(text), lambda key: ~key.isin([*layout.names, *layout.partitions.names]))


def new_keys(others: Column, layout: Layout) -> Column:
    """Those of ``others`` that differ from every column by more than their case: a difference in case is rescued, never added."""
    from pyspark.sql import functions as F

    known = [name.lower() for name in layout.known]
    return F.filter(others, lambda key: ~F.lower(key).isin(known))


def has_structs(kind: DataType) -> bool:
    """Whether ``kind`` holds named fields anywhere inside."""
    from pyspark.sql.types import ArrayType, StructType

    return isinstance(kind, StructType) or (isinstance(kind, ArrayType) and has_structs(kind.elementType))


def nested_news(text: Column, layout: Layout) -> Column | None:
    """Dotted names of fields that structs inside the record lack; None when the schema holds no structs (the ordinary, free case)."""
    from pyspark.sql import functions as F

    inner = [
        _inside(_at(text, field.name), field.dataType, field.name)
        for field in layout.columns.fields
        if field.name != layout.corrupt and has_structs(field.dataType)
    ]
    return F.array_distinct(F.concat(*_flat(inner))) if inner else None


def _inside(text: Column, kind: DataType, name: str) -> list[Column]:
    from pyspark.sql import functions as F
    from pyspark.sql.types import ArrayType, StructType

    if isinstance(kind, StructType):
        known = [field.name.lower() for field in kind.fields]
        news = F.filter(F.json_object_keys(text), lambda key: ~F.lower(key).isin(known))
        here = F.coalesce(F.transform(news, lambda key: F.concat(F.lit(f"{name}."), key)), _nothing())
        deeper = [
            _inside(_at(text, field.name), field.dataType, f"{name}.{field.name}") for field in kind.fields if has_structs(field.dataType)
        ]
        return [here, *_flat(deeper)]
    if isinstance(kind, ArrayType):
        element = kind.elementType
        elements = F.from_json(text, "array<string>")
        return [F.coalesce(F.flatten(F.transform(elements, lambda one: F.concat(*_inside(one, element, name)))), _nothing())]
    return []


def _at(text: Column, name: str) -> Column:
    from pyspark.sql import functions as F

    return F.get_json_object(text, f"$['{name}']")


def _flat(lists: Sequence[Sequence[Column]]) -> list[Column]:
    return [column for columns in lists for column in columns]


def _nothing() -> Column:
    from pyspark.sql import functions as F

    return F.array().cast("array<string>")

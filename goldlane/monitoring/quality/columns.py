"""Predictions, labels and probabilities as columns that can be compared, whatever their types are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from goldlane.monitoring.columns import quoted

if TYPE_CHECKING:
    from pyspark.sql import Column
    from pyspark.sql.types import DataType

# Beyond it a double has no digits behind the point.
_WHOLE = 1e15


def class_texts(prediction: str, label: str, types: tuple[DataType, DataType]) -> tuple[Column, Column]:
    """Prediction and label as text: 1, 1.0 and, beside a number, true are one class; NaN is none."""
    from pyspark.sql.types import BooleanType

    mixed = sum(isinstance(kind, BooleanType) for kind in types) == 1
    texts = [_text(name, kind, as_number=mixed) for name, kind in zip((prediction, label), types, strict=True)]
    return texts[0], texts[1]


def _text(name: str, kind: DataType, *, as_number: bool) -> Column:
    from pyspark.sql import functions as F
    from pyspark.sql.types import BooleanType, DecimalType, DoubleType, FloatType

    column = F.col(quoted(name))
    if isinstance(kind, BooleanType) and as_number:
        return column.cast("int").cast("string")
    if not isinstance(kind, (DoubleType, FloatType, DecimalType)):
        return column.cast("string")
    double = column.cast("double")
    whole = (F.floor(double) == double) & (F.abs(double) < _WHOLE)
    return F.when(whole, double.cast("bigint").cast("string")).otherwise(F.when(~F.isnan(double), double.cast("string")))


def scores(name: str, kind: DataType, classes: Sequence[str]) -> Column | None:
    """The probabilities as a map by class; None where the column's type or the number of classes says nothing of whose they are.

    One number is that of the positive class, the greater of two; an array goes by the classes' order; a map has the classes as keys.
    """
    from pyspark.sql import functions as F
    from pyspark.sql.types import ArrayType, MapType, NumericType

    column = F.col(quoted(name))
    names = F.array(*(F.lit(one) for one in classes))
    if isinstance(kind, MapType):
        return F.transform_values(F.transform_keys(column, lambda key, _: key.cast("string")), lambda _, value: value.cast("double"))
    if isinstance(kind, ArrayType):
        fits = F.size(column) == len(classes)
        return F.when(fits, F.map_from_arrays(names, F.transform(column, lambda value: value.cast("double"))))
    if isinstance(kind, NumericType) and len(classes) == 2:  # noqa: PLR2004  a number is enough for two classes
        positive = column.cast("double")
        return F.when(column.isNotNull(), F.map_from_arrays(names, F.array(1 - positive, positive)))
    return None

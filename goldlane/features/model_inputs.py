"""What a model sees, the same in training and in scoring, offline and online: numbers, times and texts, with one form of missing each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from goldlane.features.errors import TrainingError
from goldlane.features.frames import column
from goldlane.features.instants import TIMES, instant, microseconds

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

# What a model can predict, and how pandas calls it.
PREDICTIONS = {"double": "float64", "bigint": "int64", "boolean": "bool", "string": "object"}
_TEXTS = ("string", "binary")


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictor:
    """A fitted model and the types of its inputs, in the order it was fitted with. ``model`` has ``predict``, or is a function."""

    model: Any
    inputs: Mapping[str, str]
    predicts: str = "double"

    def predict(self, rows: pd.DataFrame) -> pd.Series:
        """One prediction per row; ``rows`` has every input, in whatever form.

        Raises:
            TrainingError: columns are missing, or the model gives something else than one prediction per row.
        """
        lacking = [f"input {name!r} is no column of the rows" for name in self.inputs if name not in rows.columns]
        if lacking:
            raise TrainingError("predicting", lacking)
        predict: Callable[[pd.DataFrame], Any] = getattr(self.model, "predict", self.model)
        found = np.asarray(predict(conformed(rows[list(self.inputs)], self.inputs)))
        if found.shape != (len(rows),):
            raise TrainingError(
                "predicting", [f"{len(rows)} rows gave an array of shape {found.shape}; log a function that gives one value each"]
            )
        return pd.Series(found, index=rows.index).astype(PREDICTIONS[self.predicts])


def conformed(rows: pd.DataFrame, types: Mapping[str, str]) -> pd.DataFrame:
    """``rows`` with the columns in ``types`` as float64 (NaN), datetime64 in UTC without saying so (NaT) or objects (None)."""
    return rows.assign(**{name: _conformed(rows[name], kind) for name, kind in types.items()})


def plain_columns(frame: DataFrame, names: Sequence[str]) -> list[Column]:
    """The columns as ``conformed`` takes them. Times are microseconds: pandas would get them in the session's zone."""
    kinds = {name: frame.schema[name].dataType.simpleString() for name in names}
    return [instant(frame, name).alias(name) if kind in TIMES else column(name) for name, kind in kinds.items()]


def prediction_of(predictor: Predictor, inputs: Sequence[Column]) -> Column:
    """The predictions as a column; the model travels to the workers with the expression."""
    from pyspark.sql import functions as F
    from pyspark.sql.pandas.functions import pandas_udf

    def predicted(rows: pd.DataFrame) -> pd.Series:
        return predictor.predict(rows)

    # A struct column arrives as a frame, which the stubs do not know.
    column_of: Callable[[Column], Column] = pandas_udf(predicted, predictor.predicts)  # type: ignore[call-overload]
    return column_of(F.struct(*inputs))


def _conformed(values: pd.Series, kind: str) -> pd.Series:
    if kind in _TEXTS:
        return values.astype(object).where(values.notna(), None)
    if kind in TIMES:
        microseconds = pd.array([None if pd.isna(value) else _whole_microseconds(value) for value in values], dtype="Int64")
        return pd.to_datetime(pd.Series(microseconds, index=values.index), unit="us")
    return values.astype("float64")


def _whole_microseconds(value: float | date) -> int:
    return microseconds(value) if isinstance(value, date) else int(value)

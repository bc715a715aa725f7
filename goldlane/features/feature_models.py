"""Models that know their features: an MLflow pyfunc around a fitted model and the record of its training set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import mlflow
import pandas as pd
from mlflow.models import ModelSignature
from mlflow.pyfunc.model import PythonModel, PythonModelContext
from mlflow.types import ColSpec, DataType, Schema

from goldlane.errors import UsageError
from goldlane.features.instants import TIMES
from goldlane.features.model_inputs import Predictor
from goldlane.features.online import OnlineStore, open_store
from goldlane.features.online_rows import looked_up
from goldlane.features.records import TrainingRecord

# In the model's configuration, so that a serving environment can say where its store is.
STORE = "store"
_MISSABLE = {"string": DataType.string, "binary": DataType.binary, **dict.fromkeys(TIMES, DataType.datetime)}
_COLUMNS = {**_MISSABLE, **dict.fromkeys(("tinyint", "smallint", "int", "bigint"), DataType.long), "boolean": DataType.boolean}
_OUTPUTS = {"string": DataType.string, "double": DataType.double, "bigint": DataType.long, "boolean": DataType.boolean}


class FeatureModel(PythonModel):
    """Takes rows with keys; the features they lack are looked up in the store that the model's configuration names."""

    def __init__(self, predictor: Predictor, record: TrainingRecord) -> None:
        self.predictor = predictor
        # As text, which a later Goldlane reads too; a pickled object would be tied to the classes of this one.
        self._record = record.to_json()
        self._store: OnlineStore | None = None

    @property
    def record(self) -> TrainingRecord:
        """What the model was trained on."""
        return TrainingRecord.from_json(self._record)

    def load_context(self, context: PythonModelContext) -> None:
        """Opens the store once; nothing is read before the first row that lacks features."""
        url = (context.model_config or {}).get(STORE)
        self._store = open_store(url) if url else None

    def predict(self, context: PythonModelContext, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.Series:
        """One prediction per row. Rows that bring every input along are taken as they are; of others all features are looked up."""
        del context, params
        if set(self.predictor.inputs) <= set(model_input.columns):
            return self.predictor.predict(model_input)
        if self._store is None:
            raise UsageError(
                "the rows lack features, and the model knows no store", hint=f"load_model(uri, model_config={{{STORE!r}: url}})"
            )
        rows = looked_up(model_input.to_dict("records"), self.record, self._store)
        return self.predictor.predict(pd.DataFrame(rows, index=model_input.index))


def load_feature_model(model_uri: str) -> tuple[FeatureModel, str | None]:
    """The model behind ``model_uri``, and the URL of the store it was logged with.

    Raises:
        UsageError: it was not logged by ``log_model``.
    """
    loaded = mlflow.pyfunc.load_model(model_uri)
    implementation = loaded._model_impl  # noqa: SLF001  unwrap_python_model fails on every other flavor
    model = getattr(implementation, "python_model", None)
    if not isinstance(model, FeatureModel):
        raise UsageError(f"{model_uri} knows no features", hint="log it with goldlane.features.log_model")
    return model, (loaded.model_config or {}).get(STORE)


def signature_of(model: FeatureModel) -> ModelSignature:
    """What may stand in a row: keys and inputs, none of them required, since a store may have them."""
    record, inputs = model.record, model.predictor.inputs
    tables = [table.declaration for table in record.tables]
    keys = {key: _COLUMNS.get(table.key_types[key], DataType.string) for table in tables for key in table.keys}
    # In MLflow no integer and no boolean can be missing, and a feature may well be.
    features = {name: _MISSABLE.get(kind, DataType.double) for name, kind in inputs.items() if name in record.features}
    others = {name: _COLUMNS.get(kind, DataType.double) for name, kind in inputs.items() if name not in features}
    columns: Mapping[str, DataType] = {**keys, **others, **features}
    return ModelSignature(
        inputs=Schema([ColSpec(kind, name, required=False) for name, kind in columns.items()]),
        outputs=Schema([ColSpec(_OUTPUTS[model.predictor.predicts])]),
    )

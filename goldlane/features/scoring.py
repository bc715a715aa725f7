"""Rows scored by a model that knows its features: they are looked up, by the point-in-time join or in a store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from goldlane.errors import UsageError
from goldlane.features.definitions import differences
from goldlane.features.errors import JoinError, TrainingError
from goldlane.features.online import open_store
from goldlane.features.online_rows import looked_up
from goldlane.features.point_in_time import point_in_time_join
from goldlane.features.tracking import require_mlflow
from goldlane.features.tracking_place import place_tracking
from goldlane.features.training_sources import Sources, Tables

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from goldlane.features.declarations import FeatureTable
    from goldlane.features.feature_models import FeatureModel
    from goldlane.features.online import OnlineStore
    from goldlane.features.records import TrainingRecord

PREDICTION = "prediction"


@overload
def score(model_uri: str, keys: DataFrame, store_or_tables: Tables | str | Path | None = None) -> DataFrame: ...
@overload
def score(model_uri: str, keys: Sequence[Mapping[str, Any]], store_or_tables: OnlineStore | str | None = None) -> list[dict[str, Any]]: ...
def score(model_uri: str, keys: Any, store_or_tables: Any = None) -> Any:
    """Rows of keys with the features the model was trained on, and with ``prediction``.

    A DataFrame is scored offline: ``store_or_tables`` is a storage, or maps the model's tables to Delta tables or frames (default: the
    tables it was trained on, in their newest version). Features are those known at the ``label_time`` of the training set, or now
    when the rows have no such column. Mappings are scored online, from a store or its URL (default: the one the model was logged
    with): the newest features. Whatever is missing, unknown or expired is NULL, and reaches the model as in training.

    Raises:
        TrainingError: keys or inputs are missing, tables or stores lack something or define it otherwise; all mistakes at once.
        UsageError: the model was not logged by ``log_model``, or nothing says where its features are.
        MissingExtraError: mlflow is not installed.
    """
    require_mlflow("scoring")
    from goldlane.features.feature_models import load_feature_model

    place_tracking()
    model, url = load_feature_model(model_uri)
    if hasattr(keys, "sparkSession"):
        return _scored_offline(model, keys, store_or_tables)
    if not isinstance(keys, Sequence):
        raise UsageError(f"keys are a Spark DataFrame (offline) or a list of mappings (online), not a {type(keys).__name__}")
    store = store_or_tables or url
    if not store:
        raise UsageError("nothing says which store has the features", hint="name it, or log the model with store=")
    if not isinstance(store, str):
        return _scored_online(model, keys, store)
    with closing(open_store(store)) as opened:
        return _scored_online(model, keys, opened)


def _scored_online(model: FeatureModel, rows: Sequence[Mapping[str, Any]], store: OnlineStore) -> list[dict[str, Any]]:
    import pandas as pd

    complete = looked_up(rows, model.record, store)
    if not complete:
        return []
    predictions = model.predictor.predict(pd.DataFrame(complete))
    return [{**row, PREDICTION: prediction} for row, prediction in zip(complete, predictions.tolist(), strict=True)]


def _scored_offline(model: FeatureModel, keys: DataFrame, tables: Tables | str | Path | None) -> DataFrame:
    from pyspark.sql import functions as F

    from goldlane.features.model_inputs import plain_columns, prediction_of

    record, inputs = model.record, tuple(model.predictor.inputs)
    time = record.question.label_time
    joined = _joined(keys if time in keys.columns else keys.withColumn(time, F.current_timestamp()), record, tables)
    mistakes = [f"input {name!r} is no feature, and no column of the rows" for name in inputs if name not in joined.columns]
    mistakes += [f"the rows have a column {PREDICTION!r} already"] if PREDICTION in keys.columns else []
    if mistakes:
        raise TrainingError("scoring", mistakes)
    scored = joined.withColumn(PREDICTION, prediction_of(model.predictor, plain_columns(joined, inputs)))
    return scored if time in keys.columns else scored.drop(time)


def _joined(keys: DataFrame, record: TrainingRecord, tables: Tables | str | Path | None) -> DataFrame:
    if hasattr(tables, "lookup_many") or (isinstance(tables, str) and "://" in tables):
        raise UsageError("a DataFrame is scored from tables", hint="give the rows as a list of mappings to read a store")
    sources = Sources(keys.sparkSession)
    declared = [table.declaration for table in record.tables]
    given = _recorded_places(record) if tables is None else declared if isinstance(tables, (str, Path)) else tables
    found = sources.tables(given, tables if isinstance(tables, (str, Path)) else None)
    mistakes = [*sources.mistakes, *(_differing(declared, given) if isinstance(given, Iterable) else ())]
    frames = {table: source.frame for table in declared for now, source in found.items() if now.name == table.name}
    if mistakes:
        raise TrainingError("scoring", mistakes)
    try:
        return point_in_time_join(keys, frames, **asdict(record.question))
    except JoinError as wrong:
        raise TrainingError("scoring", wrong.mistakes) from wrong


def _recorded_places(record: TrainingRecord) -> dict[FeatureTable, str]:
    if record.unpinned:
        names = ", ".join(record.unpinned)
        raise UsageError(f"{names}: trained on a frame, so nothing says where its rows are", hint="name the storage, or map the tables")
    return {table.declaration: table.pin.place for table in record.tables if table.pin is not None}


def _differing(declared: Sequence[FeatureTable], given: Iterable[FeatureTable]) -> Iterator[str]:
    """What the given tables lack, or mean otherwise than those the model was trained on."""
    now = {table.name: table for table in given}
    for table in declared:
        if table.name in now:
            yield from differences(table, now[table.name])
        else:
            yield f"the model was trained on {table.name}, which is not among the tables"

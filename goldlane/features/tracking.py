"""What MLflow is told: the training set as datasets and tags of a run, and models that know their features."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from importlib.metadata import packages_distributions, version
from typing import TYPE_CHECKING, Any

from goldlane.errors import MissingExtraError
from goldlane.features.errors import TrainingError
from goldlane.features.tracking_place import EXPERIMENT, is_placed, use_experiment

if TYPE_CHECKING:
    from mlflow import ActiveRun
    from mlflow.models.model import ModelInfo

    from goldlane.features.training import TrainingSet

RECORD_FILE = "training_set.json"


def require_mlflow(needed_for: str) -> None:
    """Refuse, naming the extra, where mlflow is not installed."""
    try:
        import mlflow  # noqa: F401  asked for its presence
    except ImportError as missing:
        raise MissingExtraError("mlflow", needed_for=needed_for) from missing


def start_run(name: str | None = None, *, experiment: str = EXPERIMENT) -> ActiveRun:
    """A run of MLflow in ``experiment``, as a context manager; where runs are kept, ``use_experiment`` says.

    Raises:
        MissingExtraError: mlflow is not installed.
    """
    experiment_id = use_experiment(experiment)
    import mlflow

    return mlflow.start_run(run_name=name, experiment_id=experiment_id)


def log_training_set(training: TrainingSet) -> None:
    """The training set as dataset, tags and ``training_set.json`` of the active run (or of a new one), its Delta tables as datasets too.

    Each Delta table is named with its version, and with the update of a pipeline that wrote it, where an event log tells.

    Raises:
        MissingExtraError: mlflow is not installed.
    """
    require_mlflow("logging a training set")
    import mlflow

    from goldlane.features.mlflow_datasets import datasets, described

    record, updates = training.record, _updates(training)
    with _active_run():
        for dataset, context, tags in datasets(record, updates):
            mlflow.log_input(dataset, context=context, tags=dict(tags))
        mlflow.set_tags(described(record, updates))
        mlflow.log_text(record.to_json(), RECORD_FILE)


def log_model(
    model: Any,
    training: TrainingSet,
    *,
    inputs: Sequence[str] | None = None,
    predicts: str = "double",
    store: str | None = None,
    **options: Any,
) -> ModelInfo:
    """Log a fitted ``model`` that will look its features up by itself, and its training set with it, to the active run (or a new one).

    ``model`` has ``predict``, or is a function: from a frame of ``inputs`` (default: all features, in order) as ``to_pandas`` gives them
    to one prediction per row, of the type ``predicts`` (double, bigint, boolean, string). Inputs that are no features are columns of the
    labels, and must come with the rows to score. ``store`` is the URL of the online store that the served model reads.
    ``options`` go to ``mlflow.pyfunc.log_model``: ``name``, ``registered_model_name``, ``pip_requirements`` and so on.

    Raises:
        TrainingError: an input is none that the training set has.
        MissingExtraError: mlflow is not installed.
    """
    require_mlflow("logging a model")
    import mlflow

    from goldlane.features.feature_models import STORE, FeatureModel, signature_of
    from goldlane.features.mlflow_datasets import described
    from goldlane.features.model_inputs import Predictor

    names, types = tuple(training.record.features if inputs is None else inputs), training.input_types
    mistakes = list(_mistakes(names, types, predicts))
    if mistakes:
        raise TrainingError("logging a model", mistakes)
    wrapped = FeatureModel(Predictor(model=model, inputs={name: types[name] for name in names}, predicts=predicts), training.record)
    settings = {"name": "model", "pip_requirements": _requirements(model), "signature": signature_of(wrapped), **options}
    with _active_run(), warnings.catch_warnings():
        # The signature comes from declarations; an example would be predicted, and its store may not be reachable here.
        warnings.filterwarnings("ignore", message=".*input example was not provided")
        log_training_set(training)
        logged: ModelInfo = mlflow.pyfunc.log_model(python_model=wrapped, model_config={STORE: store or ""}, **settings)
        if logged.model_id:
            mlflow.set_logged_model_tags(logged.model_id, described(training.record, _updates(training)))
    return logged


def _active_run() -> AbstractContextManager[Any]:
    import mlflow

    if mlflow.active_run():
        return nullcontext()
    return mlflow.start_run() if is_placed() else start_run()


def _updates(training: TrainingSet) -> dict[str, str]:
    """By table, the update that wrote the version it was read in."""
    from goldlane.features.mlflow_datasets import pins
    from goldlane.features.writing_updates import writing_update

    found = {name: writing_update(pin, training.frame.sparkSession) for name, pin in pins(training.record)}
    return {name: update for name, update in found.items() if update is not None}


def _mistakes(inputs: Sequence[str], types: dict[str, str], predicts: str) -> Iterator[str]:
    from goldlane.features.model_inputs import PREDICTIONS

    yield from (f"input {name!r} is no column to learn from; there are {', '.join(types)}" for name in inputs if name not in types)
    if not inputs:
        yield "there are no inputs"
    if predicts not in PREDICTIONS:
        yield f"predicts must be one of {', '.join(PREDICTIONS)}, not {predicts!r}"


def _requirements(model: Any) -> list[str]:
    """Goldlane, and what brought the model's class; asked for here, for MLflow would start a process to find out."""
    fitted = getattr(model, "classifier", model)
    module = type(fitted).__module__.partition(".")[0]
    brought = [f"{name}=={version(name)}" for name in packages_distributions().get(module, ())]
    return [f"goldlane[spark,mlflow]=={version('goldlane')}", *brought]

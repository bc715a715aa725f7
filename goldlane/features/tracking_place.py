"""Where MLflow keeps what it is told: where somebody said, in the workspace, or else beside the other tables of the project."""

from __future__ import annotations

import os
from pathlib import Path

from goldlane.features.lakehouse import on_databricks
from goldlane.settings import read_settings

FOLDER = ".goldlane"
EXPERIMENT = "goldlane"
# Places that were chosen here, and may be chosen anew: a later call may come from another project.
_chosen: set[str] = set()


def use_experiment(name: str = EXPERIMENT) -> str:
    """Let runs that start from now on belong to the experiment ``name``; its id. It is made when it is missing.

    Unless MLFLOW_TRACKING_URI or ``mlflow.set_tracking_uri`` say otherwise, and outside of Databricks, runs and models are kept in
    ``.goldlane/mlflow.db`` of the project, their files in ``.goldlane/mlflow``. MLflow reports to nobody.

    Raises:
        MissingExtraError: mlflow is not installed.
    """
    from goldlane.features.tracking import require_mlflow

    require_mlflow("tracking experiments")
    import mlflow

    files = _local_files()
    found = mlflow.get_experiment_by_name(name)
    if found is None and files is not None:
        mlflow.create_experiment(name, artifact_location=(files / name.strip("/").replace("/", "_")).as_uri())
    return str(mlflow.set_experiment(name).experiment_id)


def is_placed() -> bool:
    """Whether somebody else than this module said where runs are kept."""
    import mlflow

    said = mlflow.is_tracking_uri_set()  # type: ignore[no-untyped-call]  # MLflow's own
    return on_databricks() or (said and mlflow.get_tracking_uri() not in _chosen)


def place_tracking() -> None:
    """Let MLflow find runs and models of this project, whoever logged them."""
    _local_files()


def _local_files() -> Path | None:
    """The folder of the local default, once MLflow was told of it; None where runs are kept elsewhere."""
    import mlflow

    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    if is_placed():
        return None
    folder = read_settings().path(FOLDER).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    if mlflow.get_tracking_uri() != uri:
        mlflow.set_tracking_uri(uri)
    _chosen.add(mlflow.get_tracking_uri())
    return folder / "mlflow"

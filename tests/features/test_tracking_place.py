from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from goldlane.features.tracking_place import is_placed, place_tracking


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    import mlflow

    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    mlflow.set_tracking_uri(None)
    yield
    mlflow.set_tracking_uri(None)


def test_runs_are_kept_beside_the_tables_of_the_project_one_stands_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import mlflow

    for name in ("one", "other"):
        (tmp_path / name / "below").mkdir(parents=True)
        (tmp_path / name / "pyproject.toml").write_text("")
        monkeypatch.chdir(tmp_path / name / "below")

        place_tracking()

        assert mlflow.get_tracking_uri() == f"sqlite:///{(tmp_path / name).resolve()}/.goldlane/mlflow.db"
        assert list((tmp_path / name / "below").iterdir()) == []


def test_what_somebody_said_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import mlflow

    monkeypatch.chdir(tmp_path)
    mlflow.set_tracking_uri("http://tracking.example")

    place_tracking()

    assert is_placed()
    assert mlflow.get_tracking_uri() == "http://tracking.example"
    assert list(tmp_path.iterdir()) == []


def test_a_workspace_keeps_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABRICKS_RUNTIME_VERSION", "17.0")

    place_tracking()

    assert list(tmp_path.iterdir()) == []

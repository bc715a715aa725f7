from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from goldlane.bundles.running import Outcome, Request, run_job


def written(folder: Path, text: str, files: Mapping[str, str]) -> Path:
    """A bundle of one job, ``job``, whose fields are ``text``; or of the ``resources:`` that it is."""
    folder.mkdir(parents=True, exist_ok=True)
    indented = "".join(f"      {line}\n" for line in text.strip("\n").splitlines())
    resources = text if text.startswith("resources:") else f"resources:\n  jobs:\n    job:\n{indented}"
    (folder / "databricks.yml").write_text(f"bundle: {{name: small}}\n{resources}", encoding="utf-8")
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def write_bundle() -> Callable[[Path, str, Mapping[str, str]], Path]:
    """Writes a bundle into a folder."""
    return written


@pytest.fixture
def job(tmp_path: Path) -> Callable[..., Outcome]:
    """Runs the job of a bundle that is written first; again, when no text is given."""

    def run(text: str | None = None, files: Mapping[str, str] | None = None, **asked: Any) -> Outcome:
        if text is not None:
            written(tmp_path / "bundle", text, files or {})
        return run_job(Request(root=tmp_path / "bundle", job="job", storage=tmp_path / "storage", **asked))

    return run

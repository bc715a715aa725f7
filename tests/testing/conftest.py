from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

# Also where Goldlane was installed before it had the plugin.
from goldlane.testing.plugin import pipeline, pipeline_factory

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["pipeline", "pipeline_factory"]
# Files of inner runs.
collect_ignore = ["lane", "project"]


@pytest.fixture(scope="session")
def lane() -> Path:
    """The source file under test."""
    return Path(__file__).with_name("lane") / "orders.py"


class InnerRun:
    """A run of pytest inside this one, with the plugin: what became of each item, and what the terminal showed."""

    def __init__(self, folder: Path, arguments: Sequence[str], ini: str = "") -> None:
        self.outcomes: dict[str, str] = {}
        self.texts: dict[str, str] = {}
        (folder / "pytest.ini").write_text(f"[pytest]\n{ini}")
        options = [
            "-p",
            "goldlane.testing.plugin",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:xdist",
            "--capture=no",
            "-W",
            "default",
            f"--rootdir={folder}",
        ]
        terminal = io.StringIO()
        with pytest.MonkeyPatch.context() as patched, contextlib.redirect_stdout(terminal):
            patched.chdir(folder)
            self.exit_code = pytest.main([*options, "-c", "pytest.ini", *arguments], plugins=[self])
        self.terminal = terminal.getvalue()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or report.outcome != "passed":
            self.outcomes[report.nodeid] = report.outcome
            self.texts[report.nodeid] = str(report.longrepr)


@pytest.fixture(scope="session")
def run_pytest(spark: SparkSession) -> type[InnerRun]:  # noqa: ARG001  the inner run uses the session that runs
    return InnerRun

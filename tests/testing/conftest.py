from __future__ import annotations

from pathlib import Path

import pytest

# Also where Goldlane was installed before it had the plugin.
from goldlane.testing.plugin import pipeline, pipeline_factory

__all__ = ["pipeline", "pipeline_factory"]


@pytest.fixture(scope="session")
def lane() -> Path:
    """The source file under test."""
    return Path(__file__).with_name("lane") / "orders.py"

"""Run your DLT pipeline on your laptop, and have its features in an agent's hands in microseconds."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from goldlane.errors import naming_extras

if TYPE_CHECKING:
    from goldlane import session
    from goldlane.pipelines.run import run

__version__ = "0.1.0"
__all__ = ["run", "session"]


def __getattr__(name: str) -> Any:
    if name == "run":
        with naming_extras("goldlane.run"):
            return importlib.import_module("goldlane.pipelines.run").run
    if name == "session":
        return importlib.import_module("goldlane.session")
    raise AttributeError(f"module 'goldlane' has no attribute {name!r}")

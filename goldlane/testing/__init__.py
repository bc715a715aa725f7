"""The pytest plugin: the fixture ``pipeline`` runs pipelines on rows of a test, ``--dlt-tests`` collects DLT's own test tables."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from goldlane.testing.isolated import IsolatedPipeline, NewPipeline

_MODULES = {"IsolatedPipeline": "goldlane.testing.isolated", "NewPipeline": "goldlane.testing.isolated"}
__all__ = ["IsolatedPipeline", "NewPipeline"]


def __getattr__(name: str) -> Any:
    # pytest imports this package at every start, also of projects that never use it.
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_MODULES[name]), name)

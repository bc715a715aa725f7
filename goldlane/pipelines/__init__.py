"""The local DLT runtime: loader -> definitions -> graph -> update -> tables and event log."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from goldlane.pipelines.outcome import Update

_MODULES = {"Update": "goldlane.pipelines.outcome"}

__all__ = ["Update"]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_MODULES[name]), name)

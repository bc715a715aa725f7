"""Jobs of a bundle, run on this machine from the same YAML."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from goldlane.bundles.running.outcome import Outcome
    from goldlane.bundles.running.request import Request
    from goldlane.bundles.running.results import End, Fault, Result
    from goldlane.bundles.running.running import run_job

# The process of each task imports parts of this package, and none of these.
_MODULES = {"End": "results", "Fault": "results", "Outcome": "outcome", "Request": "request", "Result": "results", "run_job": "running"}

__all__ = ["End", "Fault", "Outcome", "Request", "Result", "run_job"]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)

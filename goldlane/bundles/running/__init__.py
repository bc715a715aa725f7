"""Jobs of a bundle, run on this machine from the same YAML."""

from __future__ import annotations

from goldlane.bundles.running.outcome import Outcome
from goldlane.bundles.running.request import Request
from goldlane.bundles.running.results import End, Fault, Result
from goldlane.bundles.running.running import run_job

__all__ = ["End", "Fault", "Outcome", "Request", "Result", "run_job"]

"""Secrets of sinks: named in declarations, read from the environment when they are needed, and never in a message."""

from __future__ import annotations

import os
from collections.abc import Mapping

from goldlane.monitoring.alerts.sinks.sink import SinkError


def secret(variable: str, sink: str, environment: Mapping[str, str] | None = None) -> str:
    """The value of an environment variable.

    Raises:
        SinkError: it is not set, or empty.
    """
    found = (os.environ if environment is None else environment).get(variable, "").strip()
    if not found:
        raise SinkError(f"sink {sink!r}: the environment variable {variable} is not set", hint=f"export {variable}=...")
    return found

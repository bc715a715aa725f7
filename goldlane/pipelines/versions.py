"""What an update runs on."""

from __future__ import annotations

import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version

_PACKAGES = {"spark_version": "pyspark", "delta_version": "delta-spark"}


@cache
def runtime_version() -> dict[str, str]:
    """Versions by name; ``dbr_version`` is the key under which the platform's queries look, and says that this is another runtime."""
    found = {key: _version(package) for key, package in _PACKAGES.items()}
    goldlane = _version("goldlane")
    told = f"goldlane {goldlane} on Spark {found['spark_version']}"
    return {"dbr_version": told, "goldlane_version": goldlane, **found, "python_version": platform.python_version()}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:  # goldlane runs from a checkout, too
        return "unknown"

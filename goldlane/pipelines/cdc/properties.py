"""Table properties that AUTO CDC knows, ``pipelines.cdc.*``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from goldlane.pipelines.cdc.errors import CdcError
from goldlane.pipelines.cdc.spec import ChangeSpec

TOMBSTONES = "pipelines.cdc.tombstoneGCThresholdInSeconds"


def with_properties(spec: ChangeSpec, properties: Mapping[str, str]) -> ChangeSpec:
    """The spec with what the target's properties say about tombstones.

    Raises:
        CdcError: the time is no number of seconds.
    """
    given = {key.lower(): value for key, value in properties.items()}.get(TOMBSTONES.lower())
    if given is None:
        return spec
    try:
        seconds = timedelta(seconds=float(given))
    except (ValueError, OverflowError):
        seconds = timedelta(seconds=-1)
    if seconds < timedelta(0):
        raise CdcError(f"{TOMBSTONES} of {spec.target} must be a number of seconds, not {given!r}")
    return replace(spec, tombstone_ttl=seconds)

"""What an update is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone

from goldlane.pipelines.names import Namespace
from goldlane.pipelines.part import Part
from goldlane.pipelines.sources import Sources
from goldlane.pipelines.storage import Storage


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Everything an update is asked for."""

    sources: Sources
    storage: Storage
    name: str
    namespace: Namespace = field(default_factory=Namespace)
    configuration: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    paths: Mapping[str, str] = field(default_factory=dict)
    refresh: Sequence[str] | None = None
    full_refresh: bool | Sequence[str] = False
    strict: bool = False
    part: Part | None = None
    continuous: bool = False
    began: datetime = field(default_factory=lambda: datetime.now(timezone.utc))

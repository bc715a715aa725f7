"""What a job run is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from goldlane.bundles.running.events import JobEvent
from goldlane.settings import Settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A job of the bundle at ``root``, and everything around it.

    ``only`` and ``start`` (everything from these on) choose tasks; ``repair`` is the run whose failed tasks are run again,
    ``"last"`` the newest one of the job.
    ``configuration``, ``inputs`` and ``paths`` are those of ``goldlane run``, for every pipeline and notebook of the job.
    """

    root: Path
    job: str
    storage: Path
    target: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    only: Sequence[str] = ()
    start: Sequence[str] = ()
    repair: int | Literal["last"] | None = None
    configuration: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    paths: Mapping[str, str] = field(default_factory=dict)
    concurrency: int = 2
    settings: Settings = field(default_factory=Settings)
    spark: SparkSession | None = None
    listener: Callable[[JobEvent], None] = lambda _: None

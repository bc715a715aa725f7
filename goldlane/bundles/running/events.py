"""What a person watching a job run hears."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Literal, TypeAlias

from goldlane.bundles.running.results import End

# PENDING begins a wait before the next attempt; TERMINATED carries the end.
Happening: TypeAlias = Literal["BLOCKED", "RUNNING", "PROGRESS", "PENDING", "TERMINATED"]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobEvent:
    """Something happened to a task; ``text`` says what, beyond its state. A loop's inner tasks are ``loop[0]``, ``loop[1]``."""

    task: str
    happening: Happening
    text: str = ""
    attempt: int = 0
    end: End | None = None
    at: datetime = field(default_factory=lambda: datetime.now(timezone.utc))

"""How a task ended, in the platform's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class Result(str, Enum):
    """The ``result_state`` of a run, as the platform's Jobs API names it; compares equal to its text."""

    SUCCESS = "SUCCESS"
    SUCCESS_WITH_FAILURES = "SUCCESS_WITH_FAILURES"
    FAILED = "FAILED"
    TIMEDOUT = "TIMEDOUT"
    CANCELED = "CANCELED"
    EXCLUDED = "EXCLUDED"
    DISABLED = "DISABLED"
    UPSTREAM_FAILED = "UPSTREAM_FAILED"
    UPSTREAM_CANCELED = "UPSTREAM_CANCELED"

    def __str__(self) -> str:
        return self.value

    @property
    def is_good(self) -> bool:
        """Whether what waits for it may go on: what was left out on purpose counts as done."""
        return self in (Result.SUCCESS, Result.SUCCESS_WITH_FAILURES, Result.EXCLUDED, Result.DISABLED)

    @property
    def is_skipped(self) -> bool:
        """Whether it was left out on purpose."""
        return self in (Result.EXCLUDED, Result.DISABLED)

    @property
    def is_failure(self) -> bool:
        """Whether it failed, or could not begin since something before it failed."""
        return self in (Result.FAILED, Result.TIMEDOUT, Result.UPSTREAM_FAILED)

    @property
    def is_canceled(self) -> bool:
        """Whether somebody stopped it, or something before it."""
        return self in (Result.CANCELED, Result.UPSTREAM_CANCELED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Why a task failed: the error's class, its message, and the line of the user's file that raised it; a notebook's cell, too."""

    kind: str
    message: str
    file: str | None = None
    line: int | None = None
    cell: int | None = None

    def __str__(self) -> str:
        cell = f" (cell {self.cell})" if self.cell else ""
        place = f"{self.file}:{self.line}{cell}: " if self.file and self.line else ""
        return f"{place}{self.message}"


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """How a task ended: its result, the values it set, what it put out, and why it failed or never began."""

    result: Result
    fault: Fault | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    output: Mapping[str, Any] = field(default_factory=dict)
    # How often it was tried; 0 when it never began.
    attempts: int = 0
    run_id: int = 0

    @property
    def outcome(self) -> bool | None:
        """What a condition said; None of any other task."""
        found = self.output.get("outcome")
        return found if isinstance(found, bool) else None


def failed(kind: str, message: str, **place: Any) -> End:
    """A failure that was found on this side of the task."""
    return End(result=Result.FAILED, fault=Fault(kind=kind, message=message, **place))

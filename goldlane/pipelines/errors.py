"""Errors of the runtime. One base for the caller's mistakes (exit 2); what fails while running is reported per dataset."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from goldlane.errors import GoldlaneError, UsageError
from goldlane.pipelines.definitions import Problem

if TYPE_CHECKING:
    from goldlane.pipelines.outcome import FlowCounts
    from goldlane.pipelines.places import Place


class PipelineError(UsageError):
    """The pipeline cannot run as it is written or called; nothing was written."""


class DefinitionError(PipelineError, TypeError):
    """A decorator or function of ``dlt`` was called with something it does not take."""


class InvalidPipelineError(PipelineError):
    """Every mistake found in the sources, at once."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        first = problems[0].place
        lines = [str(problem) for problem in problems]
        message = lines[0] if len(lines) == 1 else f"{len(lines)} mistakes:\n  " + "\n  ".join(lines)
        alone = len(problems) == 1 and first is not None
        super().__init__(
            problems[0].message if alone else message,
            file=first.file if alone and first else None,
            line=first.line if alone and first else None,
        )
        self.problems = tuple(problems)


class SideEffectError(PipelineError):
    """A dataset function writes, or, in strict mode, does anything but define its query."""


class MissingTableError(PipelineError):
    """A name that neither the pipeline defines, nor an input, nor the storage or catalog holds."""

    def __init__(self, table: str, known: Sequence[str]) -> None:
        inputs = ", ".join(sorted(known)) or "none"
        super().__init__(
            f"there is no table {table!r}: the pipeline does not define it, and no input, storage or catalog holds it (inputs: {inputs})",
            hint=f"bind it with --input {table}=PATH",
        )
        self.table = table


class ExpectationError(GoldlaneError):
    """A rule stopped a flow: rows broke it, or it could not be evaluated. ``counts`` are of the batch that was not written."""

    def __init__(self, message: str, *, counts: FlowCounts | None = None, place: Place | None = None) -> None:
        super().__init__(message)
        self.counts, self.place = counts, place


class UpdateFailedError(GoldlaneError):
    """Raised by ``Update.raise_for_status``: the update's first failure."""

"""From reasons and problems to a verdict per platform."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from goldlane.pipelines.definitions import Problem
from goldlane.pipelines.portability.platforms import PLATFORMS, Platform
from goldlane.pipelines.portability.reasons import Reason

# Whether a module is installed, or what a file met on its way, is a matter of the machine that runs it.
_HERE_ONLY = {"import_error", "load_error", "PipelineError"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether the pipeline would run on a platform; None where only that platform can tell."""

    ok: bool | None
    why: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The shape of ``check --json``."""
        return {"ok": self.ok, "why": list(self.why)}


def verdicts(reasons: Sequence[Reason], problems: Iterable[Problem]) -> dict[str, Verdict]:
    """A verdict for each platform; ``why`` holds codes, each once, in the order of the lines."""
    errors = [problem.code for problem in problems if problem.severity == "error"]
    return {platform.value: _verdict(platform, reasons, errors) for platform in PLATFORMS}


def _verdict(platform: Platform, reasons: Sequence[Reason], errors: Sequence[str]) -> Verdict:
    why = [reason.code for reason in reasons if platform in reason.platforms]
    elsewhere = platform is not Platform.GOLDLANE
    certain = [*why, *(code for code in errors if not (elsewhere and code in _HERE_ONLY))]
    if certain:
        return Verdict(ok=False, why=tuple(dict.fromkeys(certain)))
    return Verdict(ok=None if errors else True, why=tuple(dict.fromkeys(errors)))

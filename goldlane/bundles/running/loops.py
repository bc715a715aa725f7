"""A ``for_each_task``: what is inside it runs once for each of its inputs."""

from __future__ import annotations

import ast
import json
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from goldlane.bundles.running.attempts import Attempts
from goldlane.bundles.running.events import JobEvent
from goldlane.bundles.running.facts import Facts, as_text
from goldlane.bundles.running.plans import Step
from goldlane.bundles.running.results import End, Fault, Result, failed
from goldlane.stopping import Stop


class Deadline:
    """The end of the time that a loop has for all its inputs."""

    def __init__(self, seconds: float | None) -> None:
        self._seconds = seconds
        self._at = None if seconds is None else time.monotonic() + seconds

    @property
    def is_over(self) -> bool:
        """Whether the time is up."""
        return self._at is not None and time.monotonic() >= self._at

    @property
    def end(self) -> End:
        """How the loop ends then."""
        message = f"its inputs took longer than its timeout of {self._seconds or 0:g} s"
        return End(result=Result.TIMEDOUT, fault=Fault(kind="Timeout", message=message))

    def within(self, timeout: float | None) -> float | None:
        """A timeout that ends with the loop's own."""
        left = None if self._at is None else max(0.01, self._at - time.monotonic())
        return min((each for each in (timeout, left) if each is not None), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """One run of a loop. ``before`` is how its inputs ended in the run that is repaired: those that succeeded are not run again."""

    step: Step
    attempts: Attempts
    stop: Stop
    deadline: Deadline
    before: Mapping[tuple[str, str], End]

    def to_its_end(self, facts: Facts, settings: Mapping[str, Any]) -> End:
        """How it ends: as well as its worst input. Those after a failure run all the same; a stop leaves the rest out."""
        found = _inputs(settings.get("inputs"))
        if isinstance(found, End):
            return found
        body = self.step.inner
        if body is None:
            return failed("NoTask", "the loop has no task")

        kept = [self._kept(number, item) for number, item in enumerate(found)]
        if any(kept):
            told = f"{sum(end is not None for end in kept)} of {len(found)} inputs succeeded before, and are kept"
            self.attempts.listener(JobEvent(task=self.step.key, happening="PROGRESS", text=told))

        def one(number: int) -> End:
            return kept[number] or self._one(body, replace(facts, has_input=True, input=found[number]), number)

        with ThreadPoolExecutor(max_workers=_workers(settings.get("concurrency"))) as pool:
            ends = list(pool.map(one, range(len(found))))
        end = _together(ends, found)
        return replace(self.deadline.end, output=end.output) if self.deadline.is_over and not end.result.is_good else end

    def _kept(self, number: int, item: Any) -> End | None:
        before = self._before(number, item)
        return before if before is not None and before.result.is_good else None

    def _before(self, number: int, item: Any) -> End | None:
        return self.before.get((self._name(number), as_text(item)))

    def _one(self, body: Step, facts: Facts, number: int) -> End:
        if self.stop.asked:
            return End(result=Result.CANCELED)
        if self.deadline.is_over:
            return self.deadline.end
        limited, before = replace(body, timeout=self.deadline.within(body.timeout)), self._before(number, facts.input)
        tried = before.attempts if before else 0
        return self.attempts.of(limited, facts, self._name(number), given=as_text(facts.input), before=tried)

    def _name(self, number: int) -> str:
        return f"{self.step.key}[{number}]"


def _inputs(inputs: Any) -> list[Any] | End:
    """A list, or the text of one: JSON, or as Python writes it."""
    if isinstance(inputs, list):
        return inputs
    for read in (json.loads, ast.literal_eval):
        try:
            found = read(str(inputs))
        except (ValueError, SyntaxError):
            continue
        if isinstance(found, list):
            return found
    return failed("InvalidInputs", f"inputs must be a list, as JSON; they are {inputs!r}")


def _workers(concurrency: Any) -> int:
    text = str(concurrency or 1)
    return max(1, int(text)) if text.isdigit() else 1


def _together(ends: Sequence[End], inputs: Sequence[Any]) -> End:
    output = {"inputs": len(ends), "succeeded": sum(end.result.is_good for end in ends)}
    worst = next((number for number, end in enumerate(ends) if not end.result.is_good and not end.result.is_canceled), None)
    if worst is None:
        canceled = any(end.result.is_canceled for end in ends)
        return End(result=Result.CANCELED if canceled else Result.SUCCESS, output=output)
    bad = sum(not end.result.is_good for end in ends)
    told = f"{bad} of {len(ends)} inputs failed; the first, {as_text(inputs[worst])}: {ends[worst].fault}"
    first = ends[worst].fault or Fault(kind="Failed", message="")
    return End(result=Result.FAILED, fault=replace(first, message=told, file=None, line=None, cell=None), output=output)


def without_task(step: Step) -> dict[str, Any]:
    """A loop's settings without what it runs, whose references know the input."""
    return {name: value for name, value in step.settings.items() if name != "task"}

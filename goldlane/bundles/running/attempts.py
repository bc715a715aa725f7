"""One task, tried as often as it may be."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timezone

from goldlane.bundles.running.events import JobEvent
from goldlane.bundles.running.facts import Facts
from goldlane.bundles.running.plans import Step
from goldlane.bundles.running.recordrows import TaskRun
from goldlane.bundles.running.results import End, Result
from goldlane.stopping import Stop

# An attempt: the step as it is now, what is known, and the id of this run of it.
Attempt = Callable[[Step, Facts], End]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    """Tries a step until it succeeds, may not be tried again, or the run is stopped."""

    attempt: Attempt
    recorded: Callable[[TaskRun], None]
    listener: Callable[[JobEvent], None]
    new_id: Callable[[], int]
    stop: Stop

    def of(self, step: Step, facts: Facts, name: str, given: str | None = None, before: int = 0) -> End:
        """How it ended at last; ``before`` counts the attempts of the run that is repaired, ``given`` is a loop's input."""
        number = before
        while True:
            number += 1
            begun, clock = _now(), time.monotonic()
            self.listener(JobEvent(task=name, happening="RUNNING", attempt=number))
            known = replace(facts, task=name, task_run_id=self.new_id(), attempt=number)
            end = replace(self.attempt(step, known), attempts=number, run_id=known.task_run_id)
            # The interval is between two beginnings.
            wait = max(0.0, step.retry_interval - (time.monotonic() - clock))
            again = self._again(step, end, number - before)
            run = TaskRun(task=name, attempt=number, started=begun, ended=_now(), end=end, task_run_id=end.run_id, input=given)
            self.recorded(replace(run, is_last=not again))
            if again:
                self.listener(JobEvent(task=name, happening="PENDING", attempt=number, text=f"again in {wait:.0f} s", end=end))
            if again and self.stop.wait(wait):
                end, again = replace(end, result=Result.CANCELED), False
                self.recorded(replace(run, end=end, ended=_now()))
            if not again:
                self.listener(JobEvent(task=name, happening="TERMINATED", attempt=number, end=end))
                return end

    def _again(self, step: Step, end: End, tries: int) -> bool:
        if self.stop.asked or step.kind in ("condition_task", "for_each_task"):
            return False
        if end.result is Result.TIMEDOUT and not step.retries_timeouts:
            return False
        return end.result in (Result.FAILED, Result.TIMEDOUT) and (step.retries < 0 or tries <= step.retries)


def _now() -> datetime:
    return datetime.now(timezone.utc)

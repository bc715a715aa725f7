"""The course of one job run: tasks begin as soon as what they wait for has ended, some of them side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field

from goldlane.bundles.running.conditions import skipped
from goldlane.bundles.running.plans import Plan, Step
from goldlane.bundles.running.results import End, Fault, Result
from goldlane.stopping import Stop

# Ctrl-C and timeouts are looked for as often.
_LOOK_EVERY_S = 0.1


@dataclass(slots=True, kw_only=True)
class Course:
    """Runs the tasks ``keys`` of a plan. ``ends`` are those of tasks that ended before, and in the end of all of them.

    ``counted`` are the tasks of this run, those that a repair keeps among them: only theirs decide whether another runs, for a task
    that is chosen by name is meant to run.
    """

    plan: Plan
    keys: set[str]
    counted: set[str]
    run: Callable[[Step, Mapping[str, End]], End]
    left_out: Callable[[Step, End], None]
    stop: Stop
    ends: dict[str, End] = field(default_factory=dict)
    late: Callable[[], bool] = lambda: False

    def to_its_end(self) -> dict[str, End]:
        """Run them all; answers how every task ended."""
        waiting = [self.plan.steps[key] for key in self.plan.steps if key in self.keys]
        running: dict[Future[End], Step] = {}
        with ThreadPoolExecutor(max_workers=max(1, len(waiting))) as pool, self._ended_by_faults():
            while waiting or running:
                began = self._begin(waiting, running, pool)
                if running and not began:
                    self._collect(running)
                if self.late():
                    self.stop.ask()
        return self.ends

    @contextmanager
    def _ended_by_faults(self) -> Iterator[None]:
        """What is no task's fault ends the run: nobody waits for the tasks that are running, and they are killed."""
        try:
            yield
        except BaseException:
            self.stop.ask()
            raise

    def _begin(self, waiting: list[Step], running: dict[Future[End], Step], pool: ThreadPoolExecutor) -> bool:
        """Begin what can begin, and end what cannot; answers whether anything ended at once."""
        ended = False
        for step in [step for step in waiting if self._is_ready(step)]:
            waiting.remove(step)
            end = self._stopped(step) if self.stop.asked else skipped(step, self._judged())
            if end is None:
                running[pool.submit(self.run, step, dict(self.ends))] = step
            else:
                self.ends[step.key] = end
                self.left_out(step, end)
                ended = True
        return ended

    def _collect(self, running: dict[Future[End], Step]) -> None:
        done, _ = wait(running, timeout=_LOOK_EVERY_S, return_when=FIRST_COMPLETED)
        for future in done:
            self.ends[running.pop(future).key] = future.result()

    def _judged(self) -> Mapping[str, End]:
        return {key: end for key, end in self.ends.items() if key in self.counted}

    def _is_ready(self, step: Step) -> bool:
        """Whether all that it waits for has ended; what is not to run is not waited for."""
        return all(one.key in self.ends or one.key not in self.keys for one in step.dependencies)

    def _stopped(self, step: Step) -> End:
        before = any(one.key in self.ends and self.ends[one.key].result.is_canceled for one in step.dependencies)
        fault = Fault(kind="Canceled", message="the run was stopped before it began")
        return End(result=Result.UPSTREAM_CANCELED if before else Result.CANCELED, fault=fault)


def result_of(plan: Plan, ends: Mapping[str, End]) -> Result:
    """The run's result: that of the tasks that nothing waits for, as the platform reckons it."""
    waited_for = {one.key for step in plan.steps.values() if step.key in ends for one in step.dependencies}
    leaves = [end.result for key, end in ends.items() if key not in waited_for]
    everything = [end.result for end in ends.values()]
    if any(result.is_canceled for result in everything):
        return Result.CANCELED
    if not all(result.is_good for result in leaves):
        return Result.FAILED
    return Result.SUCCESS if all(result.is_good for result in everything) else Result.SUCCESS_WITH_FAILURES

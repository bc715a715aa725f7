"""Which tasks of a job run: all of them, those that are named, those from a task on, or what an earlier run has left."""

from __future__ import annotations

from collections.abc import Sequence

from goldlane.bundles.problems import nearest
from goldlane.bundles.running.plans import Plan
from goldlane.bundles.running.records import Earlier
from goldlane.bundles.running.results import End
from goldlane.errors import Mistakes, UsageError


def selected(plan: Plan, only: Sequence[str], start: Sequence[str], earlier: Earlier | None) -> set[str]:
    """The keys of the tasks to run. ``earlier`` is the run to repair: of the tasks that were chosen then, what is left.

    Raises:
        UsageError: there is no such task, or nothing to repair.
    """
    if sum(map(bool, (only, start, earlier is not None))) > 1:
        raise UsageError("--only, --from and --repair exclude each other", hint="say one of them")
    unknown = [f"the job has no task {key!r}{nearest(key, plan.steps)}" for key in (*only, *start) if key not in plan.steps]
    if unknown:
        raise Mistakes(f"job {plan.key}", unknown)
    if only:
        return set(only)
    if start:
        return plan.after(set(start))
    if earlier is None:
        return set(plan.steps)
    # A task that the job has got since then has no end, and runs.
    ends, chosen = earlier.ends, set(plan.steps if earlier.run.chosen is None else earlier.run.chosen)
    left = {key for key in plan.steps if key in chosen and (key not in ends or not ends[key].result.is_good)}
    if not left:
        raise UsageError(f"every task of that run of {plan.key} succeeded: there is nothing to repair")
    return plan.after(left) & chosen


def inputs_before(plan: Plan, keys: set[str], earlier: Earlier) -> dict[tuple[str, str], End]:
    """The inputs that loops have had in the run to repair; not of a loop before which a task runs again, and which begins anew with it."""
    anew = {key for each in keys for key in plan.after({each}) - {each}}
    return {(task, given): end for (task, given), end in earlier.inputs.items() if task.rpartition("[")[0] not in anew}

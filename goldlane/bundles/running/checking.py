"""What keeps a job from running on this machine, found before anything starts: all of it at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from goldlane.bundles.entry_points import entry_point_problems
from goldlane.bundles.files import file_problems
from goldlane.bundles.jobs import structure_problems
from goldlane.bundles.loading import Bundle
from goldlane.bundles.problems import Problem, nearest, spelled
from goldlane.bundles.running.conditions import OPERATORS
from goldlane.bundles.running.documents import parameters_field, source_of
from goldlane.bundles.running.filling import deployed, unknown_references
from goldlane.bundles.running.pipelines import referred, update_asked
from goldlane.bundles.running.plans import KINDS, RUN_IF, Plan, Step, kinds_of, number_faults
from goldlane.bundles.running.wheels import package_of
from goldlane.bundles.tasks import Job
from goldlane.errors import MissingExtraError, UsageError

# These fields are the workspace's own; nothing on this machine asks for them.
_UNASKED = frozenset(("warehouse_id", "pipeline_id", "job_id"))


def problems_of(plan: Plan, job: Job, steps: Sequence[Step]) -> list[str]:
    """Every mistake, with its file and line; of tasks that are not to run only those of the job's shape."""
    found = [*plan.bundle.problems, *_field_problems(plan, job), *structure_problems(plan.bundle, job)]
    if not found:
        found += [problem for step in steps for each in step.each for problem in _step_problems(plan, each)]
        found += _of_steps([*file_problems(plan.bundle), *entry_point_problems(plan.bundle)], steps)
    errors = (problem for problem in found if problem.severity == "error")
    return list(dict.fromkeys(str(problem) for problem in errors))


def _field_problems(plan: Plan, job: Job) -> Iterator[Problem]:
    """What the service's own model of a job refuses, where it is installed."""
    try:
        from goldlane.bundles.databricks_models import resource_mistakes
    except MissingExtraError:
        return
    for inner, message in resource_mistakes("jobs", plan.bundle.tree.get(*job.path)):
        yield plan.bundle.problem((*job.path, *inner), message)


def _of_steps(problems: Sequence[Problem], steps: Sequence[Step]) -> list[Problem]:
    """Those of the tasks that run, and of the pipelines they update and the environments they name."""
    keys = {referred(each.settings.get("pipeline_id"), "pipelines") for step in steps for each in step.each}
    places = [step.place for step in steps]
    places += [f"resources.pipelines.{key}.libraries" for key in keys]
    return [problem for problem in problems if any(problem.path.startswith((f"{place}.", f"{place}[")) for place in places)]


def _step_problems(plan: Plan, step: Step) -> Iterator[Problem]:
    bundle = plan.bundle
    if step.kind not in KINDS:
        kind = " and ".join(kinds_of(step.fields))
        yield bundle.problem(step.path, f"a {kind} runs in a workspace only; leave {step.key} out with --only or --from")
        return
    for wrong in number_faults(step):
        yield bundle.problem(step.path, wrong)
    if step.run_if not in RUN_IF:
        yield bundle.problem((*step.path, "run_if"), f"there is no condition {step.run_if!r}{nearest(step.run_if, RUN_IF)}")
    asked = {name: value for name, value in step.settings.items() if name not in _UNASKED and name != "task"}
    for reference in unknown_references(deployed(bundle, asked)):
        yield bundle.problem((*step.path, step.kind), f"{reference}: only a deployment knows its value")
    yield from _kind_problems(plan, step)


def _kind_problems(plan: Plan, step: Step) -> Iterator[Problem]:
    path, settings = (*step.path, step.kind), step.settings
    if step.kind == "condition_task" and settings.get("op") not in OPERATORS:
        yield plan.bundle.problem((*path, "op"), f"there is no operator {settings.get('op')!r}{nearest(settings.get('op'), OPERATORS)}")
    elif step.kind == "run_job_task":
        yield from _other_job_problems(plan.bundle, step)
    elif step.kind == "sql_task" and "file" not in settings:
        what = next((name for name in ("query", "alert", "dashboard") if name in settings), "nothing")
        told = f"a {what} is in a workspace; only a file runs on this machine" if what != "nothing" else "it names no file"
        yield plan.bundle.problem(path, told)
    elif step.kind == "python_wheel_task" and not package_of(plan, step).is_here:
        package = settings.get("package_name")
        told = f"{package} is neither a project of the bundle nor installed here, and no wheel of it lies on disk; build it, or install it"
        yield plan.bundle.problem(path, told)
    elif step.kind == "for_each_task" and step.inner is not None and step.inner.kind == "for_each_task":
        yield plan.bundle.problem(path, "a loop cannot run another loop")
    else:
        yield from _told(plan.bundle, step)


def _told(bundle: Bundle, step: Step) -> Iterator[Problem]:
    """What the parts that run a task say of its settings."""
    try:
        if step.kind == "pipeline_task":
            update_asked(bundle, step.settings, {})
        elif step.kind in ("notebook_task", "spark_python_task", "sql_task"):
            source_of(bundle, step)
    except UsageError as wrong:
        yield bundle.problem((*step.path, step.kind), wrong.message)
    field = parameters_field(step)
    if field and not isinstance(step.settings.get(field), dict | None):
        yield bundle.problem((*step.path, step.kind, field), f"{field} must be a map of names and values")


def _other_job_problems(bundle: Bundle, step: Step) -> Iterator[Problem]:
    key = referred(step.settings.get("job_id"), "jobs")
    known = bundle.tree.map("resources", "jobs")
    path = (*step.path, step.kind, "job_id")
    if key is None:
        told = f"the job {step.settings.get('job_id')!r} is in a workspace, and not in this bundle; say ${{resources.jobs.<key>.id}}"
        yield bundle.problem(path, told)
    elif key not in known:
        yield bundle.problem(path, f"there is no job {key!r}{nearest(key, known)}")
    elif spelled(step.path).startswith(f"resources.jobs.{key}."):
        yield bundle.problem(path, f"the job {key!r} runs itself")

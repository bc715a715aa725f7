"""From what is asked for to what will run; every mistake of the caller and of the bundle is told here, before anything starts."""

from __future__ import annotations

import itertools
import time
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path

from goldlane.bundles.gates import opened
from goldlane.bundles.loading import Bundle, as_target, load, targets
from goldlane.bundles.problems import nearest
from goldlane.bundles.running.checking import problems_of
from goldlane.bundles.running.facts import Facts
from goldlane.bundles.running.parameters import parameter_mistakes, parameters_of
from goldlane.bundles.running.pipelines import referred
from goldlane.bundles.running.plans import Plan, planned
from goldlane.bundles.running.recordrows import Run
from goldlane.bundles.running.records import Earlier, Records
from goldlane.bundles.running.request import Request
from goldlane.bundles.running.results import End
from goldlane.bundles.running.secrets import repeated, unknown_secrets
from goldlane.bundles.running.selection import inputs_before, selected
from goldlane.bundles.tasks import Job, jobs_of
from goldlane.bundles.variables import spelled
from goldlane.errors import Mistakes, UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A job that can run: the tasks to run, how those ended that ran before, and how often the ones to repair were tried.

    ``counted`` are the tasks of the run: those to run, and those that a repair keeps. ``inputs`` are those that loops to repair have had.
    """

    plan: Plan
    keys: set[str]
    counted: set[str]
    run: Run
    facts: Facts
    before: Mapping[str, End] = field(default_factory=dict)
    tried: Mapping[str, int] = field(default_factory=dict)
    inputs: Mapping[tuple[str, str], End] = field(default_factory=dict)


def prepared(request: Request, *, parent: int | None = None) -> Prepared:
    """The job, ready to run; ``parent`` is the run of another job that starts it.

    Raises:
        UsageError: there is no bundle, no such target, job or task, nothing to repair, or the job cannot run here; all mistakes at once.
    """
    records = Records(request.storage)
    earlier = _earlier(request, records)
    old = None if earlier is None else earlier.run
    bundle = bundle_of(request.root, old.target if old else request.target)
    job = _job_of(bundle, request.job)
    plan = planned(bundle, job)
    keys = _selected(request, plan, job, earlier)
    ready = _prepared(request, plan, keys, old, parent)
    ends = {} if earlier is None else earlier.ends
    others = {} if ready.run.chosen is None else records.newest(plan.key, bundle.target)
    return replace(
        ready,
        counted=keys | set(ends),
        before={key: end for key, end in {**others, **ends}.items() if key not in keys and key in plan.steps},
        tried={key: end.attempts for key, end in ends.items() if key in keys},
        inputs={} if earlier is None else inputs_before(plan, keys, earlier),
    )


def _earlier(request: Request, records: Records) -> Earlier | None:
    """The run to repair, if one is."""
    if request.repair is None:
        return None
    found = records.earlier(request.repair if isinstance(request.repair, int) else None, request.job)
    if request.target not in (None, found.run.target):
        hint = "leave --target out, or begin a run of that target"
        raise UsageError(f"run {found.run.run_id} was of the target {found.run.target}, not of {request.target}", hint=hint)
    return found


def _selected(request: Request, plan: Plan, job: Job, earlier: Earlier | None) -> set[str]:
    """The tasks to run, none of which, and nothing around which, has a mistake."""
    given = _parameters_given(request, earlier.run if earlier else None)
    try:
        keys = selected(plan, request.only, request.start, earlier)
    except Mistakes as unknown:
        raise Mistakes(f"job {plan.key}", [*unknown.mistakes, *parameter_mistakes(plan, given)]) from unknown
    mistakes = [*problems_of(plan, job, [plan.steps[key] for key in plan.steps if key in keys]), *parameter_mistakes(plan, given)]
    mistakes += _of_other_jobs(plan.bundle, plan, keys, (plan.key,))
    if mistakes:
        hint = "mend them, then again; goldlane bundle validate tells of the whole bundle"
        raise Mistakes(f"job {plan.key} cannot run on this machine", list(dict.fromkeys(mistakes)), hint=hint)
    return keys


def bundle_of(root: Path, target: str | None) -> Bundle:
    """The bundle at ``root`` as ``target`` sees it, by default as its default target does.

    Raises:
        UsageError: there is no bundle or no such target.
        Mistakes: its files cannot be read.
    """
    tree, problems = load(root)
    known = targets(tree)
    if target is not None and target not in known:
        raise UsageError(f"the bundle has no target {target!r}{nearest(target, known)}")
    if problems:
        raise Mistakes(
            "the bundle cannot be read", [str(problem) for problem in problems], hint="goldlane bundle validate tells all that is wrong"
        )
    default = next((name for name in known if tree.get("targets", name, "default") is True), None)
    chosen = target or default or (known[0] if len(known) == 1 else None)
    if chosen is None and known:
        raise UsageError("no target is the default", hint=f"say --target: {', '.join(known)}")
    return opened(as_target(root, tree, chosen))


def _job_of(bundle: Bundle, key: str) -> Job:
    jobs = {str(job.path[-1]): job for job in jobs_of(bundle)}
    if key not in jobs:
        raise UsageError(f"the bundle has no job {key!r}{nearest(key, jobs)}")
    return jobs[key]


def _of_other_jobs(bundle: Bundle, plan: Plan, keys: set[str], path: tuple[str, ...]) -> Iterator[str]:
    """What is wrong with the jobs that this one runs, however deep; a circle of them is told once."""
    jobs = {str(job.path[-1]): job for job in jobs_of(bundle)}
    for step in (each for key in keys for each in plan.steps[key].each):
        other = referred(step.settings.get("job_id"), "jobs") if step.kind == "run_job_task" else None
        if other in path:
            yield f"jobs run each other: {' -> '.join((*path, str(other)))}"
        elif other in jobs:
            inner = planned(bundle, jobs[other])
            yield from problems_of(inner, jobs[other], list(inner.steps.values()))
            yield from parameter_mistakes(inner, _given(step.settings.get("job_parameters")))
            yield from _of_other_jobs(bundle, inner, set(inner.steps), (*path, other))


def _given(parameters: object) -> dict[str, str]:
    return {str(name): spelled(value) for name, value in parameters.items()} if isinstance(parameters, dict) else {}


def _parameters_given(request: Request, old: Run | None) -> dict[str, str]:
    return {**({} if old is None else repeated(old.parameters)), **request.parameters}


def _prepared(request: Request, plan: Plan, keys: set[str], old: Run | None, parent: int | None) -> Prepared:
    started = datetime.now(timezone.utc) if old is None else old.started
    repairs = 0 if old is None else old.repair + 1
    host = str(plan.bundle.tree.get("workspace", "host") or "")
    bare = Facts(
        job=plan.key,
        job_id=zlib.crc32(f"{plan.bundle.root}/{plan.key}".encode()),
        name=plan.name,
        run_id=new_id() if old is None else old.run_id,
        started=started,
        parameters={},
        trigger="onetime" if parent is None else "run_job",
        repairs=repairs,
        host=host,
        notebooks={step.key: str(step.settings.get("notebook_path", "")) for step in plan.every_step},
    )
    parameters = parameters_of(plan, request, _parameters_given(request, old), bare)
    mistakes = [] if old is None else unknown_secrets(old.parameters, parameters)
    if mistakes:
        raise Mistakes(f"the run {old.run_id if old else ''} of {plan.key} cannot be repaired", mistakes)
    facts = replace(bare, parameters=parameters)
    run = Run(
        run_id=facts.run_id,
        job=plan.key,
        name=plan.name,
        target=plan.bundle.target,
        started=started,
        parameters=parameters,
        repair=repairs,
        parent_run_id=parent if old is None else old.parent_run_id,
        chosen=old.chosen if old else tuple(sorted(keys)) if request.only or request.start else None,
    )
    return Prepared(plan=plan, keys=keys, counted=keys, run=run, facts=facts)


_ids = itertools.count()


def new_id() -> int:
    """An id that no run of this machine has had, small enough for programs whose only numbers are doubles."""
    return time.time_ns() // 10_000 * 10 + next(_ids) % 10

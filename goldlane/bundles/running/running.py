"""Runs a job of a bundle on this machine. The one way in, for the command line and for tests alike."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import Any

from goldlane.bundles.running.attempts import Attempts
from goldlane.bundles.running.conditions import said
from goldlane.bundles.running.course import Course, result_of
from goldlane.bundles.running.documents import Documents, with_job_parameters
from goldlane.bundles.running.events import JobEvent
from goldlane.bundles.running.facts import Facts
from goldlane.bundles.running.loops import Deadline, Loop, without_task
from goldlane.bundles.running.outcome import Outcome
from goldlane.bundles.running.pipelines import referred
from goldlane.bundles.running.plans import Step
from goldlane.bundles.running.preparing import Prepared, new_id, prepared
from goldlane.bundles.running.processes import TaskProcess
from goldlane.bundles.running.recordrows import TaskRun
from goldlane.bundles.running.records import Records, log_file
from goldlane.bundles.running.request import Request
from goldlane.bundles.running.results import End, Fault, Result, failed
from goldlane.bundles.running.secrets import without_secrets
from goldlane.bundles.running.sharedspark import SharedSpark
from goldlane.bundles.variables import spelled
from goldlane.errors import UsageError
from goldlane.pipelines.storage import Storage
from goldlane.stopping import Stop


def run_job(request: Request) -> Outcome:
    """Run a job to its end; returns when tasks failed, too.

    SIGINT and SIGTERM kill the tasks that are running and record them as canceled; a second one interrupts that.

    Raises:
        UsageError: the caller's or the bundle's mistakes, all at once, before anything starts.
        KeyboardInterrupt: a signal stopped the run; the record is complete.
    """
    ready = prepared(request)
    Storage(request.storage).open()
    stop = Stop()
    with stop.on_signals():
        outcome = JobRun(request=request, ready=ready, stop=stop, spark=SharedSpark(request.spark, request.configuration)).to_its_end()
    if stop.by_signal:
        raise KeyboardInterrupt
    return outcome


@dataclass(slots=True, kw_only=True)
class JobRun:
    """One run of one job; a job that a task runs is another one, with the same Spark."""

    request: Request
    ready: Prepared
    stop: Stop
    spark: SharedSpark
    room: threading.Semaphore = field(init=False)
    records: Records = field(init=False)
    attempts: Attempts = field(init=False)

    def __post_init__(self) -> None:
        self.room = threading.Semaphore(self.request.concurrency)
        self.records = Records(self.request.storage)
        self.stop = Stop(parent=self.stop)
        self.attempts = Attempts(
            attempt=self._attempt, recorded=self._recorded, listener=self.request.listener, new_id=new_id, stop=self.stop
        )

    def to_its_end(self) -> Outcome:
        """Run the tasks; answers how they ended."""
        begun, started, ready = datetime.now(timezone.utc), time.monotonic(), self.ready
        limit = ready.plan.timeout
        late = threading.Event()

        def is_late() -> bool:
            if limit is not None and time.monotonic() - started > limit:
                late.set()
            return late.is_set()

        with self.records.begun(ready.run):
            ends = self._course(is_late).to_its_end()
            ordered = {key: ends[key] for key in ready.plan.steps if key in ends and key in ready.counted}
            result = Result.TIMEDOUT if late.is_set() else result_of(ready.plan, ordered)
            self.records.ended(ready.run, result, begun)
        return Outcome(
            run_id=ready.run.run_id,
            job=ready.plan.key,
            target=ready.plan.bundle.target,
            result=result,
            seconds=time.monotonic() - started,
            parameters=without_secrets(ready.run.parameters),
            tasks=ordered,
            kept=frozenset(key for key in ordered if key not in ready.keys),
            records=self.records.path,
        )

    def _course(self, is_late: Callable[[], bool]) -> Course:
        return Course(
            plan=self.ready.plan,
            keys=self.ready.keys,
            counted=self.ready.counted,
            run=self._run,
            left_out=self._left_out,
            stop=self.stop,
            ends=dict(self.ready.before),
            late=is_late,
        )

    def _run(self, step: Step, ends: Mapping[str, End]) -> End:
        return self.attempts.of(step, replace(self.ready.facts, ends=ends), step.key, before=self.ready.tried.get(step.key, 0))

    def _attempt(self, step: Step, facts: Facts) -> End:
        try:
            documents = Documents(request=self.request, plan=self.ready.plan)
            if step.kind == "condition_task":
                asked = documents.filled(step, facts)
                return said(spelled(asked.get("left")), str(asked.get("op")), spelled(asked.get("right")))
            if step.kind == "for_each_task":
                return self._loop(step).to_its_end(facts, documents.filled(replace(step, settings=without_task(step)), facts))
            if step.kind == "run_job_task":
                return self._other_job(step, with_job_parameters(step, documents.filled(step, facts), {}))
            return self._process(step, facts, documents)
        except UsageError as wrong:
            return failed(type(wrong).__name__, str(wrong))
        except OSError as wrong:
            return failed(type(wrong).__name__, f"its process cannot be started: {wrong}")

    def _process(self, step: Step, facts: Facts, documents: Documents) -> End:
        tag = f"goldlane-{facts.run_id}-{facts.task_run_id}"
        document = documents.of(step, facts, tag)
        log = log_file(self.request.storage, self.ready.run, facts.task, facts.attempt)
        log.parent.mkdir(parents=True, exist_ok=True)
        with self._place():
            if self.stop.asked:
                return End(result=Result.CANCELED, fault=Fault(kind="Canceled", message="the run was stopped"))
            process = TaskProcess(
                document=document,
                tag=tag,
                log=log,
                spark=self.spark,
                environment={"GOLDLANE_STORAGE": str(self.request.storage), "GOLDLANE_JOB_RUN": str(facts.run_id)},
                told=lambda text: self.request.listener(JobEvent(task=facts.task, happening="PROGRESS", text=text)),
            )
            return process.run(step.timeout, self.stop)

    def _loop(self, step: Step) -> Loop:
        before, deadline = self.ready.inputs, Deadline(step.timeout)
        return Loop(step=step, attempts=self.attempts, stop=self.stop, deadline=deadline, before=before)

    def _other_job(self, step: Step, settings: Mapping[str, Any]) -> End:
        key = str(referred(step.settings.get("job_id"), "jobs"))
        given = {str(name): spelled(value) for name, value in (settings.get("job_parameters") or {}).items()}
        request = replace(self.request, job=key, parameters=given, only=(), start=(), repair=None, listener=self._of_other(step))
        ready = prepared(request, parent=self.ready.run.run_id)
        limits = [limit for limit in (ready.plan.timeout, step.timeout) if limit is not None]
        ready = replace(ready, plan=replace(ready.plan, timeout=min(limits, default=None)))
        outcome = JobRun(request=request, ready=ready, stop=self.stop, spark=self.spark).to_its_end()
        told = "; ".join(f"{task}: {end.fault}" for task, end in outcome.tasks.items() if end.fault and not end.result.is_good)
        fault = None if outcome.is_good else Fault(kind="JobFailed", message=f"the job {key} ended {outcome.result}: {told}")
        result = Result.SUCCESS if outcome.is_good else outcome.result
        return End(result=result, fault=fault, output={"run_id": outcome.run_id, "result_state": outcome.result.value})

    def _of_other(self, step: Step) -> Any:
        return lambda event: self.request.listener(replace(event, task=f"{step.key}/{event.task}"))

    def _left_out(self, step: Step, end: End) -> None:
        task_run = TaskRun(task=step.key, attempt=0, started=None, ended=datetime.now(timezone.utc), end=end, task_run_id=new_id())
        self.records.append(self.ready.run, task_run)
        self.request.listener(JobEvent(task=step.key, happening="TERMINATED", end=end))

    def _recorded(self, task_run: TaskRun) -> None:
        log = log_file(self.request.storage, self.ready.run, task_run.task, task_run.attempt)
        self.records.append(self.ready.run, replace(task_run, log=str(log) if log.is_file() else None))

    @contextmanager
    def _place(self) -> Iterator[None]:
        """One of the places for tasks that run side by side; whoever waits for one looks whether the run is stopped."""
        while not self.room.acquire(timeout=0.1):
            if self.stop.asked:
                yield
                return
        try:
            yield
        finally:
            self.room.release()

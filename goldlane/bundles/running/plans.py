"""A job as it will run: its tasks with their order, conditions, retries and timeouts, numbers read and checked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from goldlane.bundles.loading import Bundle
from goldlane.bundles.problems import Path, spelled
from goldlane.bundles.tasks import Job, Task, items
from goldlane.bundles.trees import leaves

# What this machine can run; everything else is the platform's own.
KINDS = (
    *("condition_task", "for_each_task", "notebook_task", "pipeline_task", "python_wheel_task", "run_job_task"),
    *("spark_python_task", "sql_task"),
)
_KIND = re.compile(r"\w+_task")
RUN_IF = ("ALL_SUCCESS", "ALL_DONE", "NONE_FAILED", "AT_LEAST_ONE_SUCCESS", "ALL_FAILED", "AT_LEAST_ONE_FAILED")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependency:
    """A task that must have ended; ``outcome`` is what a condition must have said."""

    key: str
    outcome: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One task. ``settings`` is what stands under its kind; times are seconds; ``retries`` is -1 for as often as it takes."""

    key: str
    kind: str
    path: Path
    settings: Mapping[str, Any]
    fields: Mapping[str, Any] = field(default_factory=dict)
    dependencies: tuple[Dependency, ...] = ()
    run_if: str = "ALL_SUCCESS"
    retries: int = 0
    retry_interval: float = 0.0
    retries_timeouts: bool = False
    timeout: float | None = None
    disabled: bool = False
    inner: Step | None = None

    @property
    def place(self) -> str:
        """Where it stands in the configuration."""
        return spelled(self.path)

    @property
    def each(self) -> tuple[Step, ...]:
        """The step, and what it runs for each of its inputs."""
        return (self,) if self.inner is None else (self, *self.inner.each)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A job's steps by their keys, and the defaults of its parameters: None where it gives none."""

    key: str
    name: str
    bundle: Bundle
    steps: Mapping[str, Step]
    parameters: Mapping[str, str | None]
    timeout: float | None = None
    environments: Any = None

    @property
    def every_step(self) -> tuple[Step, ...]:
        """The steps, and those inside loops."""
        return tuple(each for step in self.steps.values() for each in step.each)

    def has_read_output(self, key: str) -> bool:
        """Whether a task refers to what the task ``key`` puts out."""
        texts = (text for step in self.every_step for _, text in leaves(dict(step.settings)) if isinstance(text, str))
        return any(f"tasks.{key}.output" in text.replace("`", "") for text in texts)

    def after(self, keys: set[str]) -> set[str]:
        """``keys``, and every step that waits for one of them, however far."""
        found = set(keys)
        while True:
            more = {step.key for step in self.steps.values() if any(one.key in found for one in step.dependencies)} - found
            if not more:
                return found
            found |= more


def planned(bundle: Bundle, job: Job) -> Plan:
    """The job as it will run. Values that are no numbers count as not said: the checks tell of them."""
    steps = [_step(task) for task in job.tasks]
    return Plan(
        key=str(job.path[-1]),
        name=str(job.fields.get("name") or job.path[-1]),
        bundle=bundle,
        steps={step.key: step for step in steps},
        parameters={str(each.get("name")): _text(each.get("default")) for _, each in items((), job.fields.get("parameters"))},
        timeout=_seconds(job.fields.get("timeout_seconds")),
        environments=job.fields.get("environments"),
    )


def kinds_of(task: Mapping[str, Any]) -> list[str]:
    """The kinds that a task says it is: one, in a sound bundle."""
    return [name for name in task if _KIND.fullmatch(name)]


def number_faults(step: Step) -> Iterator[str]:
    """Fields of a step that must be whole numbers, and are none."""
    for name in ("max_retries", "min_retry_interval_millis", "timeout_seconds"):
        value = step.fields.get(name)
        if value is not None and _whole(value) is None:
            yield f"{name} must be a whole number, not {value!r}"


def _step(task: Task) -> Step:
    kind = next(iter(kinds_of(task.fields)), "")
    settings = task.fields.get(kind)
    return Step(
        key=task.key,
        kind=kind,
        path=task.path,
        settings=settings if isinstance(settings, dict) else {},
        fields=task.fields,
        dependencies=tuple(_dependencies(task)),
        run_if=str(task.fields.get("run_if") or "ALL_SUCCESS"),
        retries=_whole(task.fields.get("max_retries")) or 0,
        retry_interval=(_whole(task.fields.get("min_retry_interval_millis")) or 0) / 1000,
        retries_timeouts=is_true(task.fields.get("retry_on_timeout")),
        timeout=_seconds(task.fields.get("timeout_seconds")),
        disabled=is_true(task.fields.get("disabled")),
        inner=None if task.inner is None else _step(task.inner),
    )


def _dependencies(task: Task) -> Iterator[Dependency]:
    for _, each in items((), task.fields.get("depends_on")):
        outcome = each.get("outcome")
        yield Dependency(key=str(each.get("task_key")), outcome=None if outcome is None else is_true(outcome))


def is_true(value: object) -> bool:
    """Whether a field says yes, as YAML or as text."""
    return value is True or str(value).lower() == "true"


def _seconds(value: object) -> float | None:
    """A timeout; 0 is none."""
    return float(_whole(value) or 0) or None


def _whole(value: object) -> int | None:
    return int(str(value)) if re.fullmatch(r"[+-]?\d+", str(value)) else None


def _text(value: object) -> str | None:
    if value is None:
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)

"""Watches dataset functions while they run: writes are refused, other side effects are reported, once per place."""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from goldlane.pipelines.definitions import Dataset, Problem
from goldlane.pipelines.effects import RECEIVERS, Effect, advice, effect_of_sql
from goldlane.pipelines.errors import SideEffectError
from goldlane.pipelines.notebookglobals import Late
from goldlane.pipelines.places import Place, is_users

# The dataset whose function runs in this thread. A thread that Spark starts for a sink's handler has none, and is free.
_evaluated: ContextVar[Dataset | None] = ContextVar("goldlane_evaluated_dataset", default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class SideEffect:
    """A call in a dataset function that does more than define its query."""

    dataset: Dataset
    call: str
    effect: Effect
    place: Place

    @property
    def problem(self) -> Problem:
        """It as one of the pipeline's problems; a write is an error."""
        message, hint = advice(self.call, self.effect)
        severity = "error" if self.effect is Effect.WRITE else "warning"
        return Problem(code=self.effect.value, message=f"{self.dataset.written!r}: {message}; {hint}", place=self.place, severity=severity)


class Guard:
    """Judges the calls of one load and update. ``report`` is told each place once; strict mode refuses what else warns."""

    def __init__(self, folders: Sequence[Path], *, strict: bool = False) -> None:
        self._folders, self._strict = folders, strict
        self._met: dict[tuple[Place, str], SideEffect] = {}
        self._report: Callable[[SideEffect], None] | None = None

    def report_to(self, report: Callable[[SideEffect], None]) -> None:
        """Tell ``report`` what was met so far, and what will be."""
        self._report = report
        for effect in self._met.values():
            report(effect)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What was met, as problems of the pipeline."""
        return tuple(effect.problem for effect in self._met.values())

    def meet(self, call: str, effect: Effect, file: str, line: int) -> None:
        """A call stands at ``file``:``line``.

        Raises:
            SideEffectError: a dataset function makes it, and it is a write, or the mode is strict.
        """
        dataset = _evaluated.get()
        if dataset is None or not is_users(file, self._folders):
            return
        met = SideEffect(dataset=dataset, call=call, effect=effect, place=Place(file, line))
        if effect is Effect.WRITE or self._strict:
            message, hint = advice(call, effect)
            raise SideEffectError(message, hint=hint)
        if (met.place, call) not in self._met:
            self._met[met.place, call] = met
            if self._report is not None:
                self._report(met)


@contextmanager
def evaluating(dataset: Dataset) -> Iterator[None]:
    """This thread runs the function of ``dataset`` meanwhile."""
    token = _evaluated.set(dataset)
    try:
        yield
    finally:
        _evaluated.reset(token)


@contextmanager
def guarded(folders: Sequence[Path], *, strict: bool = False) -> Iterator[Guard]:
    """Watch the calls of Spark and Delta that have side effects, as long as the body of the ``with`` runs."""
    from pyspark.sql import SparkSession

    from goldlane.pipelines.injected import PipelineSession

    guard = Guard(folders, strict=strict)
    watched: list[tuple[type, str, Any]] = []
    try:
        for receiver in RECEIVERS:
            kind = getattr(importlib.import_module(receiver.module), receiver.name)
            for method in filter(kind.__dict__.__contains__, receiver.methods):
                watched.append((kind, method, kind.__dict__[method]))
                setattr(kind, method, _watched(guard, kind.__dict__[method], _judge(receiver.name, method, receiver.methods[method])))
        for session in (SparkSession, PipelineSession):
            watched.append((session, "sql", session.__dict__["sql"]))
            session.sql = _watched(guard, session.__dict__["sql"], _judge_sql)  # type: ignore[method-assign]  # given back below
        yield guard
    finally:
        for kind, method, original in reversed(watched):
            setattr(kind, method, original)


Judge = Callable[[tuple[Any, ...], dict[str, Any]], "tuple[str, Effect] | None"]


def _watched(guard: Guard, original: Any, judge: Judge) -> Any:
    @functools.wraps(original)
    def watched(*args: Any, **kwargs: Any) -> Any:
        if _evaluated.get() is not None:
            # Only the nearest caller counts: what Spark, a library or Goldlane calls in turn is theirs.
            caller: Any = sys._getframe(1)  # noqa: SLF001  inspect.stack() reads every file on the stack, a hundred times slower
            # The global `sql` of a notebook only hands on.
            caller = caller.f_back if caller.f_code is Late.__call__.__code__ else caller
            verdict = judge(args, kwargs)
            if verdict is not None:
                guard.meet(*verdict, caller.f_code.co_filename, caller.f_lineno)
        return original(*args, **kwargs)

    return watched


def _judge(receiver: str, method: str, effect: Effect) -> Judge:
    if method == "pivot":
        return lambda args, kwargs: None if len(args) > 2 or kwargs.get("values") else ("pivot() without values", effect)  # noqa: PLR2004  self, column, values
    call = f"{method}()" if receiver == "DataFrame" else f"{receiver}.{method}()"
    return lambda _args, _kwargs: (call, effect)


def _judge_sql(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[str, Effect] | None:
    text = args[1] if len(args) > 1 else kwargs.get("sqlQuery")
    effect = effect_of_sql(text) if isinstance(text, str) else None
    return (sql_call(text), effect) if effect is not None and isinstance(text, str) else None


def sql_call(text: str) -> str:
    """A SQL statement by its first words."""
    words = text.split()
    opening = " ".join(words[:4]) + (" ..." if len(words) > 4 else "")  # noqa: PLR2004  enough to recognise it
    return f"sql({opening!r})"

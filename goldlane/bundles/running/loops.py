"""A ``for_each_task``: what is inside it runs once for each of its inputs."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from goldlane.bundles.running.facts import Facts, as_text
from goldlane.bundles.running.plans import Step
from goldlane.bundles.running.results import End, Fault, Result, failed
from goldlane.stopping import Stop

# How one input ends: the inner step, what is known with the input in it, and the input's number.
Inner = Callable[[Step, Facts, int], End]


def looped(step: Step, facts: Facts, inputs: Any, concurrency: Any, inner: Inner, stop: Stop) -> End:  # noqa: PLR0913  a loop's parts
    """How the loop ends: as well as its worst input. Those after a failure run all the same; a stop leaves the rest out."""
    found = _inputs(inputs)
    if isinstance(found, End):
        return found
    if step.inner is None:
        return failed("NoTask", "the loop has no task")
    body = step.inner

    def one(numbered: tuple[int, Any]) -> End:
        number, item = numbered
        if stop.asked:
            return End(result=Result.CANCELED)
        return inner(body, replace(facts, has_input=True, input=item), number)

    with ThreadPoolExecutor(max_workers=_workers(concurrency)) as pool:
        ends = list(pool.map(one, enumerate(found)))
    return _together(ends, found)


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

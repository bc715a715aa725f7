"""Whether a task runs, by how the tasks before it ended, and what a condition says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation

from goldlane.bundles.running.plans import Dependency, Step
from goldlane.bundles.running.results import End, Fault, Result, failed

_OF_NUMBERS: Mapping[str, Callable[[Decimal, Decimal], bool]] = {
    "GREATER_THAN": lambda left, right: left > right,
    "GREATER_THAN_OR_EQUAL": lambda left, right: left >= right,
    "LESS_THAN": lambda left, right: left < right,
    "LESS_THAN_OR_EQUAL": lambda left, right: left <= right,
}
OPERATORS = ("EQUAL_TO", "NOT_EQUAL", *_OF_NUMBERS)
# Unmet, these leave a task out; the others blame what is before it.
_FOR_FAILURES = ("AT_LEAST_ONE_FAILED", "ALL_FAILED")


def skipped(step: Step, ends: Mapping[str, End]) -> End | None:
    """How a step ends that does not run after ``ends``, of all it waits for; None when it runs."""
    if step.disabled:
        return End(result=Result.DISABLED, fault=Fault(kind="Disabled", message="the task is disabled"))
    # Both branches of a condition may be waited for.
    told = [(one.key, _result(one, ends[one.key])) for one in step.dependencies if one.key in ends]
    results = [result for _, result in told]
    if not results or _is_met(step.run_if, results):
        return None
    if all(result.is_skipped for result in results) or step.run_if in _FOR_FAILURES:
        return _skip(Result.EXCLUDED, step, told)
    if any(result.is_failure for result in results):
        return _skip(Result.UPSTREAM_FAILED, step, told)
    canceled = any(result.is_canceled for result in results)
    return _skip(Result.UPSTREAM_CANCELED if canceled else Result.EXCLUDED, step, told)


def said(left: str, operator: str, right: str) -> End:
    """What a condition says: texts are compared as they are, numbers by their values."""
    if operator in ("EQUAL_TO", "NOT_EQUAL"):
        return _outcome((left == right) is (operator == "EQUAL_TO"))
    try:
        return _outcome(_OF_NUMBERS[operator](_number(left), _number(right)))
    except InvalidOperation:
        wrong = next((text for text in (left, right) if not _is_number(text)), left)
        return failed("InvalidOperand", f"{operator} compares numbers, and {wrong!r} is none")


def _result(dependency: Dependency, end: End) -> Result:
    """A branch that the condition did not take counts as left out."""
    taken = dependency.outcome is None or end.outcome is None or end.outcome is dependency.outcome
    return end.result if taken else Result.EXCLUDED


def _is_met(run_if: str, results: Sequence[Result]) -> bool:
    if all(result.is_skipped for result in results):
        # Whatever it waits for was left out, so is it.
        return False
    successes = [result in (Result.SUCCESS, Result.SUCCESS_WITH_FAILURES) for result in results]
    failures = [result.is_failure for result in results]
    return {
        "ALL_SUCCESS": all(result.is_good for result in results),
        "ALL_DONE": True,
        "NONE_FAILED": any(successes) and not any(failures) and not any(result.is_canceled for result in results),
        "AT_LEAST_ONE_SUCCESS": any(successes),
        "ALL_FAILED": all(failures),
        "AT_LEAST_ONE_FAILED": any(failures),
    }[run_if]


def _skip(result: Result, step: Step, results: Sequence[tuple[str, Result]]) -> End:
    told = ", ".join(f"{key} is {each}" for key, each in results)
    return End(result=result, fault=Fault(kind=result.value, message=f"it runs if {step.run_if}, and {told}"))


def _outcome(value: bool) -> End:  # noqa: FBT001  the outcome itself
    return End(result=Result.SUCCESS, output={"outcome": value})


def _number(text: str) -> Decimal:
    return Decimal(text.strip())


def _is_number(text: str) -> bool:
    try:
        _number(text)
    except InvalidOperation:
        return False
    return True

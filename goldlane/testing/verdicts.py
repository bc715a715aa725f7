"""What a table's result says about the table and about each of its rules."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from goldlane.pipelines.definitions import Expectation
    from goldlane.pipelines.outcome import DatasetResult, RuleResult
    from goldlane.pipelines.places import Place

_VIOLATED = re.compile(r"Violated expectations: (?P<names>'.*?')\. Input data: '(?P<row>.*?)'\. Output record: ", re.DOTALL)


class BrokenTestError(AssertionError):
    """A DLT test did not hold; ``place`` is where, if it is not the table's own."""

    def __init__(self, message: str, place: Place | None = None) -> None:
        super().__init__(message)
        self.place = place


class BrokenRuleWarning(UserWarning):
    """Rows broke a rule of a test table that does not stop the update."""


class FailureText:
    """A failure as pytest shows it: in the summary by its first line."""

    def __init__(self, name: str, place: Place | None, error: BaseException) -> None:
        place = getattr(error, "place", None) or place
        self._text = f"{place}: {name}: {error}" if place else f"{name}: {error}"
        file, line = (place.file, place.line) if place else ("", 0)
        self.reprcrash = SimpleNamespace(path=file, lineno=line, message=str(error).splitlines()[0])

    def toterminal(self, terminal: Any) -> None:
        """Write it."""
        terminal.line(self._text)

    def __str__(self) -> str:
        return self._text


def table_verdict(result: DatasetResult) -> None:
    """Raise what stopped the table.

    Raises:
        BrokenTestError: its rules, in short, for each of them is an item too; or its error.
    """
    if result.status != "FAILED" or result.error is None:
        return
    broken = [f"{count.name} ({_counts(count)})" for count in result.expectations if count.failed and count.dataset == result.name]
    if _VIOLATED.search(result.error.message) and broken:
        raise BrokenTestError(f"stopped by {', '.join(broken)}")
    raise BrokenTestError(result.error.message, result.error.place)


def rule_verdict(rule: Expectation, result: DatasetResult) -> str | None:
    """How a rule was broken, with counts and a row for example; None when it was not."""
    stopped = _VIOLATED.search(result.error.message) if result.error else None
    named = stopped is not None and f",'{rule.name}'," in f",{stopped['names']},"
    count = next((one for one in result.expectations if one.name == rule.name and one.dataset == result.name), None)
    if count is None and result.error is not None and not named:
        pytest.skip(f"{result.name} failed before the rule was counted: {result.error.message}")
    if not named and (count is None or not count.failed):
        return None
    lines = [f"{_counts(count) if count else 'rows'} broke {rule.text}"]
    if stopped is not None and named:
        lines.append(f"  for example {stopped['row']}")
    return "\n".join(lines)


def _counts(count: RuleResult) -> str:
    return f"{count.failed:,} of {count.passed + count.failed:,} rows"

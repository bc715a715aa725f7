"""Rules as a Great Expectations suite that asks the same questions, and so gives the same verdicts and counts."""

from __future__ import annotations

import html
import importlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from goldlane.errors import GoldlaneError, MissingExtraError
from goldlane.expectations.gx_query import broken_query
from goldlane.expectations.rule import Action, Rule
from goldlane.expectations.rules import as_rules
from goldlane.expectations.table_rule import TableRule

if TYPE_CHECKING:
    from great_expectations import ExpectationSuite
    from great_expectations.core import ExpectationSuiteValidationResult

META = "goldlane"
_SEVERITIES = {Action.WARN: "info", Action.DROP: "warning", Action.FAIL: "critical"}


def to_gx_suite(rules: Iterable[Rule | TableRule], *, name: str = "rules") -> ExpectationSuite:
    """A suite with one expectation per rule, about rows and about the table, whatever its action; for GX's Spark engine.

    Each is GX's own query for unexpected rows, so that GX alone can save, load, run and render the suite; its column expectations leave
    NULL out. ``observed_value`` of a result is how many rows break the rule, or 1 where the rule is about one number of the table. The
    rule is kept in ``meta["goldlane"]``; one that warns has the severity ``info``, that drops ``warning``, that fails ``critical``.
    A foreign key's table is read by its name from the Spark session.

    Raises:
        MissingExtraError: Great Expectations is not installed.
        RuleError: something is no rule, or names repeat.
    """
    expectation_suite, unexpected_rows = _classes()
    known = as_rules(rules)
    return expectation_suite(name=name, expectations=[unexpected_rows(**_expectation(rule)) for rule in (*known, *known.table)])


def gx_failures(result: ExpectationSuiteValidationResult) -> dict[str, int]:
    """How often each rule of a suite of ``to_gx_suite`` is broken, by name, as GX found it.

    Raises:
        GoldlaneError: GX could not ask some of the rules (all of them are named), or was told to count nothing (``BOOLEAN_ONLY``).
    """
    asked = {one.expectation_config.meta[META]["name"]: one for one in result.results if META in (one.expectation_config.meta or {})}
    raised = {name: _exception(one.exception_info) for name, one in asked.items()}
    if any(raised.values()):
        told = "; ".join(f"{name}: {message}" for name, message in raised.items() if message)
        raise GoldlaneError(f"Great Expectations could not ask {told}", hint="has the batch all columns, of the right types?")
    if any("observed_value" not in one.result for one in asked.values()):
        raise GoldlaneError("the result holds no counts", hint="validate with a result_format other than BOOLEAN_ONLY")
    return {name: int(one.result["observed_value"]) for name, one in asked.items()}


def _stated(rule: Rule | TableRule) -> dict[str, Any]:
    """The rule as JSON."""
    known = {"name": rule.name, "action": str(rule.action), "why": rule.why}
    if isinstance(rule, Rule):
        return {**known, "predicate": rule.predicate, "or_null": rule.or_null}
    told = {field.name: _plain(getattr(rule.kind, field.name)) for field in fields(rule.kind)}
    return {**known, "kind": {"is": type(rule.kind).__name__, **told}}


def _classes() -> tuple[Any, Any]:
    try:
        with _named_program():
            from great_expectations import ExpectationSuite
            from great_expectations.expectations import UnexpectedRowsExpectation
    except ImportError as error:
        raise MissingExtraError("gx", needed_for="a Great Expectations suite") from error
    return ExpectationSuite, UnexpectedRowsExpectation


@contextmanager
def _named_program() -> Iterator[None]:
    """Without grpc, Spark ends a program that has no file (``python -c``, a worker of pytest-xdist): it takes it for its own doctests."""
    program = vars(importlib.import_module("__main__"))
    if program.setdefault("__file__", None) is not None:
        yield
        return
    try:
        yield
    finally:
        del program["__file__"]


def _expectation(rule: Rule | TableRule) -> dict[str, Any]:
    return {
        "unexpected_rows_query": broken_query(rule),
        "description": _description(rule),
        "notes": rule.why or None,
        "meta": {META: _stated(rule)},
        "severity": _SEVERITIES[rule.action],
    }


def _description(rule: Rule | TableRule) -> str:
    """What Data Docs show in place of the query; they take it for HTML."""
    said = f"{rule.predicate}{' or NULL' if rule.or_null else ''}" if isinstance(rule, Rule) else repr(rule.kind)
    return html.escape(f"{rule.name} ({rule.action}): {said}" + (f". {rule.why}" if rule.why else ""), quote=False)


def _plain(value: Any) -> Any:
    if isinstance(value, timedelta):
        return {"days": value.days, "seconds": value.seconds, "microseconds": value.microseconds}
    return list(value) if isinstance(value, tuple) else str(value) if isinstance(value, Decimal) else value


def _exception(info: Mapping[str, Any]) -> str | None:
    """The first line of what was raised; GX keeps it at the top, or below the id of each metric that failed."""
    told = [info, *(value for value in info.values() if isinstance(value, Mapping))]
    return next((str(one["exception_message"]).splitlines()[0] for one in told if one.get("raised_exception")), None)

"""``expect`` and its kin: rules on the rows of a dataset."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from goldlane.expectations import Action, Rule, Rules, TableRules
from goldlane.pipelines.api.signatures import strict
from goldlane.pipelines.definitions import Expectation
from goldlane.pipelines.errors import DefinitionError
from goldlane.pipelines.places import place_of_caller
from goldlane.pipelines.registry import current_registry

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


@strict
def expect(name: str, inv: Any) -> Decorator:
    """Count rows for which ``inv`` is not true, and keep them."""
    return _attach({name: inv}, Action.WARN)


@strict
def expect_or_drop(name: str, inv: Any) -> Decorator:
    """Drop rows for which ``inv`` is not true."""
    return _attach({name: inv}, Action.DROP)


@strict
def expect_or_fail(name: str, inv: Any) -> Decorator:
    """Fail the write when ``inv`` is not true for a row."""
    return _attach({name: inv}, Action.FAIL)


@strict
def expect_all(expectations: Mapping[str, Any]) -> Decorator:
    """``expect`` for each name and predicate."""
    return _attach(expectations, Action.WARN)


@strict
def expect_all_or_drop(expectations: Mapping[str, Any]) -> Decorator:
    """``expect_or_drop`` for each name and predicate."""
    return _attach(expectations, Action.DROP)


@strict
def expect_all_or_fail(expectations: Mapping[str, Any]) -> Decorator:
    """``expect_or_fail`` for each name and predicate."""
    return _attach(expectations, Action.FAIL)


def expectations_of(rules: Mapping[str, Any] | None, action: Action) -> tuple[Expectation, ...]:
    """The rules of a mapping from name to predicate.

    Raises:
        DefinitionError: it is no mapping, a name is no text, or a predicate is neither SQL text nor a Column.
    """
    if rules is not None and not isinstance(rules, Mapping):
        hint = "give the rules of this action: .warn, .drop or .fail" if isinstance(rules, (Rules, TableRules)) else None
        raise DefinitionError(f"expectations are a mapping from name to predicate, not {type(rules).__name__}", hint=hint)
    unnamed = [name for name in rules or {} if not isinstance(name, str)]
    if unnamed:
        raise DefinitionError(f"expectations {unnamed} are named by something else than text")
    wrong = {name: predicate for name, predicate in (rules or {}).items() if not (isinstance(predicate, str) or hasattr(predicate, "_jc"))}
    if wrong:
        hint = "a Rule's predicate for every engine is its .sql" if any(isinstance(one, Rule) for one in wrong.values()) else None
        raise DefinitionError(f"expectations {list(wrong)} are neither SQL text nor a Column", hint=hint)
    place = place_of_caller()
    return tuple(Expectation(name=name, predicate=predicate, action=action, place=place) for name, predicate in (rules or {}).items())


def _attach(rules: Mapping[str, Any], action: Action) -> Decorator:
    expectations = expectations_of(rules, action)

    def attach(function: Callable[..., Any]) -> Callable[..., Any]:
        current_registry().add_expectations(function, expectations)
        return function

    return attach

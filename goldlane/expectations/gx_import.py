"""Rules out of a Great Expectations suite, and the names of what has no counterpart."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, get_args

from goldlane.errors import UsageError, first_line
from goldlane.expectations.free_names import free_name
from goldlane.expectations.gx import META
from goldlane.expectations.gx_kinds import ROW_KINDS, NoRuleError
from goldlane.expectations.gx_query import broken_query
from goldlane.expectations.rule import Action, Rule, RuleError
from goldlane.expectations.rules import Rules
from goldlane.expectations.table_kinds import row_count_between, sum_between, unique
from goldlane.expectations.table_rule import Kind, TableRule

if TYPE_CHECKING:
    from great_expectations import ExpectationSuite

_NULLS_ARE_DOUBLED = "rows that share a NULL are doubled to GX, not to SQL; ignore_row_if='any_value_is_missing' says what SQL says"
_ABOUT_THE_RUN = frozenset({"batch_id", "catch_exceptions", "result_format", "condition_parser"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Untranslated:
    """An expectation that no rule can say, and why."""

    type: str
    kwargs: Mapping[str, Any]
    reason: str

    def __str__(self) -> str:
        return f"{self.type}({', '.join(f'{name}={value!r}' for name, value in self.kwargs.items())}): {self.reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FromGx:
    """``rules`` holds those about rows, ``rules.table`` those about the table; together with ``untranslated`` they are the whole suite."""

    rules: Rules
    untranslated: tuple[Untranslated, ...]


def from_gx_suite(suite: ExpectationSuite | Mapping[str, Any]) -> FromGx:
    """The rules that ask what the expectations of ``suite`` (or of its JSON) ask of Spark, in order, with the same counts.

    Rules that ``to_gx_suite`` wrote come back as they were. All others warn: GX only tells, and what happens to a row is for you to say.
    An expectation that allows a share of broken rows, covers some rows only, or is of a kind that rules do not have is untranslated.

    Raises:
        UsageError: it is no suite.
    """
    rules: list[Rule | TableRule] = []
    untranslated = []
    for stated in _expectations(suite if isinstance(suite, Mapping) else suite.to_json_dict()):
        try:
            rule = _own(stated) or _foreign(stated)
        except (NoRuleError, RuleError, KeyError) as error:
            untranslated.append(Untranslated(type=_type(stated), kwargs=_kwargs(stated), reason=_reason(error)))
        else:
            rules.append(replace(rule, name=free_name(rule.name, (other.name for other in rules))))
    return FromGx(rules=Rules(*rules), untranslated=tuple(untranslated))


def _expectations(suite: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    found = suite.get("expectations")
    if not isinstance(found, Sequence) or not all(isinstance(one, Mapping) and _type(one) for one in found):
        raise UsageError("this is no suite of Great Expectations", hint="its JSON has `expectations`, a list, and each of them a `type`")
    return found


def _own(stated: Mapping[str, Any]) -> Rule | TableRule | None:
    """The rule that an expectation of ``to_gx_suite`` was, unless its query was edited since."""
    kept = (stated.get("meta") or {}).get(META)
    if not isinstance(kept, Mapping):
        return None
    try:
        rule = _restored(kept)
    except TypeError as error:
        raise NoRuleError(f"its meta[{META!r}] holds no rule of this version of Goldlane ({first_line(error)})") from error
    return rule if _kwargs(stated).get("unexpected_rows_query") == broken_query(rule) else None


def _restored(kept: Mapping[str, Any]) -> Rule | TableRule:
    if "kind" not in kept:
        return Rule(**kept)
    told = {name: _value(name, value) for name, value in kept["kind"].items() if name != "is"}
    kinds = {kind.__name__: kind for kind in get_args(Kind)}
    return TableRule(**{**kept, "kind": kinds[kept["kind"]["is"]](**told)})


def _value(name: str, value: Any) -> Any:
    if name in {"low", "high"} and isinstance(value, str):
        return Decimal(value)
    if name == "interval":
        return timedelta(**value)
    return tuple(value) if isinstance(value, list) else value


def _foreign(stated: Mapping[str, Any]) -> Rule | TableRule:
    """The rule that asks what GX's own expectation asks."""
    kind, kwargs, why = _type(stated), _kwargs(stated), _why(stated)
    _require_all_rows(kwargs)
    if kind in ROW_KINDS:
        translate, read = ROW_KINDS[kind]
        _require_known(kwargs, read)
        found = translate(kwargs)
        return Rule(name=found.name, predicate=found.predicate, or_null=found.or_null, why=why)
    if kind in TABLE_KINDS:
        make, read = TABLE_KINDS[kind]
        _require_known(kwargs, read)
        return replace(make(kwargs), action=Action.WARN, why=why)
    raise NoRuleError("rules have no such kind")


def _require_all_rows(kwargs: Mapping[str, Any]) -> None:
    if not _is_parameter(kwargs.get("mostly")) and kwargs.get("mostly") not in {None, 1}:
        raise NoRuleError(f"mostly={kwargs['mostly']} lets a share of the rows break it, and a rule does not")
    if kwargs.get("row_condition"):
        raise NoRuleError("its row_condition leaves rows out; write a rule whose predicate says so")
    parameters = [name for name, value in kwargs.items() if _is_parameter(value)]
    if parameters:
        raise NoRuleError(f"{', '.join(parameters)} is a parameter of the run; write the value")


def _is_parameter(value: Any) -> bool:
    return isinstance(value, Mapping) and "$PARAMETER" in value


def _require_known(kwargs: Mapping[str, Any], read: frozenset[str]) -> None:
    unread = [name for name, value in kwargs.items() if value and name not in read | _ABOUT_THE_RUN | {"mostly"}]
    if unread:
        raise NoRuleError(f"{', '.join(unread)} has no counterpart")


def _unique_together(given: Mapping[str, Any]) -> TableRule:
    if given.get("ignore_row_if") != "any_value_is_missing":
        raise NoRuleError(_NULLS_ARE_DOUBLED)
    return unique(*given["column_list"])


# Per type of expectation: its translation, and the keywords that it reads.
TABLE_KINDS: Mapping[str, tuple[Callable[[Mapping[str, Any]], TableRule], frozenset[str]]] = {
    "expect_column_values_to_be_unique": (lambda given: unique(given["column"]), frozenset({"column"})),
    "expect_compound_columns_to_be_unique": (_unique_together, frozenset({"column_list", "ignore_row_if"})),
    "expect_table_row_count_to_equal": (lambda given: row_count_between(given["value"], given["value"]), frozenset({"value"})),
    "expect_table_row_count_to_be_between": (
        lambda given: row_count_between(given.get("min_value"), given.get("max_value")),
        frozenset({"min_value", "max_value"}),
    ),
    "expect_column_sum_to_be_between": (
        lambda given: sum_between(given["column"], given.get("min_value"), given.get("max_value")),
        frozenset({"column", "min_value", "max_value"}),
    ),
}


def _type(stated: Mapping[str, Any]) -> str:
    """Suites that GX wrote before 1.0 say ``expectation_type``."""
    return str(stated.get("type") or stated.get("expectation_type") or "")


def _kwargs(stated: Mapping[str, Any]) -> Mapping[str, Any]:
    return stated.get("kwargs") or {}


def _why(stated: Mapping[str, Any]) -> str:
    notes = stated.get("notes") or stated.get("description") or ""
    return notes if isinstance(notes, str) else " ".join(notes)


def _reason(error: Exception) -> str:
    return f"it lacks {error}" if isinstance(error, KeyError) else str(error)

"""GX's own expectations about single rows, as the predicates that they put to Spark."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from goldlane.expectations.literal import column_sql, literal_sql, plain_name

_QUERY = re.compile(r"\s*SELECT\s+\*\s+FROM\s+\{batch\}\s+WHERE\s+(?P<broken>.+?)[;\s]*", re.IGNORECASE | re.DOTALL)


class NoRuleError(Exception):
    """An expectation that no rule can say; the text is the reason."""


@dataclass(frozen=True, slots=True)
class Translated:
    """The beginning of a rule; GX leaves NULL out of most expectations about columns, so NULL is fine unless it is said not to be."""

    name: str
    predicate: str
    or_null: bool = True


def _not_null(given: Mapping[str, Any]) -> Translated:
    return Translated(f"{plain_name(given['column'])}_is_not_null", f"{column_sql(given['column'])} IS NOT NULL", or_null=False)


def _null(given: Mapping[str, Any]) -> Translated:
    return Translated(f"{plain_name(given['column'])}_is_null", f"{column_sql(given['column'])} IS NULL", or_null=False)


def _between(given: Mapping[str, Any]) -> Translated:
    return Translated(f"{plain_name(given['column'])}_is_in_range", _bounded(column_sql(given["column"]), given))


def _length_between(given: Mapping[str, Any]) -> Translated:
    return Translated(f"length_of_{plain_name(given['column'])}_is_in_range", _bounded(f"length({column_sql(given['column'])})", given))


def _length(given: Mapping[str, Any]) -> Translated:
    return Translated(
        f"length_of_{plain_name(given['column'])}_is_right", f"length({column_sql(given['column'])}) = {literal_sql(given['value'])}"
    )


def _in_set(given: Mapping[str, Any]) -> Translated:
    return Translated(f"{plain_name(given['column'])}_is_in_set", f"{column_sql(given['column'])} IN ({_values(given)})")


def _not_in_set(given: Mapping[str, Any]) -> Translated:
    return Translated(f"{plain_name(given['column'])}_is_not_in_set", f"{column_sql(given['column'])} NOT IN ({_values(given)})")


def _matches(given: Mapping[str, Any]) -> Translated:
    return Translated(f"{plain_name(given['column'])}_matches", _rlike(given["column"], given["regex"]))


def _matches_not(given: Mapping[str, Any]) -> Translated:
    return Translated(f"{plain_name(given['column'])}_does_not_match", f"NOT {_rlike(given['column'], given['regex'])}")


def _matches_list(given: Mapping[str, Any]) -> Translated:
    joined = " AND " if given.get("match_on") == "all" else " OR "
    return Translated(f"{plain_name(given['column'])}_matches", joined.join(_rlike(given["column"], regex) for regex in _regexes(given)))


def _matches_none(given: Mapping[str, Any]) -> Translated:
    tests = (f"NOT {_rlike(given['column'], regex)}" for regex in _regexes(given))
    return Translated(f"{plain_name(given['column'])}_does_not_match", " AND ".join(tests))


def _greater(given: Mapping[str, Any]) -> Translated:
    left, right = column_sql(given["column_A"]), column_sql(given["column_B"])
    name = f"{plain_name(given['column_A'])}_is_above_{plain_name(given['column_B'])}"
    return Translated(name, f"{left} {'>=' if given.get('or_equal') else '>'} {right}")


def _equal(given: Mapping[str, Any]) -> Translated:
    left, right = column_sql(given["column_A"]), column_sql(given["column_B"])
    name = f"{plain_name(given['column_A'])}_equals_{plain_name(given['column_B'])}"
    lenient = given.get("ignore_row_if") == "either_value_is_missing"
    return Translated(name, f"{left} {'=' if lenient else '<=>'} {right}", or_null=lenient)


def _unexpected_rows(given: Mapping[str, Any]) -> Translated:
    found = _QUERY.fullmatch(given["unexpected_rows_query"])
    if not found:
        raise NoRuleError("only SELECT * FROM {batch} WHERE ... asks one row at a time")
    broken = found["broken"].replace("{{", "{").replace("}}", "}")
    return Translated("row_is_expected", f"NOT coalesce(({broken}), false)", or_null=False)


def _bounded(tested: str, given: Mapping[str, Any]) -> str:
    signs = {"min_value": ">" if given.get("strict_min") else ">=", "max_value": "<" if given.get("strict_max") else "<="}
    bounds = [f"{tested} {sign} {literal_sql(given[bound])}" for bound, sign in signs.items() if given.get(bound) is not None]
    if not bounds:
        raise NoRuleError("it has neither min_value nor max_value")
    return " AND ".join(bounds)


def _values(given: Mapping[str, Any]) -> str:
    values = given.get("value_set")
    if not values:
        raise NoRuleError("its value_set is empty")
    if None in values:
        raise NoRuleError("with None in its value_set no value is unexpected to GX on Spark; leave None out")
    return ", ".join(map(literal_sql, values))


def _regexes(given: Mapping[str, Any]) -> list[str]:
    if not given.get("regex_list"):
        raise NoRuleError("its regex_list is empty")
    return list(given["regex_list"])


def _rlike(column: str, regex: str) -> str:
    return f"({column_sql(column)} RLIKE {literal_sql(regex)})"


# Per type of expectation: its translation, and the keywords that it reads.
ROW_KINDS: Mapping[str, tuple[Callable[[Mapping[str, Any]], Translated], frozenset[str]]] = {
    "expect_column_values_to_not_be_null": (_not_null, frozenset({"column"})),
    "expect_column_values_to_be_null": (_null, frozenset({"column"})),
    "expect_column_values_to_be_between": (_between, frozenset({"column", "min_value", "max_value", "strict_min", "strict_max"})),
    "expect_column_value_lengths_to_be_between": (
        _length_between,
        frozenset({"column", "min_value", "max_value", "strict_min", "strict_max"}),
    ),
    "expect_column_value_lengths_to_equal": (_length, frozenset({"column", "value"})),
    "expect_column_values_to_be_in_set": (_in_set, frozenset({"column", "value_set"})),
    "expect_column_values_to_not_be_in_set": (_not_in_set, frozenset({"column", "value_set"})),
    "expect_column_values_to_match_regex": (_matches, frozenset({"column", "regex"})),
    "expect_column_values_to_not_match_regex": (_matches_not, frozenset({"column", "regex"})),
    "expect_column_values_to_match_regex_list": (_matches_list, frozenset({"column", "regex_list", "match_on"})),
    "expect_column_values_to_not_match_regex_list": (_matches_none, frozenset({"column", "regex_list"})),
    "expect_column_pair_values_a_to_be_greater_than_b": (_greater, frozenset({"column_A", "column_B", "or_equal", "ignore_row_if"})),
    "expect_column_pair_values_to_be_equal": (_equal, frozenset({"column_A", "column_B", "ignore_row_if"})),
    "unexpected_rows_expectation": (_unexpected_rows, frozenset({"unexpected_rows_query"})),
}

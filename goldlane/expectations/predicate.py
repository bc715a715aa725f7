"""What can be said about a SQL predicate before any engine sees it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel, ParseError, TokenError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.tokenizer_core import TokenType

from goldlane.errors import first_line

DIALECT = "databricks"
_MATCHING = re.compile("rlike|regexp", re.IGNORECASE)
_NO_VERDICT = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.IntDiv, exp.Mod, exp.Neg, exp.DPipe, exp.Star, exp.Tuple, exp.Interval, exp.Literal)
_TRUTHLIKE = {exp.DataType.Type.BOOLEAN, exp.DataType.Type.UNKNOWN}
_NOT_REPEATABLE = frozenset(
    {"monotonically_increasing_id", "rand", "randn", "random", "randstr", "shuffle", "spark_partition_id", "uniform", "uuid"}
)
# What sqlglot takes for an ordinary function.
_AGGREGATES = frozenset(
    {"any", "every", "some", "mean", "std", "try_avg", "try_sum", "count_min_sketch", "histogram_numeric", "row_number"}
    | {"bitmap_and_agg", "hll_sketch_agg", "hll_union_agg", "schema_of_variant_agg"}
    | {"kll_sketch_agg_bigint", "kll_sketch_agg_double", "kll_sketch_agg_float"}
    | {"theta_intersection_agg", "theta_sketch_agg", "theta_union_agg"}
)
_GENERATORS = frozenset({"inline_outer", "json_tuple", "variant_explode", "variant_explode_outer"})
_QUANTIFIED = {TokenType.LIKE, TokenType.ILIKE, TokenType.RLIKE}  # LIKE ANY (...) calls nothing


def predicate_mistakes(predicate: str) -> list[str]:
    """Everything wrong with ``predicate`` as a rule about one row; empty when nothing is.

    A comment is refused because a predicate is embedded in longer SQL, where ``--`` would swallow the rest of the line.
    """
    if not isinstance(predicate, str) or not predicate.strip():
        return ["the predicate is empty; write what must be true of a good row, as SQL"]
    try:
        tokens = sqlglot.tokenize(predicate, read=DIALECT)
    except TokenError as error:
        return [f"does not parse: {first_line(error)}"]
    mistakes = []
    if any(token.token_type is TokenType.SEMICOLON for token in tokens):
        mistakes.append("holds a semicolon; one predicate is one expression")
    if any(token.comments for token in tokens):
        mistakes.append("holds a comment; say it in `why`")
    return mistakes or _expression_mistakes(predicate, _called(tokens))


def root_columns(predicate: str) -> tuple[str, ...]:
    """The top-level columns that ``predicate`` reads, each once, in order of appearance: ``a`` for ``a.b``, unquoted."""
    columns = _parsed(predicate).find_all(exp.Column, bfs=False)
    return tuple(dict.fromkeys(str(column.parts[0].name) for column in columns))


def regexes(predicate: str) -> tuple[str, ...]:
    """The regular expressions that ``predicate`` spells out, in Java's language."""
    if not _MATCHING.search(predicate):
        return ()
    found = (node.expression for node in _parsed(predicate).find_all(exp.RegexpLike, bfs=False))
    return tuple(str(pattern.name) for pattern in found if isinstance(pattern, (exp.Literal, exp.RawString)))


def _parsed(predicate: str) -> Any:
    return sqlglot.parse_one(predicate, read=DIALECT, into=exp.Condition, error_level=ErrorLevel.RAISE)


def _called(tokens: Sequence[Any]) -> frozenset[str]:
    """The names of the functions that are called."""
    triples = zip([None, *tokens], tokens, tokens[1:], strict=False)
    return frozenset(
        token.text.lower()
        for before, token, after in triples
        if after.token_type is TokenType.L_PAREN and not (before and before.token_type in _QUANTIFIED)
    )


def _expression_mistakes(predicate: str, called: frozenset[str]) -> list[str]:
    try:
        expression = _parsed(predicate)
    except ParseError as error:
        return [f"does not parse as one SQL expression{_place(error)}"]
    mistakes = _forbidden(expression, called)
    kind = annotate_types(expression.copy(), dialect=DIALECT).type
    known = kind is not None and kind.this not in _TRUTHLIKE
    if known or isinstance(expression.unnest(), _NO_VERDICT):
        mistakes.append(f"gives {kind.sql(DIALECT) if known else 'a value'}, not true or false")
    return mistakes


def _forbidden(expression: Any, called: frozenset[str]) -> list[str]:
    found = {
        "holds a subquery; a rule sees one row and no other table": expression.find(exp.Query) is not None,
        "holds an aggregate or window function; a rule sees one row": bool(
            expression.find(exp.AggFunc, exp.Window) or called & _AGGREGATES
        ),
        "makes rows out of one (explode); a rule gives one verdict per row": bool(
            expression.find(exp.UDTF, exp.Explode, exp.Posexplode) or called & _GENERATORS
        ),
        "holds a parameter marker; write the value": expression.find(exp.Parameter, exp.Placeholder) is not None,
        "gives another verdict each time it is asked; a row could land on both sides or on none": bool(called & _NOT_REPEATABLE),
    }
    return [mistake for mistake, applies in found.items() if applies]


def _place(error: ParseError) -> str:
    for found in error.errors:
        if found.get("highlight"):
            return f" near {found['highlight']!r}, column {found['col']}"
    return ""

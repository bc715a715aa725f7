"""From a metric's Jinja template to one SQL expression, in a sandbox: a template sees the platform's parameters and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from goldlane.errors import MissingExtraError, first_line
from goldlane.monitoring.columns import TABLE_ROW
from goldlane.monitoring.custom_metrics import CustomMetric
from goldlane.monitoring.profiles import InferenceLog, Profile

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment

CURRENT, BASE = "current_df", "base_df"


class UnusableMetricError(ValueError):
    """A metric that comes to no SQL expression; the message is a sentence that names the metric."""


def rendered(metric: CustomMetric, column: str, profile: Profile) -> str:
    """The metric's SQL for one of its input columns.

    Raises:
        UnusableMetricError: the template does not render, or what it renders to is no single expression over one table.
        MissingExtraError: jinja2 is not installed.
    """
    from jinja2 import TemplateError

    try:
        sql = _environment().from_string(metric.definition).render(**_parameters(column, profile))
    except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, RecursionError) as error:
        raise UnusableMetricError(f"custom metric {metric.name!r} does not render{_for(column)}: {first_line(error)}") from error
    problem = _problem(sql)
    if problem is not None:
        raise UnusableMetricError(f"custom metric {metric.name!r}{_for(column)} {problem}: {' '.join(sql.split())}")
    return sql


def _parameters(column: str, profile: Profile) -> Mapping[str, str]:
    told = {"input_column": column, CURRENT: CURRENT, BASE: BASE}
    if not isinstance(profile, InferenceLog):
        return told
    roles = {"prediction_col": profile.prediction, "label_col": profile.label, "model_id_col": profile.model_id}
    return {**told, **{role: name for role, name in roles.items() if name is not None}}


def _problem(sql: str) -> str | None:
    """Why this is no expression that a metric can be; only what sqlglot is sure of: the last word on names and types is Spark's."""
    if not sql.strip():
        return "renders to nothing"
    try:
        parsed = sqlglot.parse_one(sql, read="databricks", into=exp.Condition)
    except SqlglotError as error:
        return f"is no SQL expression ({first_line(error)})"
    return "holds a subquery; it sees one table" if parsed.find(exp.Query) is not None else None


def _for(column: str) -> str:
    return "" if column == TABLE_ROW else f" for column {column!r}"


@cache
def _environment() -> SandboxedEnvironment:
    try:
        from jinja2 import StrictUndefined
        from jinja2.sandbox import ImmutableSandboxedEnvironment
    except ImportError as missing:
        raise MissingExtraError("monitoring", needed_for="custom metrics: jinja2") from missing
    # What is rendered is SQL, not HTML.
    return ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)

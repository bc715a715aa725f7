"""Predicates of the project's own over metric rows, evaluated by SQLite: no JVM, and NULL is neither bad nor good."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from typing import Any

import sqlglot
from sqlglot import exp

from goldlane.errors import UsageError, first_line
from goldlane.expectations.predicate import DIALECT
from goldlane.monitoring.alerts.metricrows import MetricRows, Row, Subject, window_of
from goldlane.monitoring.alerts.observations import Observation, is_asked
from goldlane.monitoring.alerts.rules import AlertRule


def custom_observations(rule: AlertRule, rows: MetricRows) -> Iterator[Observation]:
    """One per metric row for which the predicate is true (bad) or false.

    Raises:
        UsageError: the predicate names a column that the metric table does not have, or calls what SQLite cannot.
    """
    asked = [(subject, row) for subject, row in _asked(rule, rows) if rule.table == "drift" or _size(row) >= rule.min_rows]
    for (subject, row), verdict in zip(asked, _verdicts(rule, [row for _, row in asked]), strict=True):
        if verdict is not None:
            yield Observation(
                subject=subject, window=window_of(row), value=float(verdict), limit=0.0, is_bad=bool(verdict), detail=rule.predicate or ""
            )


def _asked(rule: AlertRule, rows: MetricRows) -> Iterator[tuple[Subject, Row]]:
    """What the rule is about; drift is asked of one comparison, as other rules ask."""
    is_drift = rule.table == "drift"
    against = (rule.against or rows.compared) if is_drift else None
    for (subject, _), row in (rows.drifts if is_drift else rows.profiles).items():
        if subject.against == against and is_asked(rule, subject, rows) and rule.is_about_column(subject.column):
            yield subject, row


def _verdicts(rule: AlertRule, rows: Sequence[Row]) -> list[int | None]:
    """The predicate's verdict about each row: 1, 0, or None where it is NULL."""
    if not rows:
        return []
    flat = [dict(_flat(row)) for row in rows]
    present = {name.lower(): name for row in flat for name in row}
    sql, needed = _in_sqlite(rule, present)
    columns = ", ".join(_quoted(name) for name in needed) or "nothing"
    marks = ", ".join("?" for _ in needed) or "NULL"
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(f"CREATE TABLE metrics ({columns})")
        values = [tuple(row.get(name) for name in needed) for row in flat]
        connection.executemany(f"INSERT INTO metrics VALUES ({marks})", values)  # noqa: S608  marks
        try:
            found = connection.execute(f"SELECT {sql} FROM metrics ORDER BY rowid").fetchall()  # noqa: S608  checked by predicate_mistakes
        except sqlite3.Error as error:
            raise UsageError(f"alert rule {rule.name!r}: the predicate cannot be evaluated: {first_line(error)}") from error
    return [None if verdict is None else int(bool(verdict)) for (verdict,) in found]


def _in_sqlite(rule: AlertRule, present: Mapping[str, str]) -> tuple[str, list[str]]:
    """The predicate in SQLite's words, a field of a struct as one column, and the columns that it needs."""
    tree = sqlglot.parse_one(rule.predicate or "", read=DIALECT, into=exp.Condition)
    needed: dict[str, None] = {}
    unknown: list[str] = []
    for column in list(tree.find_all(exp.Column)):
        path = ".".join(part.name for part in column.parts)
        name = present.get(path.lower())
        if name is None:
            unknown.append(path)
            continue
        needed[name] = None
        column.replace(exp.column(exp.to_identifier(name, quoted=True)))
    if unknown:
        hint = f"it has {', '.join(sorted(present.values()))}"
        raise UsageError(f"alert rule {rule.name!r}: the {rule.table} table has no {', '.join(map(repr, unknown))}", hint=hint)
    return tree.sql("sqlite"), list(needed)


def _flat(row: Row, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in row.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        elif isinstance(value, datetime):
            yield f"{prefix}{name}", value.isoformat(sep=" ")
        elif not isinstance(value, (list, tuple, set, bytes)):
            yield f"{prefix}{name}", value


def _size(row: Row) -> int:
    return (row.get("count") or 0) + (row.get("num_nulls") or 0)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'

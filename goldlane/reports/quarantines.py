"""Quarantined rows, read without a JVM: how many, why, and the first of each reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from goldlane.errors import GoldlaneError
from goldlane.expectations.broken import BROKEN_RULES
from goldlane.expectations.split import QUARANTINED_AT
from goldlane.features.delta_files import ask, open_delta
from goldlane.reports.document import QuarantineReport

if TYPE_CHECKING:
    import pyarrow as pa
    from deltalake import DeltaTable

_EXAMPLES = 3
# A table of `with_broken_rules` holds good rows, too.
_BROKEN = f'NOT coalesce(empty("{BROKEN_RULES}"), false)'


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantine:
    """A quarantine table and what it says of one update. ``examples`` are of that update, by rule, as they came."""

    report: QuarantineReport
    examples: Mapping[str, tuple[Mapping[str, Any], ...]]


def is_quarantine(columns: Iterable[Mapping[str, Any]]) -> bool:
    """Whether a dataset has the column that ``split`` and ``with_broken_rules`` add."""
    return any(column["name"] == BROKEN_RULES for column in columns)


def read_quarantine(table: str, path: Path, began: datetime, ended: datetime) -> Quarantine:
    """The table at ``path`` as it is now; a row belongs to the update in whose time it was quarantined."""
    try:
        delta = open_delta(path, table)
        when = _during(delta, began, ended)
        rows, total = _row(delta, f"SELECT count(*) FILTER (WHERE {when}), count(*) FROM gold WHERE {_BROKEN}")  # noqa: S608  our own names
        reasons = _reasons(delta, when)
        examples = {rule: _examples(delta, rule, when) for rule, (fresh, _) in reasons.items() if fresh}
    except GoldlaneError as error:
        return Quarantine(report=QuarantineReport(table=table, problem=error.message), examples={})
    return Quarantine(report=QuarantineReport(table=table, rows=rows, total=total, reasons=reasons), examples=examples)


def _during(delta: DeltaTable, began: datetime, ended: datetime) -> str:
    """The condition on rows of the update; all rows where the table does not say when."""
    if QUARANTINED_AT not in {field.name for field in delta.schema().fields}:
        return "true"
    first, last = (f"TIMESTAMP '{moment.astimezone(timezone.utc):%Y-%m-%dT%H:%M:%S.%f}Z'" for moment in (began, ended))
    return f'"{QUARANTINED_AT}" BETWEEN {first} AND {last}'


def _reasons(delta: DeltaTable, when: str) -> dict[str, tuple[int, int]]:
    """Per rule the rows of the update and all rows, the most frequent first."""
    each = f'SELECT unnest("{BROKEN_RULES}") AS rule, {when} AS fresh FROM gold'  # noqa: S608  our own names
    counted = f"SELECT rule, count(*) FILTER (WHERE fresh), count(*) FROM ({each}) GROUP BY rule ORDER BY 2 DESC, 3 DESC, 1"  # noqa: S608
    return {rule: (fresh, total) for rule, fresh, total in _rows(delta, counted)}


def _examples(delta: DeltaTable, rule: str, when: str) -> tuple[Mapping[str, Any], ...]:
    quoted = rule.replace("'", "''")
    wanted = f"SELECT * FROM gold WHERE {when} AND array_has(\"{BROKEN_RULES}\", '{quoted}') LIMIT {_EXAMPLES}"  # noqa: S608  as above
    hidden = {BROKEN_RULES, QUARANTINED_AT}
    batches = (batch.select([name for name in batch.schema.names if name not in hidden]) for batch in ask(delta, wanted))
    return tuple(row for batch in batches for row in _plain_rows(batch))


def _plain_rows(batch: pa.RecordBatch) -> list[dict[str, Any]]:
    """Its rows. Days that Python does not have are text: a year 12026 is a likely reason to be in quarantine."""
    columns = {name: [_value(value) for value in column] for name, column in zip(batch.schema.names, batch.columns, strict=True)}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _value(value: pa.Scalar[Any]) -> Any:
    import pyarrow as pa

    try:
        return value.as_py()
    except (ValueError, OverflowError):
        is_time = pa.types.is_temporal(value.type)
        return str(value.cast(pa.string())) if is_time else f"{value.type}"


def _row(delta: DeltaTable, sql: str) -> tuple[Any, ...]:
    return next(iter(_rows(delta, sql)))


def _rows(delta: DeltaTable, sql: str) -> Iterable[tuple[Any, ...]]:
    # By position: an aggregate's name is DataFusion's affair.
    for batch in ask(delta, sql):
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)

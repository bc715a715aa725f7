"""Rows of keys made complete from an online store: what a training set's features are right now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from goldlane.features.as_of import age_column
from goldlane.features.definitions import differences
from goldlane.features.errors import TrainingError

if TYPE_CHECKING:
    from goldlane.features.as_of import AsOf
    from goldlane.features.declarations import FeatureTable
    from goldlane.features.online import Answer, OnlineStore
    from goldlane.features.records import TrainingRecord


def looked_up(rows: Sequence[Mapping[str, Any]], record: TrainingRecord, store: OnlineStore) -> list[dict[str, Any]]:
    """Every row with the features of ``record`` beside it, read at one instant; all None for an unknown key or an expired answer.

    Raises:
        TrainingError: a row lacks a key, the store lacks a table or serves another definition, or the training set saw what no store
            tells; all mistakes at once.
        UsageError: a key's value is not of its type.
    """
    tables = [table.declaration for table in record.tables]
    mistakes = [*_lacking(rows, tables), *_never_served(tables, record.question), *_otherwise_served(tables, store)]
    if mistakes:
        raise TrainingError("looking features up", mistakes)
    now = datetime.now(timezone.utc)
    complete = [dict(row) for row in rows]
    for table in tables:
        keys = [{key: row[key] for key in table.keys} for row in rows]
        for row, answer in zip(complete, store.lookup_many(table.name, keys, "empty", at=now), strict=True):
            row.update(_features(answer, table, record.question))
    return complete


def _features(answer: Answer, table: FeatureTable, question: AsOf) -> Iterator[tuple[str, Any]]:
    ttl = None if question.ttl is None else question.ttl.total_seconds()
    expired = ttl is not None and answer.age_s is not None and answer.age_s > ttl
    for feature, name in question.features(table).items():
        yield name, None if expired else answer.features[feature]
    if question.age:
        yield age_column(table), answer.age_s


def _lacking(rows: Sequence[Mapping[str, Any]], tables: Sequence[FeatureTable]) -> Iterator[str]:
    for key in dict.fromkeys(key for table in tables for key in table.keys):
        lacking = [number for number, row in enumerate(rows) if key not in row]
        if lacking:
            yield f"key {key!r} is missing in {len(lacking)} of {len(rows)} rows, first in row {lacking[0]}"


def _never_served(tables: Sequence[FeatureTable], question: AsOf) -> Iterator[str]:
    """A store tells the newest row, and nothing of it once it is expired."""
    if question.skip_nulls and not all(table.has_tiles for table in tables):
        yield "the training set has each feature's last value that is not NULL (skip_nulls), and a store has that of the newest row"
    for table in tables:
        if question.ttl is not None and table.ttl is not None and question.ttl > table.ttl:
            yield f"the training set has values of {table.name} up to {question.ttl} old, and a store tells none older than {table.ttl}"


def _otherwise_served(tables: Sequence[FeatureTable], store: OnlineStore) -> Iterator[str]:
    """A store that means something else by a feature would be believed, and quietly be wrong."""
    served = {publication.table.name: publication.table for publication in store.publications()}
    for table in tables:
        if table.name not in served:
            yield f"the store has no table {table.name!r}; it has {', '.join(served) or 'none yet'}"
        else:
            yield from (f"{change} in the store" for change in differences(table, served[table.name]))

"""Many questions put to the offline point-in-time join at once, each to the version of gold that it is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from goldlane.features.arrow_batches import key_schema
from goldlane.features.as_of import age_column
from goldlane.features.point_in_time import point_in_time_join
from goldlane.features.tiles import TILE_COLUMNS

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from goldlane.features.declarations import FeatureTable

_VERSION, _NUMBER, _AT = "goldlane_version", "goldlane_question", "goldlane_at"
_SECOND = 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A key's features at a moment (microseconds), as one version of gold tells them."""

    key: tuple[Any, ...]
    at: int
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the join says; ``as_of`` (microseconds) is None where no row is visible."""

    features: Mapping[str, Any]
    as_of: int | None


def offline_answers(table: FeatureTable, questions: Sequence[Question], rows: Mapping[int, pa.Table]) -> dict[Question, Told]:
    """The join's answer to each of different questions whose version is in ``rows``: one Spark job, the version being one more key."""
    asked = [question for question in questions if question.version in rows]
    if not asked:
        return {}
    by_version = replace(table, keys=(*table.keys, _VERSION), key_types={**table.key_types, _VERSION: "bigint"})
    joined = point_in_time_join(_labels(asked, table), {by_version: _frame(by_version, rows)}, label_time=_AT, age=True)
    names, age = [feature.name for feature in table.features], age_column(table)
    found = joined.select(_NUMBER, *(f"`{name}`" for name in names), age).toArrow().to_pylist()
    return {
        question: Told(features={name: row[name] for name in names}, as_of=_as_of(question.at, row[age]))
        for row in found
        for question in (asked[row[_NUMBER]],)
    }


def _as_of(at: int, age_s: float | None) -> int | None:
    return None if age_s is None else at - round(age_s * _SECOND)


def _labels(asked: Sequence[Question], table: FeatureTable) -> DataFrame:
    schema = key_schema(table)
    columns = [pa.array(column, field.type) for column, field in zip(zip(*(each.key for each in asked), strict=True), schema, strict=True)]
    versions = pa.array([each.version for each in asked], pa.int64())
    moments = pa.array([each.at for each in asked], pa.timestamp("us", "UTC"))
    numbers = pa.array(range(len(asked)), pa.int64())
    return _spark_frame(pa.Table.from_arrays([*columns, versions, moments, numbers], names=[*schema.names, _VERSION, _AT, _NUMBER]))


def _frame(table: FeatureTable, rows: Mapping[int, pa.Table]) -> DataFrame:
    """All versions below each other; events become tiles as they do when they are published."""
    numbered = [each.append_column(_VERSION, pa.array([version] * each.num_rows, pa.int64())) for version, each in rows.items()]
    together = _spark_frame(pa.concat_tables(numbered, promote_options="permissive"))
    if not table.has_tiles or set(TILE_COLUMNS) <= set(together.columns):
        return together
    from goldlane.features.tiling import to_tiles

    return to_tiles(together, table.rollings, keys=table.keys, time=table.event_time)


def _spark_frame(rows: pa.Table) -> DataFrame:
    from goldlane.session import local_spark

    return local_spark().createDataFrame(rows)

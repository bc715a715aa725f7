"""The known answers of as-of joins: every backward case of ``pandas_asof_cases.json``, many of them in one frame."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from goldlane.features import Feature, FeatureTable, point_in_time_join

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

CASES = Path(__file__).parents[2] / "../shared/data/pit/pandas_asof_cases.json"
START = datetime(2016, 1, 1, tzinfo=timezone.utc)
KEYS = "case int, first string, second string"
RIGHT = FeatureTable(
    name="right",
    keys=("case", "first", "second"),
    key_types={"case": "int"},
    event_time="at",
    features=(Feature(name="position", type="int", description="the place of the row among its equals"),),
)

Case: TypeAlias = "Mapping[str, Any]"


def rows_of(number: int, case: Case, side: str) -> Iterator[tuple[Any, ...]]:
    columns = {name: column["values"] for name, column in case[side].items()}
    by = [columns[name] for name in case[f"{side}_by"]]
    for position, time in enumerate(columns[case[f"{side}_on"]]):
        # A case without keys has one key that is the same everywhere; NULL would match nothing.
        keys = [None if column[position] is None else str(column[position]) for column in by]
        first, second = (*keys, "", "")[:2]
        yield (number, first, second, moment(time), position)


def moment(time: Any) -> datetime | None:
    """Cases whose axis is a number have it in seconds."""
    if isinstance(time, str):
        return datetime.fromisoformat(time).replace(tzinfo=timezone.utc)
    return None if time is None else START + timedelta(seconds=time)


def wanted(case: Case) -> list[tuple[Any, ...]]:
    names = (case["left_on"], *answered(case).values())
    return list(zip(*(case["expected"][name]["values"] for name in names), strict=True))


def found(case: Case, positions: list[int | None]) -> list[tuple[Any, ...]]:
    columns, times = [case["right"][name]["values"] for name in answered(case)], case["left"][case["left_on"]]["values"]
    rows = zip(times, positions, strict=True)
    return [(time, *(None if at is None else column[at] for column in columns)) for time, at in rows]


def answered(case: Case) -> dict[str, str]:
    """The right side's values, and what the answer calls them."""
    values = [name for name in case["right"] if name not in (case["right_on"], *case["right_by"])]
    return {name: name if name not in case["left"] else name + case["suffixes"][1] for name in values}


def options(case: Case) -> dict[str, Any]:
    ttl = None if case["tolerance_s"] is None else timedelta(seconds=case["tolerance_s"])
    return {"boundary": "inclusive" if case["allow_exact_matches"] else "exclusive", "ttl": ttl}


def test_every_backward_case_has_pandas_answer(spark: SparkSession) -> None:
    if not CASES.exists():
        pytest.skip("the as-of cases are not there: ../shared/data/pit/pandas_asof_cases.json")
    backward = [case for case in json.loads(CASES.read_text(encoding="utf-8")) if case["direction"] == "backward"]
    several = groupby(sorted(enumerate(backward), key=lambda pair: str(options(pair[1]))), key=lambda pair: options(pair[1]))

    for asked, group in several:
        cases = dict(group)
        labels = spark.createDataFrame(
            [row for i, case in cases.items() for row in rows_of(i, case, "left")], f"{KEYS}, asked timestamp, id int"
        )
        rows = spark.createDataFrame(
            [row for i, case in cases.items() for row in rows_of(i, case, "right")], f"{KEYS}, at timestamp, position int"
        )

        joined = point_in_time_join(labels, {RIGHT: rows}, label_time="asked", tie_break="position", **asked).orderBy("id").collect()

        for i, case in cases.items():
            assert found(case, [row.position for row in joined if row.case == i]) == wanted(case), case["test"]

    assert len(backward) == 36

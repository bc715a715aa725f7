from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from goldlane.pipelines.cdc import CdcError, Changes, ChangeSpec

DDL = "k string, v string, business int, system int, op string"
SETTINGS: dict[str, Any] = {
    "scd_type": "bitemporal",
    "sequence_by": "business",
    "system_sequence_by": "system",
    "except_column_list": ("business", "system", "op"),
}
# An insert, an update, a late update between them, a delete.
EVENTS = [("A", "v1", 1001, 1005, "U"), ("A", "v2", 1215, 1220, "U"), ("A", "v3", 1205, 1225, "U"), ("A", None, 1230, 1235, "D")]
BELIEVED = [
    ("A", "v1", 1001, 1205, 1225, None),
    ("A", "v1", 1001, 1215, 1220, 1225),
    ("A", "v1", 1001, None, 1005, 1220),
    ("A", "v2", 1215, 1230, 1235, None),
    ("A", "v2", 1215, None, 1220, 1235),
    ("A", "v3", 1205, 1215, 1225, None),
]


@pytest.mark.slow
def test_every_belief_is_kept_for_as_long_as_it_was_held_whatever_the_order_of_arrival(flow: Callable[..., Any]) -> None:
    companies = flow(DDL, **SETTINGS)
    backwards = [("B", *event[1:]) for event in reversed(EVENTS)]

    companies.apply([*EVENTS[:2], *backwards[:2]])
    companies.apply([*EVENTS[2:], *backwards[2:]])
    repeated = companies.apply([*EVENTS[1:3], *backwards[:1]])

    assert companies.rows() == [*BELIEVED, *[("B", *row[1:]) for row in BELIEVED]]
    assert repeated == Changes(upserted=0, deleted=0)
    assert companies.table().columns == ["k", "v", "__START_AT", "__END_AT", "__SYSTEM_START_AT", "__SYSTEM_END_AT"]


@pytest.mark.slow
def test_what_became_known_later_corrects_the_same_business_time_and_an_untracked_value_is_a_belief(flow: Callable[..., Any]) -> None:
    ddl = "k string, v string, n int, business int, system int, op string"
    items = flow(ddl, **SETTINGS, track_history_column_list=("v",), ignore_null_updates=True)

    items.apply([("A", "z", 1, 10, 100, "U"), ("A", "a", 1, 10, 200, "U"), ("B", "b", 1, 10, 100, "U")])
    items.apply([("B", None, 2, 20, 150, "U")])

    expected = [("A", "a", 1, 10, None, 200, None), ("A", "z", 1, 10, None, 100, 200)]
    assert items.rows() == [*expected, ("B", "b", 1, 10, None, 100, 150), ("B", "b", 2, 10, None, 150, None)]


@pytest.mark.parametrize(
    "given, problem",
    [
        ({"scd_type": "bitemporal"}, "stored_as_scd_type='bitemporal' needs system_sequence_by"),
        ({"system_sequence_by": "s"}, "system_sequence_by needs stored_as_scd_type='bitemporal'"),
        (
            {"scd_type": "bitemporal", "system_sequence_by": "s", "columns_to_update": "c"},
            "columns_to_update does not go with stored_as_scd_type='bitemporal'",
        ),
        ({"scd_type": "3"}, "stored_as_scd_type must be 1, 2 or 'bitemporal', not '3'"),
    ],
)
def test_what_bitemporal_needs_and_excludes_is_said(given: dict[str, Any], problem: str) -> None:
    with pytest.raises(CdcError, match=problem):
        ChangeSpec(target="t", keys=("k",), sequence_by="b", **given)

"""Any order and any batching of a change log gives the table that a plain loop over the sorted log gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from random import Random
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from goldlane.pipelines.cdc import state

DDL = "k int, a int, b string, seq int, op string"


class Event(NamedTuple):
    k: int
    a: int | None
    b: str | None
    seq: int
    op: str


def in_order(events: Sequence[Event]) -> list[Event]:
    """By sequence; at one sequence lesser rows first (NULL first), a delete last. Nothing up to the last truncate counts."""
    limit = max((event.seq for event in events if event.op == "T"), default=-1)
    return sorted(
        {event if event.op == "U" else event._replace(a=None, b=None) for event in events if event.seq > limit},
        key=lambda e: (e.k, e.seq, e.op == "D", e.a is not None, e.a or 0, e.b is not None, e.b or ""),
    )


def after(row: tuple[Any, ...] | None, event: Event, *, spare: bool) -> tuple[Any, ...] | None:
    if event.op == "D":
        return None
    new = (event.a, event.b)
    return new if row is None or not spare else tuple(n if n is not None else o for o, n in zip(row, new, strict=True))


def type_1(events: Sequence[Event], *, spare: bool = False) -> list[tuple[Any, ...]]:
    table: dict[int, tuple[Any, ...] | None] = {}
    for event in in_order(events):
        table[event.k] = after(table.get(event.k), event, spare=spare)
    return [(k, *row) for k, row in table.items() if row is not None]


def type_2(events: Sequence[Event], *, spare: bool = False, tracked: slice = slice(0, 2)) -> list[tuple[Any, ...]]:
    versions: list[list[Any]] = []
    for _, history in groupby(in_order(events), key=lambda e: e.k):
        row, current = None, None
        for (k, seq), together in groupby(history, key=lambda e: (e.k, e.seq)):
            for event in together:
                row = after(row, event, spare=spare)
            if current and row and row[tracked] == current[1][tracked]:
                current[1] = row
                continue
            if current:
                current[3], current = seq, None
            if row:
                current = [k, row, seq, None]
                versions.append(current)
    return [(k, *row, start, end) for k, row, start, end in versions]


MODES: dict[str, tuple[dict[str, Any], Callable[..., list[tuple[Any, ...]]], dict[str, Any]]] = {
    "type 1": ({}, type_1, {}),
    "type 1, truncates": ({"apply_as_truncates": "op = 'T'"}, type_1, {}),
    "type 1, nulls ignored": ({"ignore_null_updates": True}, type_1, {"spare": True}),
    "type 1, truncates and nulls ignored": ({"apply_as_truncates": "op = 'T'", "ignore_null_updates": True}, type_1, {"spare": True}),
    "type 2": ({"scd_type": 2}, type_2, {}),
    "type 2, one column tracked": ({"scd_type": 2, "track_history_column_list": ("a",)}, type_2, {"tracked": slice(0, 1)}),
    "type 2, nulls ignored": ({"scd_type": 2, "ignore_null_updates": True}, type_2, {"spare": True}),
}


def change_log(random: Random, *, keys: int, truncates: bool) -> list[Event]:
    """Inserts, updates, deletes, ties and duplicates of many keys, whose histories are independent."""
    events = [
        Event(k, random.choice((None, 1, 2)), random.choice((None, "x", "y")), random.randrange(6), random.choice("UUUD"))
        for k in range(keys)
        for _ in range(random.randrange(1, 8))
    ]
    if truncates:
        events += [Event(0, None, None, seq, "T") for seq in (0, 2)]
    events += random.sample(events, k=len(events) // 5)
    random.shuffle(events)
    return events


def check(flow: Callable[..., Any], mode: str, seed: int, *, batches: int, keys: int = 60) -> None:
    chosen, oracle, how = MODES[mode]
    random = Random(seed)  # noqa: S311  a test's choices
    events = change_log(random, keys=keys, truncates="apply_as_truncates" in chosen)
    at_work = flow(DDL, folder=f"{mode} {seed}", **chosen)

    cuts = sorted(random.sample(range(1, len(events)), k=batches - 1))
    for start, end in zip([0, *cuts], [*cuts, len(events)], strict=True):
        at_work.apply(events[start:end])

    assert at_work.rows() == sorted(oracle(events, **how), key=repr)
    if oracle is type_2:
        current = [row[:-2] for row in at_work.rows() if row[-1] is None]
        assert sorted(current, key=repr) == sorted(type_1(events, spare=how.get("spare", False)), key=repr)


@pytest.mark.parametrize("mode", MODES)
def test_any_order_and_batching_of_a_change_log_gives_the_table_of_the_sorted_log(flow: Callable[..., Any], mode: str) -> None:
    check(flow, mode, seed=len(mode), batches=2)


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
def test_many_orders_and_batchings_with_compacted_logs_give_the_table_of_the_sorted_log(
    flow: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    monkeypatch.setattr(state, "COMPACT_EVERY", 2)

    @settings(max_examples=4, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(seed=st.integers(0, 2**32), batches=st.integers(1, 5))
    def hold(seed: int, batches: int) -> None:
        check(flow, mode, seed, batches=batches, keys=150)

    hold()


def test_compaction_after_every_batch_forgets_nothing_that_matters(flow: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "COMPACT_EVERY", 1)

    check(flow, "type 1, nulls ignored", seed=7, batches=3)

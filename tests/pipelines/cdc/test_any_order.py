"""Any order and any batching of a change log gives the table that a plain loop over the sorted log gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import groupby
from random import Random
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from goldlane.pipelines.cdc import state
from goldlane.pipelines.cdc.target import Target

DDL = "k int, a int, b string, seq int, sys int, op string"
UNSEEN = {"except_column_list": ("seq", "sys", "op")}


def skip(*_: object) -> None:
    """Nothing happens before a batch."""


class Event(NamedTuple):
    k: int
    a: int | None
    b: str | None
    seq: int
    sys: int
    op: str


def in_order(events: Sequence[Event]) -> list[Event]:
    """By sequence; at one sequence lesser rows first (NULL first), a delete last. Nothing up to the last truncate counts."""
    limit = max((event.seq for event in events if event.op == "T"), default=-1)
    return sorted(
        {event if event.op == "U" else event._replace(a=None, b=None) for event in events if event.seq > limit},
        key=lambda e: (e.k, e.seq, e.sys, e.op == "D", e.a is not None, e.a or 0, e.b is not None, e.b or ""),
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


def bitemporal(events: Sequence[Event], **how: Any) -> list[tuple[Any, ...]]:
    """What type 2 says of the events known at each system time of a key, each row from when it is said to when it no longer is."""
    rows: list[tuple[Any, ...]] = []
    for _, history in groupby(sorted(events, key=lambda e: (e.k, e.sys)), key=lambda e: e.k):
        known, since = list(history), dict[tuple[Any, ...], int]()
        for moment in sorted({event.sys for event in known}):
            believed = type_2([event for event in known if event.sys <= moment], **how)
            rows += [(*row, since.pop(row), moment) for row in set(since) - set(believed)]
            since |= dict.fromkeys(set(believed) - set(since), moment)
        rows += [(*row, began, None) for row, began in since.items()]
    return rows


MODES: dict[str, tuple[dict[str, Any], Callable[..., list[tuple[Any, ...]]], dict[str, Any]]] = {
    "type 1": ({}, type_1, {}),
    "type 1, truncates": ({"apply_as_truncates": "op = 'T'"}, type_1, {}),
    "type 1, nulls ignored": ({"ignore_null_updates": True}, type_1, {"spare": True}),
    "type 1, truncates and nulls ignored": ({"apply_as_truncates": "op = 'T'", "ignore_null_updates": True}, type_1, {"spare": True}),
    "type 2": ({"scd_type": 2}, type_2, {}),
    "type 2, one column tracked": ({"scd_type": 2, "track_history_column_list": ("a",)}, type_2, {"tracked": slice(0, 1)}),
    "type 2, nulls ignored": ({"scd_type": 2, "ignore_null_updates": True}, type_2, {"spare": True}),
    "bitemporal": ({"scd_type": "bitemporal", "system_sequence_by": "sys"}, bitemporal, {}),
}
# Each key of a change log has a history, an order and a batching of its own: one run of few batches checks dozens of them.
QUICK = ("type 1, truncates", "type 2, nulls ignored")


def change_log(random: Random, *, keys: int, chosen: dict[str, Any]) -> list[Event]:
    """Inserts, updates, deletes, ties and duplicates of many keys, whose histories are independent."""
    systems = range(4 if "system_sequence_by" in chosen else 1)
    events = [
        Event(k, random.choice((None, 1, 2)), random.choice((None, "x", "y")), random.randrange(6), random.choice(systems), op)
        for k in range(keys)
        for op in random.choices("UUUD", k=random.randrange(1, 8))
    ]
    if "apply_as_truncates" in chosen:
        events += [Event(0, None, None, seq, 0, "T") for seq in (0, 2)]
    events += random.sample(events, k=len(events) // 5)
    random.shuffle(events)
    return events


def check(flow: Callable[..., Any], mode: str, seed: int, *, batches: int, before: Callable[[Any, Any], None] = skip) -> None:
    chosen, oracle, how = MODES[mode]
    random = Random(seed)  # noqa: S311  a test's choices
    events = change_log(random, keys=100, chosen=chosen)
    at_work = flow(DDL, folder=f"{mode} {seed}", **UNSEEN, **chosen)

    cuts = sorted(random.sample(range(1, len(events)), k=batches - 1))
    for start, end in zip([0, *cuts], [*cuts, len(events)], strict=True):
        before(at_work, events[start:end])
        at_work.apply(events[start:end])

    assert at_work.rows() == sorted(oracle(events, **how), key=repr)
    if oracle is type_2:
        current = [row[:-2] for row in at_work.rows() if row[-1] is None]
        assert sorted(current, key=repr) == sorted(type_1(events, spare=how.get("spare", False)), key=repr)


@pytest.mark.parametrize("mode", QUICK)
def test_any_order_and_batching_of_a_change_log_gives_the_table_of_the_sorted_log(flow: Callable[..., Any], mode: str) -> None:
    check(flow, mode, seed=len(mode), batches=2)


@pytest.mark.slow
def test_compaction_after_every_batch_forgets_nothing_that_matters(flow: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "COMPACT_EVERY", 1)

    check(flow, "type 1, truncates and nulls ignored", seed=7, batches=3)


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
def test_many_orders_batchings_and_crashes_with_compacted_logs_give_the_table_of_the_sorted_log(
    flow: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    monkeypatch.setattr(state, "COMPACT_EVERY", 2)

    @settings(max_examples=3, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(seed=st.integers(0, 2**32), batches=st.integers(1, 5), crashes=st.booleans())
    def hold(seed: int, batches: int, *, crashes: bool) -> None:
        def crash(at_work: Any, batch: Sequence[Event]) -> None:
            place = ((Target, "merge"), (state.Log, "append"))[(seed + len(batch)) % 2]
            with monkeypatch.context() as broken, suppress(InterruptedError):
                broken.setattr(*place, interrupted)
                at_work.apply(batch)

        check(flow, mode, seed, batches=batches, before=crash if crashes else skip)

    hold()


def interrupted(*_: object) -> None:
    raise InterruptedError

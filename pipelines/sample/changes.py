"""Changes of customers and merchants, as a database log tells them: INSERT, UPDATE with the whole row after it, DELETE."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from pipelines.sample.period import DAY, DAYS, END, HOUR, batch_of

if TYPE_CHECKING:
    from pipelines.sample.dice import Dice, Ints

FIRST_SEQUENCE = 1_001

_REPLAYED_PERCENT = 2
_NEIGHBOURS = 8
_FAREWELL = (DAYS - 2) * DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """Some attributes of one key get new values; ``values`` None deletes the key. ``slow``: may arrive after its successor."""

    at: int
    key: int
    values: Mapping[str, object] | None
    slow: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One line of the feed. ``row`` is the whole row after the change, None for a DELETE; ``batch`` is when it arrives."""

    sequence: int
    at: int
    key: int
    operation: str
    row: Mapping[str, object] | None
    batch: int
    slow: bool = False


def feed(dice: Dice, births: Sequence[Edit], edits: Iterable[Edit], batches: int) -> list[Change]:
    """Every change once, some late, and some lines twice, in the order of their delivery."""
    changes = _sequenced(births, edits, batches)
    arriving = [*_held_back(changes, batches), *_replays(dice, changes, batches)]
    # Within a batch, neighbours change places; what was held back has low numbers and comes first.
    place = np.array([change.sequence for change in arriving]) + dice.below(_NEIGHBOURS, len(arriving))
    order = np.lexsort((place, np.array([change.batch for change in arriving])))
    return [arriving[position] for position in order]


def deletions(dice: Dice, last_seen: Ints, percent: int) -> list[Edit]:
    """DELETEs in the last two days, of keys whose last transaction lies before them; at least one where there is such a key."""
    quiet = np.flatnonzero(last_seen < _FAREWELL)
    chosen = quiet[dice.order(len(quiet))[: max(1, len(last_seen) * percent // 100)]]
    times = _FAREWELL + dice.below(END - _FAREWELL, len(chosen))
    return [Edit(at=int(at), key=int(key), values=None) for key, at in zip(chosen, times, strict=True)]


def in_pairs(firsts: Iterable[Edit], seconds: Iterable[Edit], batches: int) -> list[Edit]:
    """Two edits of each key in quick succession; the first is slow when both belong to one batch."""
    both = list(zip(firsts, seconds, strict=True))
    belongs = batch_of(np.array([[first.at, second.at] for first, second in both], dtype=np.int64).reshape(-1, 2), batches)
    slow = belongs[:, 0] == belongs[:, 1]
    return [edit for (first, second), late in zip(both, slow, strict=True) for edit in (replace(first, slow=bool(late)), second)]


def soon_after(dice: Dice, at: Ints) -> Ints:
    """Up to three hours later."""
    return at + 1 + dice.below(3 * HOUR, len(at))


def _sequenced(births: Sequence[Edit], edits: Iterable[Edit], batches: int) -> list[Change]:
    born = {id(birth) for birth in births}
    ordered = sorted([*births, *edits], key=lambda edit: (edit.at, edit.key))
    belongs = batch_of(np.array([edit.at for edit in ordered], dtype=np.int64), batches)
    rows: dict[int, dict[str, object]] = defaultdict(dict)
    changes = []
    for place, (edit, batch) in enumerate(zip(ordered, belongs, strict=True)):
        operation = "DELETE" if edit.values is None else "INSERT" if id(edit) in born else "UPDATE"
        rows[edit.key] |= edit.values or {}
        row = None if edit.values is None else dict(rows[edit.key])
        sequence = FIRST_SEQUENCE + place
        changes.append(Change(sequence=sequence, at=edit.at, key=edit.key, operation=operation, row=row, batch=int(batch), slow=edit.slow))
    return changes


def _held_back(changes: Iterable[Change], batches: int) -> list[Change]:
    return [replace(change, batch=change.batch + 1) if change.slow and change.batch < batches else change for change in changes]


def _replays(dice: Dice, changes: Sequence[Change], batches: int) -> list[Change]:
    """Exact copies, in the batch of the original or the one after it; at least one."""
    chosen = dice.order(len(changes))[: max(1, len(changes) * _REPLAYED_PERCENT // 100)]
    later = dice.below(2, len(chosen))
    return [
        replace(changes[place], batch=min(changes[place].batch + (1 if changes[place].slow else 0) + int(more), batches))
        for place, more in zip(chosen, later, strict=True)
    ]

"""What a store tells of a published table beside its declaration: where its rows come from, which rules they passed, how fresh they are.

Counts, names and times only: no value of a row is ever part of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any, TypeVar

FORMAT = 1
HISTORY = 30

Part = TypeVar("Part")


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphNode:
    """A dataset that the table's rows came through, or something outside the pipeline that one reads."""

    name: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedRule:
    """A rule and how many rows of ``dataset`` passed and failed it, at ``counted_at``; a rule about one number passes or fails once."""

    dataset: str
    name: str
    action: str
    predicate: str = ""
    why: str = ""
    passed: int = 0
    failed: int = 0
    counted_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PastPublish:
    """One publish that changed something: keys written and deleted, the Delta version it brought, and how long it took."""

    at: datetime
    mode: str
    rows_written: int
    rows_deleted: int = 0
    version: int | None = None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """How far a feature's values moved, by one measure; beyond ``limit`` it counts as drifted.

    ``value`` is that of the window which begins at ``at``, beside ``compared``; ``trend`` goes on from the window at ``since`` to it.
    ``now`` and ``before`` are shares of rows: in each tenth of the values it is compared with, from the least to the greatest, or of its
    most frequent values and of all others.
    """

    feature: str
    measure: str
    value: float
    limit: float | None = None
    at: datetime | None = None
    since: datetime | None = None
    compared: str = ""
    trend: tuple[float, ...] = ()
    now: tuple[float, ...] = ()
    before: tuple[float, ...] = ()

    @property
    def has_drifted(self) -> bool:
        """Whether the value lies beyond the limit."""
        return self.limit is not None and self.value > self.limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """Everything about one table that only publishing could know.

    ``nodes`` and ``edges`` are the table's ancestors in the last update of ``pipeline`` that made its ``source`` (``schema.name`` of the
    gold table), which ended at ``updated_at``. ``gate`` are the rules asked of exactly the rows that were published, ``upstream`` those
    that the update counted on the way. ``rows`` is how many keys the store holds and ``newest`` the newest event time published, None
    where that is not known. ``history`` goes from old to new. ``drift`` is None where nobody monitors the table.
    """

    source: str | None = None
    pipeline: str | None = None
    update_id: str | None = None
    updated_at: datetime | None = None
    nodes: tuple[GraphNode, ...] = ()
    edges: tuple[tuple[str, str], ...] = ()
    gate: tuple[CountedRule, ...] = ()
    upstream: tuple[CountedRule, ...] = ()
    rows: int | None = None
    newest: datetime | None = None
    history: tuple[PastPublish, ...] = ()
    drift: tuple[Drift, ...] | None = None

    def graph(self) -> dict[str, Any]:
        """The graph as ``goldlane graph --format json`` prints one."""
        return {"nodes": [asdict(node) for node in self.nodes], "edges": [list(edge) for edge in self.edges]}

    def to_json(self) -> str:
        """The catalogue as a store keeps it."""
        return json.dumps({"format": FORMAT, **asdict(self)}, ensure_ascii=False, sort_keys=True, default=datetime.isoformat)

    @classmethod
    def from_json(cls, text: str) -> Catalogue:
        """What ``to_json`` wrote, by this version or another: fields that it does not know are left out.

        Raises:
            ValueError: the text is of no catalogue.
        """
        stored = json.loads(text)
        if not isinstance(stored, dict) or not isinstance(stored.get("format"), int):
            raise ValueError("a catalogue is a JSON object with a format")  # noqa: TRY004  one kind of error for a text that is none
        try:
            return _part(cls, {**stored, **{name: _several(stored, name, kind) for name, kind in _PARTS.items() if name in stored}})
        except (TypeError, KeyError, AttributeError) as wrong:
            raise ValueError(f"the catalogue lacks something: {wrong}") from wrong


def stored_catalogue(text: str | None) -> Catalogue | None:
    """The catalogue in a store's column; None where none was written. A damaged one must not keep the rows from being read: None, too."""
    try:
        return None if text is None else Catalogue.from_json(text)
    except ValueError:
        return None


def with_a_key_less(text: str | None) -> str | None:
    """What a store keeps of a table after one of its keys was deleted; fields of a later version stay, and so does what is damaged."""
    told = stored_catalogue(text)
    if text is None or told is None or not told.rows:
        return text
    return json.dumps({**json.loads(text), "rows": told.rows - 1}, ensure_ascii=False, sort_keys=True)


_PARTS: dict[str, type[Any]] = {
    "nodes": GraphNode,
    "edges": tuple,
    "gate": CountedRule,
    "upstream": CountedRule,
    "history": PastPublish,
    "drift": Drift,
}
_TIMES = frozenset(("updated_at", "newest", "counted_at", "at", "since"))
_SHARES = frozenset(("trend", "now", "before"))


def _several(stored: Mapping[str, Any], name: str, kind: type[Any]) -> tuple[Any, ...] | None:
    if stored[name] is None:
        return None
    return tuple(tuple(one) if kind is tuple else _part(kind, one) for one in stored[name])


def _part(kind: type[Part], stored: Mapping[str, Any]) -> Part:
    """An object of ``kind`` from the fields that it has."""
    known = {field.name for field in fields(kind)}  # type: ignore[arg-type]  # every kind of part is a dataclass
    return kind(**{name: _value(name, value) for name, value in stored.items() if name in known})


def _value(name: str, value: Any) -> Any:
    """A field's value out of JSON: times are ISO text there, tuples are lists."""
    if name in _SHARES:
        return tuple(value)
    return datetime.fromisoformat(value) if value and name in _TIMES else value

"""What is told of one logged answer, and between which versions the store was when it was read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from goldlane.features.online.answer_lines import digest, plain
from goldlane.features.online.values import microseconds_of

if TYPE_CHECKING:
    from goldlane.features.online.store import Answer, Publication

# Publishers and readers may have clocks of their own, and a publication becomes visible a moment after its time.
_MARGIN_US = 5_000_000


@dataclass(slots=True)
class Read:
    """One answer on its way to the log: what was asked, and when the read began (microseconds; by the monotonic clock, nanoseconds)."""

    table: str
    key: dict[str, object]
    answer: Answer | None
    at: int
    read_at: int
    begun: int


def giving(answer: Answer | None, *known: Publication | None) -> Publication | None:
    """The publication whose declaration has the features of the answer: the one with more sensitive ones, else the first."""
    fitting = (
        each
        for each in known
        if each is not None and (answer is None or list(answer.features) == [feature.name for feature in each.table.features])
    )
    return max(fitting, key=lambda each: sum(feature.sensitive for feature in each.table.features), default=None)


def versions(read: Read, before: Publication | None, now: Publication | None) -> dict[str, Any]:
    """Between which versions the store was: what it holds now, and what it held before the read unless that has been there for long."""
    if now is None:
        return {"versions": None, "source_id": None, "published_at": None}
    published = _served_since(now)
    if published is not None and published + _MARGIN_US <= read.read_at:
        before = now
    least = before.version if before is not None and before.source_id == now.source_id else None
    return {"versions": [least, now.version], "source_id": now.source_id, "published_at": published}


def _served_since(publication: Publication) -> int | None:
    """When its rows were served first: a publish that finds no news moves ``published_at``, and changes no row."""
    history = () if publication.catalogue is None else publication.catalogue.history
    moment = history[-1].at if history and history[-1].version == publication.version else publication.published_at
    return None if moment is None else microseconds_of(moment)


def document(read: Read, definition: str, salt: str, publication: Publication, equalled: dict[str, Any]) -> dict[str, Any]:
    """The line of an answer, before it is text; ``equalled`` are its ``versions``."""
    answer = read.answer
    secret = {feature.name for feature in publication.table.features if feature.sensitive}
    known = answer is not None and answer.as_of is not None
    features = answer.features if answer is not None and known else {}
    told = {name: digest(value, salt) if name in secret and value is not None else plain(value) for name, value in features.items()}
    return {
        "line": "answer",
        "table": read.table,
        "definition": definition,
        "key": {name: plain(value) for name, value in read.key.items()},
        "features": told if known else None,
        "as_of": microseconds_of(answer.as_of) if answer is not None and answer.as_of is not None else None,
        "expired": answer is not None and answer.expired,
        "missing": list(answer.missing) if answer is not None else [feature.name for feature in publication.table.features],
        "at": read.at,
        "read_at": read.read_at,
        **equalled,
    }

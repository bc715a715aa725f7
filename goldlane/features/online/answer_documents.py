"""What is written down of one answer."""

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
    """The first publication whose declaration has the features of the answer."""
    fitting = (
        each
        for each in known
        if each is not None and (answer is None or list(answer.features) == [feature.name for feature in each.table.features])
    )
    return next(fitting, None)


def versions(read: Read, before: Publication | None, now: Publication | None) -> dict[str, Any]:
    """Between which versions the store was: what it holds now, and what it held before the read unless that has been there for long."""
    if now is None:
        return {"versions": None, "source_id": None, "published_at": None}
    published = None if now.published_at is None else microseconds_of(now.published_at)
    if published is not None and published + _MARGIN_US <= read.read_at:
        before = now
    least = before.version if before is not None and before.source_id == now.source_id else None
    return {"versions": [least, now.version], "source_id": now.source_id, "published_at": published}


def document(read: Read, definition: str, salt: str, publication: Publication, between: dict[str, Any]) -> dict[str, Any]:
    """The line of an answer; ``between`` is what ``versions`` told."""
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
        **between,
    }

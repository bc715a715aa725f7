"""How much later than it became known the store served what it served."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from goldlane.features.replay.gold_history import GoldHistory
    from goldlane.features.replay.logs import Logged
    from goldlane.features.replay.verdicts import Outcome

_SECOND = 1e6


class Lags:
    """A row became known when a commit brought it to gold, and was served from the first publication seen in the log that contains it.

    A stale answer's lag is how long the row that it should have told had been in gold. Where gold has no change data feed, a row counts
    as brought by the version it was served from.
    """

    def __init__(self, history: GoldHistory, logged: Sequence[Logged]) -> None:
        self._history = history
        seen: dict[int, int] = {}
        for each in logged:
            version, published = each.versions[1], each.published_at
            if version is not None and published is not None:
                seen[version] = min(published, seen.get(version, published))
        self._published = sorted(seen.items())
        first = self._published[0][0] if self._published else None
        self._changes = {} if first is None else history.changes({each.key for each in logged}, first)

    def of(self, outcome: Outcome) -> float | None:
        """Seconds; None where no publication or no commit time is known."""
        if outcome.version is None or not self._published:
            return None
        changes = self._changes.get(outcome.logged.key, ())
        if outcome.stale:
            return self._since_commit(self._next_change(outcome, changes), outcome.logged.read_at)
        place = bisect_right(changes, outcome.version)
        brought = changes[place - 1] if place else outcome.version
        served = next((published for version, published in self._published if version >= brought), None)
        return self._since_commit(brought, served)

    def _next_change(self, outcome: Outcome, changes: Sequence[int]) -> int | None:
        later = [version for version in changes if outcome.version is not None and version > outcome.version]
        return later[0] if later else self._history.version_at(outcome.logged.read_at)

    def _since_commit(self, version: int | None, moment: int | None) -> float | None:
        committed = None if version is None else self._history.committed_at(version)
        if committed is None or moment is None:
            return None
        return max(0.0, (moment - committed) / _SECOND)


def percentile(values: Sequence[float], share: float) -> Any:
    """The smallest value that ``share`` of all are not above; None of nothing."""
    ordered = sorted(values)
    return round(ordered[max(0, -(-int(share * 100) * len(ordered) // 100) - 1)], 6) if ordered else None

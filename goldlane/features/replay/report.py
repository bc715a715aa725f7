"""What a replay found, in counts and examples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, get_args

from goldlane.features.online.answer_lines import plain
from goldlane.features.online.values import EPOCH
from goldlane.features.replay.lags import percentile
from goldlane.features.replay.verdicts import Apart

if TYPE_CHECKING:
    from goldlane.features.declarations import FeatureTable
    from goldlane.features.replay.verdicts import Outcome

VERDICTS = ("matched", "mismatched", "missing", "extra")


@dataclass(frozen=True, slots=True, kw_only=True)
class Redefined:
    """Answers served under another definition than today's. ``still_served`` says that the store serves the old one to this day."""

    table: str
    answers: int
    changes: tuple[str, ...]
    still_served: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """Every answer of a log with what became of it; ``broken_lines`` of the log could not be read."""

    outcomes: tuple[Outcome, ...]
    redefined: tuple[Redefined, ...] = ()
    gone: Mapping[str, str] | None = None
    broken_lines: int = 0
    seconds: float = 0.0

    @property
    def unexplained(self) -> int:
        """Answers that differ from the offline join's, for no reason that a store may have."""
        return sum(outcome.verdict not in (None, "matched") for outcome in self.outcomes)

    def document(self) -> dict[str, Any]:
        """The JSON of ``goldlane replay --json``."""
        verdicts = Counter[str](outcome.verdict for outcome in self.outcomes if outcome.verdict is not None)
        apart = Counter(outcome.apart for outcome in self.outcomes if outcome.apart is not None)
        lags = [outcome.lag_s for outcome in self.outcomes if outcome.lag_s is not None]
        return {
            "answers": len(self.outcomes),
            "compared": verdicts.total(),
            **{name: verdicts[name] for name in VERDICTS},
            "features": list(self._features()),
            "lag_s": {"p50": percentile(lags, 0.5), "p95": percentile(lags, 0.95)},
            "stale": sum(outcome.stale for outcome in self.outcomes),
            "revised": sum(bool(outcome.revised) for outcome in self.outcomes),
            "apart": {reason: apart[reason] for reason in get_args(Apart)},
            "definitions": [
                {"table": each.table, "answers": each.answers, "changes": list(each.changes), "still_served": each.still_served}
                for each in self.redefined
            ],
            "gone": dict(self.gone or {}),
            "broken_lines": self.broken_lines,
            "seconds": self.seconds,
        }

    def _features(self) -> Iterator[dict[str, Any]]:
        tables = {outcome.logged.served.table.name: outcome.logged.served.table for outcome in self.outcomes}
        for name, table in sorted(tables.items()):
            mine = [outcome for outcome in self.outcomes if outcome.logged.served.table.name == name]
            for column in (*(feature.name for feature in table.features), table.event_time):
                counts = {verdict: _count(mine, verdict, column) for verdict in VERDICTS[1:]}
                revised = sum(column in outcome.revised for outcome in mine)
                if column != table.event_time or any(counts.values()):
                    yield {"table": name, "feature": column, **counts, "revised": revised, "example": _example(mine, column, table)}


def _count(outcomes: Iterable[Outcome], verdict: str, column: str) -> int:
    return sum(outcome.verdict == verdict and column in outcome.differing for outcome in outcomes)


def _example(outcomes: Iterable[Outcome], column: str, table: FeatureTable) -> dict[str, Any] | None:
    """The first answer that differs in a feature, else the first that gold tells otherwise today."""
    for found in ("differing", "revised"):
        for outcome in outcomes:
            differing = getattr(outcome, found)
            if column in differing:
                return _told(outcome, column, table, differing[column])
    return None


def _told(outcome: Outcome, column: str, table: FeatureTable, values: tuple[Any, Any]) -> dict[str, Any]:
    features = (*table.features, *outcome.logged.served.table.features)
    secret = any(feature.name == column and feature.sensitive for feature in features)
    online, offline = ("(sensitive)" if secret and value is not None else plain(_readable(value, column, table)) for value in values)
    return {
        "key": dict(zip(table.keys, map(plain, outcome.logged.key), strict=True)),
        "at": plain(_moment(outcome.logged.at)),
        "version": outcome.version,
        "online": online,
        "offline": offline,
    }


def _readable(value: Any, column: str, table: FeatureTable) -> Any:
    return _moment(value) if column == table.event_time and value is not None else value


def _moment(microseconds: int) -> Any:
    return EPOCH + timedelta(microseconds=microseconds)

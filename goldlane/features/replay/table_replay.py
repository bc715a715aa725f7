"""The answers of one table, served under one declaration, put to the offline join."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from goldlane.features.replay.gold_history import GoldHistory
from goldlane.features.replay.lags import Lags
from goldlane.features.replay.offline import Question, Told, offline_answers
from goldlane.features.replay.verdicts import Outcome, differences, verdict

if TYPE_CHECKING:
    import pyarrow as pa

    from goldlane.features.declarations import FeatureTable
    from goldlane.features.replay.logs import Logged

# Of a store that went through many versions between two looks at it, the newest are tried.
_MOST_VERSIONS = 50
# A stream's rows are in the store before they are in its table.
_COMMITS_BEHIND = 2


class TableReplay:
    """Outcomes of answers that all have the same ``table`` as their declaration; gold is the Delta table at ``path``.

    Answers of a stream are not ``pinned`` to its versions: what they were read from is known by their time.
    """

    def __init__(self, table: FeatureTable, path: Path, told: Callable[[str], None], *, pinned: bool = True) -> None:
        self._table, self._told, self._pinned = table, told, pinned
        self.history = GoldHistory(table, path)
        self._rows: dict[int, pa.Table] = {}
        self._answers: dict[Question, Told] = {}

    def outcomes(self, logged: Sequence[Logged]) -> list[Outcome]:
        """One for each answer, in order."""
        outcomes = [Outcome(logged=each) for each in logged]
        asked = [outcome for outcome in outcomes if self._can_be_asked(outcome)]
        candidates = [self._candidates(outcome.logged) for outcome in asked]
        self._ask((outcome.logged, self._versions(outcome.logged, some)) for outcome, some in zip(asked, candidates, strict=True))
        lags = Lags(self.history, [outcome.logged for outcome in asked] if self._pinned else [])
        for outcome, some in zip(asked, candidates, strict=True):
            self._judge(outcome, some)
            self._look_later(outcome)
            outcome.lag_s = lags.of(outcome)
        return outcomes

    def redefined(self, outcomes: Iterable[Outcome], declared: FeatureTable) -> dict[int, str]:
        """Judge matching answers by another declaration of the same keys, too: what it tells otherwise is a mismatch.

        Returns the versions that cannot be asked under it, and why.
        """
        matched = [outcome for outcome in outcomes if outcome.verdict == "matched" and outcome.version is not None]
        other = TableReplay(declared, self.history.path, self._told)
        other._ask((outcome.logged, [outcome.version or 0]) for outcome in matched)
        compared = _as_secret_as(self._table, declared)
        for outcome in matched:
            found = other._answer(outcome.logged, outcome.version or 0)
            if found is not None and outcome.logged.features is not None:
                outcome.differing = differences(outcome.logged.features, found.features, compared, outcome.logged.served.salt)
                outcome.verdict = "mismatched" if outcome.differing else "matched"
        return other.history.gone

    def _can_be_asked(self, outcome: Outcome) -> bool:
        logged = outcome.logged
        if logged.as_of is not None and logged.as_of > logged.at:
            outcome.apart = "ahead"
        elif self._pinned and logged.source_id not in (None, self.history.id):
            outcome.apart = "replaced"
        return outcome.apart is None

    def _candidates(self, logged: Logged) -> list[int]:
        """The versions one of which the store equalled at the read, the newest first."""
        least, greatest = logged.versions
        if greatest is None or not self._pinned:
            known = self.history.version_at(logged.read_at)
            first = 0 if known is None else known
            return list(range(first, min(first + _COMMITS_BEHIND, self.history.newest) + 1))
        versions = range(greatest if least is None else min(least, greatest), greatest + 1)
        return list(reversed(versions))[:_MOST_VERSIONS]

    def _versions(self, logged: Logged, candidates: Sequence[int]) -> list[int]:
        then = self.history.version_at(logged.read_at)
        return [*candidates, *(() if then is None else (then,)), self.history.newest]

    def _ask(self, asked: Iterable[tuple[Logged, list[int]]]) -> None:
        """Read every version once, for all keys that are asked of it, and join once."""
        questions = list(dict.fromkeys(_question(logged, version) for logged, versions in asked for version in versions))
        keys: dict[int, set[tuple[object, ...]]] = {}
        for question in questions:
            keys.setdefault(question.version, set()).add(question.key)
        for number, version in enumerate(sorted(keys)):
            self._told(f"{self._table.name}: version {version} of gold ({number + 1} of {len(keys)})")
            rows = self.history.rows(version, keys[version])
            if rows is not None:
                self._rows[version] = rows
        self._told(f"{self._table.name}: the offline join of {len(questions)} questions")
        self._answers = offline_answers(self._table, questions, self._rows)

    def _answer(self, logged: Logged, version: int) -> Told | None:
        return self._answers.get(_question(logged, version))

    def _judge(self, outcome: Outcome, candidates: Sequence[int]) -> None:
        """Equal to one of the versions the store may have had is equal; else it differs from the newest, if all of them can be read."""
        unread = False
        for version in candidates:
            found = self._answer(outcome.logged, version)
            if found is None:
                unread = True
                continue
            judged, differing = verdict(outcome.logged, found, self._table)
            if outcome.verdict is None or judged == "matched":
                outcome.verdict, outcome.differing, outcome.version = judged, differing, version
            if judged == "matched":
                return
        if unread or outcome.verdict is None:
            outcome.verdict, outcome.differing, outcome.version, outcome.apart = None, {}, None, "gone"

    def _look_later(self, outcome: Outcome) -> None:
        """Whether gold had moved on at the read, and whether it tells the same row otherwise today."""
        logged = outcome.logged
        if outcome.verdict != "matched" or outcome.version is None:
            return
        then = self.history.version_at(logged.read_at)
        newer = self._answer(logged, then) if then is not None and then > outcome.version else None
        outcome.stale = newer is not None and verdict(logged, newer, self._table)[0] != "matched"
        today = self._answer(logged, self.history.newest)
        if today is not None and logged.features is not None and today.as_of == logged.as_of:
            outcome.revised = differences(logged.features, today.features, self._table, logged.served.salt)


def _as_secret_as(served: FeatureTable, declared: FeatureTable) -> FeatureTable:
    """``declared``, with those features sensitive of which the log holds digests."""
    secret = {feature.name for feature in served.features if feature.sensitive}
    return replace(declared, features=tuple(replace(feature, sensitive=feature.name in secret) for feature in declared.features))


def _question(logged: Logged, version: int) -> Question:
    return Question(key=logged.key, at=logged.at, version=version)

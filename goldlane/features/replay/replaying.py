"""A log of answers replayed: table by table, definition by definition."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from goldlane.errors import UsageError
from goldlane.features.definitions import definition_hash, differences
from goldlane.features.forgotten_entities import forgotten_entities, hashes_by_columns, is_among
from goldlane.features.gold import gold_path
from goldlane.features.live.live_table import live_path
from goldlane.features.replay.gold_history import GoldHistory
from goldlane.features.replay.logs import Logged, read_answers
from goldlane.features.replay.report import Redefined, Replayed
from goldlane.features.replay.table_replay import TableReplay
from goldlane.features.replay.verdicts import Outcome

if TYPE_CHECKING:
    from goldlane.features.declarations import FeatureTable
    from goldlane.features.online.store import OnlineStore


def replay(
    storage: str | Path,
    store: OnlineStore,
    answers: str | Path,
    *,
    tables: Iterable[FeatureTable] = (),
    told: Callable[[str], None] = lambda _: None,
) -> Replayed:
    """Put every logged answer's question to the offline join, as of the answer's time and the version of gold that the store equalled.

    ``tables`` are today's declarations; those that are not given are the store's. ``told`` hears what is being done.

    Raises:
        UsageError: there is no log, or no storage.
    """
    started = time.perf_counter()
    folder = Path(storage)
    if not folder.is_dir():
        raise UsageError(f"there is no storage at {folder}", hint="goldlane run makes it")
    read = read_answers(Path(answers))
    served = {publication.table.name: publication.table for publication in store.publications()}
    declared = {**served, **{table.name: table for table in tables}}
    forgotten = hashes_by_columns(forgotten_entities(folder))
    work = _Replay(folder=folder, served=served, declared=declared, told=told, forgotten=forgotten)
    for some in _by_definition(read.answers).values():
        work.add(some)
    return Replayed(
        outcomes=tuple(work.outcomes),
        redefined=tuple(work.redefined),
        gone=work.gone,
        broken_lines=read.broken,
        seconds=round(time.perf_counter() - started, 3),
    )


@dataclass(slots=True, kw_only=True)
class _Replay:
    """What is known so far. ``served`` are the store's declarations, ``declared`` today's."""

    folder: Path
    served: Mapping[str, FeatureTable]
    declared: Mapping[str, FeatureTable]
    told: Callable[[str], None]
    forgotten: Mapping[tuple[str, ...], Collection[str]]
    outcomes: list[Outcome] = field(default_factory=list)
    redefined: list[Redefined] = field(default_factory=list)
    gone: dict[str, str] = field(default_factory=dict)

    def add(self, logged: list[Logged]) -> None:
        """Answers of one table, served under one definition."""
        table, logged = logged[0].served.table, self._without_forgotten(logged)
        gold, live = self._gold(table), live_path(table, self.folder)
        own = {None, None if gold is None else GoldHistory(table, gold).id}
        streamed = [each for each in logged if each.source_id not in own] if _is_delta(live) else []
        rest = [each for each in logged if each.source_id in own] if streamed else logged
        if streamed:
            self._compare(streamed, TableReplay(table, live, self.told, pinned=False))
        if rest and gold is not None:
            self._compare(rest, TableReplay(table, gold, self.told))
        elif rest:
            self.outcomes += [Outcome(logged=each, apart="no_gold") for each in rest]

    def _without_forgotten(self, logged: list[Logged]) -> list[Logged]:
        """Nothing is left to compare of who was forgotten."""
        if not self.forgotten:
            return logged
        table = logged[0].served.table
        forgotten = [is_among(table, dict(zip(table.keys, each.key, strict=True)), self.forgotten) for each in logged]
        self.outcomes += [Outcome(logged=each, apart="forgotten") for each, gone in zip(logged, forgotten, strict=True) if gone]
        return [each for each, gone in zip(logged, forgotten, strict=True) if not gone]

    def _compare(self, logged: list[Logged], work: TableReplay) -> None:
        table = logged[0].served.table
        outcomes = work.outcomes(logged)
        changed = self._changed(table, len(logged))
        self.outcomes += outcomes
        self.gone |= {f"{table.name} version {version}": why for version, why in work.history.gone.items()}
        today = self.declared.get(table.name, table)
        if changed is not None and changed.still_served and today.key_types == table.key_types:
            gone = work.redefined(outcomes, today)
            self.gone |= {f"{table.name} version {version}, as declared today": why for version, why in gone.items()}

    def _gold(self, table: FeatureTable) -> Path | None:
        try:
            path = gold_path(table, self.folder)
        except UsageError:
            return None
        return path if _is_delta(path) else None

    def _changed(self, table: FeatureTable, answers: int) -> Redefined | None:
        today = self.declared.get(table.name, table)
        if definition_hash([today]) == definition_hash([table]):
            return None
        now = self.served.get(table.name)
        still = now is not None and definition_hash([now]) == definition_hash([table])
        self.redefined.append(Redefined(table=table.name, answers=answers, changes=tuple(differences(table, today)), still_served=still))
        return self.redefined[-1]


def _is_delta(path: Path) -> bool:
    return (path / "_delta_log").is_dir()


def _by_definition(answers: Iterable[Logged]) -> Mapping[tuple[str, str], list[Logged]]:
    groups: dict[tuple[str, str], list[Logged]] = {}
    for each in answers:
        groups.setdefault((each.served.table.name, each.served.definition), []).append(each)
    return dict(_ordered(groups))


def _ordered(groups: Mapping[tuple[str, str], list[Logged]]) -> Iterator[tuple[tuple[str, str], list[Logged]]]:
    for group in sorted(groups):
        yield group, sorted(groups[group], key=lambda each: each.read_at)

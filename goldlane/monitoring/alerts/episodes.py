"""From judged windows to alerts: opened after n bad of m windows, resolved after k good ones in a row."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from goldlane.monitoring.alerts.measures import Measure
from goldlane.monitoring.alerts.metricrows import Subject
from goldlane.monitoring.alerts.observations import Observation
from goldlane.monitoring.alerts.rules import AlertRule


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """One stretch of bad windows of one rule and subject. ``resolved`` is the good window that ended it; None while it lasts."""

    rule: AlertRule
    subject: Subject
    opened: Observation
    newest: Observation
    worst: Observation
    windows: int
    resolved: Observation | None = None


def episodes(rule: AlertRule, observed: Iterable[Observation]) -> Iterator[Episode]:
    """Every stretch of bad windows, of each subject in the order of time."""
    by_subject: dict[Subject, list[Observation]] = {}
    for each in observed:
        by_subject.setdefault(each.subject, []).append(each)
    for subject, seen in by_subject.items():
        yield from _of_subject(rule, subject, sorted(seen, key=lambda each: each.window.start))


def by_place(found: Iterable[Episode]) -> Mapping[tuple[str, Subject], list[Episode]]:
    """Episodes by their rule's name and what they are about."""
    places: dict[tuple[str, Subject], list[Episode]] = {}
    for each in found:
        places.setdefault((each.rule.name, each.subject), []).append(each)
    return places


def _of_subject(rule: AlertRule, subject: Subject, seen: list[Observation]) -> Iterator[Episode]:
    recent: deque[Observation] = deque(maxlen=rule.of)
    bad: list[Observation] = []
    good = 0
    for each in seen:
        recent.append(each)
        if bad:
            good = 0 if each.is_bad else good + 1
            bad += [each] if each.is_bad else []
            if good == rule.good:
                yield _episode(rule, subject, bad, each)
                bad, good = [], 0
                recent.clear()
        elif sum(one.is_bad for one in recent) >= rule.bad:
            bad = [one for one in recent if one.is_bad]
    if bad:
        yield _episode(rule, subject, bad, None)


def _episode(rule: AlertRule, subject: Subject, bad: list[Observation], resolved: Observation | None) -> Episode:
    is_low = rule.measure is Measure.VOLUME and bad[0].value < 1
    worst = (min if is_low else max)(bad, key=lambda each: each.value)
    return Episode(rule=rule, subject=subject, opened=bad[0], newest=bad[-1], worst=worst, windows=len(bad), resolved=resolved)

"""What can be wrong with the alert rules and the sinks of one monitor."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from goldlane.monitoring.alerts.rules import AlertRule
from goldlane.monitoring.alerts.sinks.sink import Sink


def alert_mistakes(rules: Sequence[object], sinks: Sequence[object]) -> Iterator[str]:
    """Everything wrong with them: of another kind, or two of one name."""
    yield from (f"{rule!r} is no AlertRule" for rule in rules if not isinstance(rule, AlertRule))
    yield from (f"{sink!r} is no sink: it needs a name, and tell(notice)" for sink in sinks if not isinstance(sink, Sink))
    yield from _twins("alert rules", [rule.name for rule in rules if isinstance(rule, AlertRule)])
    yield from _twins("sinks", [sink.name for sink in sinks if isinstance(sink, Sink)])


def _twins(what: str, names: Sequence[str]) -> Iterator[str]:
    yield from (
        f"{count} {what} are named {name!r}; the table of alerts tells them apart by name"
        for name, count in Counter(names).items()
        if count > 1
    )

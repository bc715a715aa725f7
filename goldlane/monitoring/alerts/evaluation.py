"""One look at a monitor's metrics: alerts are opened, updated and resolved, and whoever is to be told is told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from goldlane.errors import Mistakes, UsageError
from goldlane.monitoring.alerts.alert import Alert, alert_of
from goldlane.monitoring.alerts.episodes import episodes
from goldlane.monitoring.alerts.ledger import AlertLedger
from goldlane.monitoring.alerts.metricrows import MetricRows
from goldlane.monitoring.alerts.observations import observations
from goldlane.monitoring.alerts.reading import metric_rows
from goldlane.monitoring.alerts.reconciling import Occasion, changed_alerts
from goldlane.monitoring.alerts.rules import AlertRule
from goldlane.monitoring.alerts.telling import SinkFailure, told
from goldlane.pipelines.storage import read_json, write_json

if TYPE_CHECKING:
    from goldlane.monitoring.monitors import Monitor


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """What a look at a monitor's metrics found. ``open`` are all open alerts of its table, new or not; ``resolved`` ended just now."""

    table: str
    open: tuple[Alert, ...]
    opened: tuple[Alert, ...]
    resolved: tuple[Alert, ...]
    failures: tuple[SinkFailure, ...]


def evaluate_alerts(monitor: Monitor, storage: Path, *, now: datetime | None = None, rows: MetricRows | None = None) -> Evaluated:
    """Bring the alerts of a monitor up to date with its metric tables, and tell its sinks what is news. Again, it changes nothing.

    ``now`` is what freshness is measured against; ``rows`` stand for the metric tables.
    A sink that fails costs neither the alert nor the other sinks: it is among ``failures``, and is tried again the next time.

    Raises:
        GoldlaneError: a metric table, or the table of alerts, cannot be read or written.
    """
    moment = now or datetime.now(timezone.utc)
    metrics = rows if rows is not None else metric_rows(monitor, storage)
    ledger, watermark = AlertLedger(storage), _Watermark(storage, monitor.table)
    known = ledger.alerts(monitor.table)
    found = shown_alerts(monitor.table, monitor.alerts, metrics, moment)
    occasion = Occasion(now=moment, sinks=tuple(sink.name for sink in monitor.sinks), seen_until=watermark.read())
    changed = list(changed_alerts(known, found, occasion))
    # Alerts first: whatever happens while sinks are told, nothing is forgotten.
    ledger.write(changed)
    watermark.write(metrics)
    now_known = _merged(known, changed)
    after, failures = told(now_known, monitor, moment)
    ledger.write([alert for alert, before in zip(after, now_known, strict=True) if alert != before])
    return _evaluated(monitor.table, known, after, failures)


def shown_alerts(table: str, rules: Iterable[AlertRule], rows: MetricRows, now: datetime) -> list[Alert]:
    """The alerts of any time that the metrics show, in the order of time; nothing is written, and nobody told.

    Raises:
        UsageError: predicates cannot be asked of these metrics; all of them at once.
    """
    found: list[Alert] = []
    wrong: list[UsageError] = []
    for rule in rules:
        try:
            found += [alert_of(table, episode, now) for episode in episodes(rule, observations(rule, rows, now))]
        except UsageError as mistake:
            wrong.append(mistake)
    if wrong:
        raise wrong[0] if len(wrong) == 1 else Mistakes(table, [str(each) for each in wrong])
    return sorted(found, key=lambda alert: (alert.opened_window.start, alert.rule, alert.id))


def _merged(known: Sequence[Alert], changed: Sequence[Alert]) -> list[Alert]:
    by_id = {alert.id: alert for alert in (*known, *changed)}
    return list(by_id.values())


def _evaluated(table: str, known: Sequence[Alert], after: Sequence[Alert], failures: Sequence[SinkFailure]) -> Evaluated:
    were_open = {alert.id for alert in known if alert.is_open}
    still = tuple(alert for alert in after if alert.is_open)
    return Evaluated(
        table=table,
        open=still,
        opened=tuple(alert for alert in still if alert.id not in were_open),
        resolved=tuple(alert for alert in after if not alert.is_open and alert.id in were_open),
        failures=tuple(failures),
    )


@dataclass(frozen=True, slots=True)
class _Watermark:
    """Up to which window the metrics of a table were looked at."""

    storage: Path
    table: str

    @property
    def _file(self) -> Path:
        return self.storage / "system" / "monitoring" / "evaluated.json"

    def read(self) -> datetime | None:
        seen = read_json(self._file).get(self.table)
        return None if seen is None else datetime.fromisoformat(seen)

    def write(self, rows: MetricRows) -> None:
        newest = max((start for _, start in rows.profiles), default=None)
        if newest is not None and newest != self.read():
            write_json(self._file, {**read_json(self._file), self.table: newest.isoformat()})

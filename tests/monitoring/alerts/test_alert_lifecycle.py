"""Alerts from refresh to refresh: one object each in a Delta table, told once to each sink."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from deltalake import DeltaTable

from goldlane.monitoring import AlertRule, Monitor, evaluate_alerts
from goldlane.monitoring.alerts import AlertLedger, Evaluated, Notice, SinkError

if TYPE_CHECKING:
    from conftest import Metrics

GOOD, BAD = 0.01, 0.5
SHIFT = AlertRule(name="shift", measure="ks")  # type: ignore[arg-type]
Watched = Callable[..., Monitor]


@dataclass
class Heard:
    """A sink that keeps what it is told, or fails."""

    name: str = "heard"
    failing: Exception | None = None
    told: list[str] = field(default_factory=list)

    def tell(self, notice: Notice) -> None:
        if self.failing is not None:
            raise self.failing
        self.told += [f"{alert.status} {alert.opened_window.start.day}" for alert in notice.alerts]


def look(monitor: Monitor, storage: Path, metrics: Metrics, late: timedelta = timedelta(0)) -> Evaluated:
    return evaluate_alerts(monitor, storage, now=metrics.end + late, rows=metrics.rows)


@pytest.fixture
def make(metrics: Metrics) -> Callable[..., Metrics]:
    return lambda *statistics: type(metrics)().ks(statistics)


def version(storage: Path) -> int:
    return DeltaTable(AlertLedger(storage).path).version()


def test_an_alert_is_opened_updated_and_resolved_as_one_row(tmp_path: Path, watched: Watched, make: Callable[..., Metrics]) -> None:
    heard = Heard()
    monitor = watched(SHIFT, sinks=[heard])

    opened = look(monitor, tmp_path, make(GOOD, BAD))
    lasting = look(monitor, tmp_path, make(GOOD, BAD, 0.7))
    ended = look(monitor, tmp_path, make(GOOD, BAD, 0.7, GOOD, GOOD))

    assert [len(each.opened) for each in (opened, lasting, ended)] == [1, 0, 0]
    assert [len(each.open) for each in (opened, lasting, ended)] == [1, 1, 0]
    (row,) = AlertLedger(tmp_path).alerts("payments")
    assert (row.id, row.windows, row.worst) == (opened.open[0].id, 2, 0.7)
    assert (row.opened_at, row.resolved_at) == (make(GOOD, BAD).end, make(GOOD, BAD, 0.7, GOOD, GOOD).end)
    assert (ended.resolved, heard.told) == ((row,), ["OPEN 3", "RESOLVED 3"])


def test_the_same_metrics_again_write_nothing_and_tell_nobody(tmp_path: Path, watched: Watched, make: Callable[..., Metrics]) -> None:
    heard = Heard()
    monitor, metrics = watched(SHIFT, sinks=[heard]), make(BAD, GOOD, GOOD, BAD)
    look(monitor, tmp_path, metrics)
    before = (version(tmp_path), AlertLedger(tmp_path).alerts())

    again = look(monitor, tmp_path, metrics, late=timedelta(hours=5))

    assert (version(tmp_path), AlertLedger(tmp_path).alerts()) == before
    assert (again.opened, again.resolved, heard.told) == ((), (), ["OPEN 5"])


def test_what_was_over_before_the_first_look_is_entered_and_not_told(
    tmp_path: Path, watched: Watched, make: Callable[..., Metrics]
) -> None:
    heard = Heard()

    look(watched(SHIFT, sinks=[heard]), tmp_path, make(BAD, GOOD, GOOD, GOOD))

    assert [str(alert.status) for alert in AlertLedger(tmp_path).alerts()] == ["RESOLVED"]
    assert heard.told == []


def test_what_came_and_went_between_two_looks_is_told(tmp_path: Path, watched: Watched, make: Callable[..., Metrics]) -> None:
    heard = Heard()
    monitor = watched(SHIFT, sinks=[heard])
    look(monitor, tmp_path, make(GOOD, GOOD))

    look(monitor, tmp_path, make(GOOD, GOOD, BAD, GOOD, GOOD))

    assert heard.told == ["RESOLVED 4"]


def test_late_rows_that_mend_a_window_end_its_alert(tmp_path: Path, watched: Watched, make: Callable[..., Metrics]) -> None:
    monitor = watched(SHIFT)
    look(monitor, tmp_path, make(GOOD, BAD))

    mended = look(monitor, tmp_path, make(GOOD, GOOD))

    (alert,) = mended.resolved
    assert (mended.open, alert.message.endswith("; no longer so")) == ((), True)


def test_late_rows_that_spoil_a_window_again_reopen_its_alert(tmp_path: Path, watched: Watched, make: Callable[..., Metrics]) -> None:
    heard = Heard()
    monitor = watched(SHIFT, sinks=[heard])
    for statistics in ((GOOD, BAD), (GOOD, GOOD), (GOOD, BAD)):
        look(monitor, tmp_path, make(*statistics))

    assert [alert.is_open for alert in AlertLedger(tmp_path).alerts()] == [True]
    assert heard.told == ["OPEN 3", "RESOLVED 3", "OPEN 3"]


def test_a_rule_that_is_no_longer_declared_ends_its_alerts(tmp_path: Path, watched: Watched, make: Callable[..., Metrics]) -> None:
    look(watched(SHIFT), tmp_path, make(GOOD, BAD))

    assert [alert.rule for alert in look(watched(), tmp_path, make(GOOD, BAD)).resolved] == ["shift"]


def test_a_table_that_stays_stale_is_one_alert_even_when_old_rows_arrive(tmp_path: Path, watched: Watched, metrics: Metrics) -> None:
    heard = Heard()
    monitor = watched(AlertRule(name="stale", measure="freshness", good=1), sinks=[heard])  # type: ignore[arg-type]
    metrics.day(0)
    look(monitor, tmp_path, metrics, late=timedelta(days=9))
    look(monitor, tmp_path, metrics.day(1), late=timedelta(days=9))
    look(monitor, tmp_path, metrics.day(2), late=timedelta(days=1))

    assert [alert.is_open for alert in AlertLedger(tmp_path).alerts()] == [False]
    assert heard.told == ["OPEN 1", "RESOLVED 1"]


@pytest.mark.parametrize("failure", [SinkError("no answer"), RuntimeError("token=secret")], ids=["a sink's own", "any other"])
def test_a_sink_that_fails_costs_neither_the_alert_nor_the_other_sinks_and_is_tried_again(
    tmp_path: Path, watched: Watched, make: Callable[..., Metrics], failure: Exception
) -> None:
    broken, well = Heard(name="broken", failing=failure), Heard(name="well")
    monitor, metrics = watched(SHIFT, sinks=[broken, well]), make(GOOD, BAD)

    (failed,) = look(monitor, tmp_path, metrics).failures

    (alert,) = AlertLedger(tmp_path).alerts()
    assert (failed.sink, failed.alerts, alert.untold, alert.failure) == ("broken", 1, ("broken",), failed.message)
    assert "secret" not in failed.message
    broken.failing = None
    assert look(monitor, tmp_path, metrics).failures == ()
    assert (broken.told, well.told) == (["OPEN 3"], ["OPEN 3"])
    assert AlertLedger(tmp_path).alerts() == (replace(alert, untold=(), failure=None),)


def test_a_sink_that_never_heard_of_an_alert_is_told_of_its_end_only(
    tmp_path: Path, watched: Watched, make: Callable[..., Metrics]
) -> None:
    broken = Heard(failing=SinkError("down"))
    monitor = watched(SHIFT, sinks=[broken])
    look(monitor, tmp_path, make(GOOD, BAD))
    broken.failing = None

    look(monitor, tmp_path, make(GOOD, BAD, GOOD, GOOD))

    assert broken.told == ["RESOLVED 3"]


def test_a_new_sink_is_not_told_of_old_alerts(tmp_path: Path, watched: Watched, make: Callable[..., Metrics]) -> None:
    look(watched(SHIFT), tmp_path, make(GOOD, BAD))
    heard = Heard()

    look(watched(SHIFT, sinks=[heard]), tmp_path, make(GOOD, BAD, BAD))

    assert heard.told == []


def test_monitors_of_one_storage_share_the_table_and_not_their_alerts(
    tmp_path: Path, watched: Watched, make: Callable[..., Metrics]
) -> None:
    look(watched(SHIFT), tmp_path, make(GOOD, BAD))
    look(replace(watched(SHIFT), table="refunds"), tmp_path, make(BAD))

    assert [alert.table for alert in look(watched(SHIFT), tmp_path, make(GOOD, BAD)).open] == ["payments"]
    assert {alert.table for alert in AlertLedger(tmp_path).alerts()} == {"payments", "refunds"}

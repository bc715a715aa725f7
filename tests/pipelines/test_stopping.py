"""How an update is asked to stop: by an event, by a signal, by what stands above it."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from goldlane.pipelines.definitions import Dataset, QueryFlow
from goldlane.pipelines.errors import PipelineError
from goldlane.pipelines.names import TableName
from goldlane.pipelines.triggers import SETTING, trigger_interval
from goldlane.stopping import Stop

NAME = TableName(None, "default", "orders")


def test_asking_above_stops_below_and_not_the_other_way_round() -> None:
    above = Stop()
    one, other = Stop(parent=above), Stop(parent=above)

    one.ask()

    assert (one.asked, other.asked, above.asked) == (True, False, False)
    above.ask()
    assert other.asked


def test_waiting_ends_when_somebody_asks() -> None:
    event, started = threading.Event(), time.monotonic()
    threading.Timer(0.1, event.set).start()

    assert Stop(parent=Stop(event)).wait(30)
    assert time.monotonic() - started < 10


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_asks_a_second_one_interrupts_and_afterwards_all_is_as_it_was(number: int) -> None:
    before, stop = signal.getsignal(number), Stop()

    with stop.on_signals():
        os.kill(os.getpid(), number)
        assert (stop.asked, stop.by_signal) == (True, True)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), number)

    assert signal.getsignal(number) is before


@pytest.mark.parametrize(
    "text,seconds",
    [("10 seconds", 10.0), ("1 minute", 60.0), ("500 ms", 0.5), ("0.5 s", 0.5), ("2 Hours", 7200.0), ("INTERVAL 3 minutes", 180.0)],
)
def test_an_interval_is_a_number_and_a_unit(text: str, seconds: float) -> None:
    dataset = Dataset(name=NAME, written="orders", kind=None)
    flow = QueryFlow(name="orders", target=NAME, function=lambda: None, spark_conf={SETTING: text})  # type: ignore[arg-type,return-value]

    assert trigger_interval(dataset, flow, {SETTING: "1 hour"}) == seconds


def test_an_interval_that_is_none_names_the_table_and_what_to_say() -> None:
    dataset = Dataset(name=NAME, written="orders", kind=None, table_properties={SETTING: "often"})
    flow = QueryFlow(name="orders", target=NAME, function=lambda: None)  # type: ignore[arg-type,return-value]

    with pytest.raises(PipelineError, match=r"'orders': .* = 'often' is no interval") as error:
        trigger_interval(dataset, flow, {})

    assert error.value.hint == 'say "10 seconds" or "1 minute"'

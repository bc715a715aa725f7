"""``goldlane monitor``, typed in a project of two monitors."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from goldlane.pipelines.storage import Storage

if TYPE_CHECKING:
    from conftest import Goldlane

NOW = datetime.now(timezone.utc)
TODAY = NOW.replace(hour=0, minute=0, second=0, microsecond=0)
WATCH = """
from goldlane.monitoring import AlertRule, LogSink, Monitor, TimeSeries, Webhook

MONITORS = [
    Monitor(table=table, profile=TimeSeries(timestamp="at", granularities=("1 day",)), alerts=AlertRule.defaults(),
            sinks=(Webhook(url_variable="NO_SUCH_VARIABLE"),))
    for table in ("payments", "refunds")
]
"""


@pytest.fixture
def project(tmp_path: Path, goldlane: Goldlane, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Goldlane:
    """The command, typed in a project whose monitors stand in a module of its own name."""
    module = f"watch_{abs(hash(request.node.nodeid))}"
    (tmp_path / "pyproject.toml").write_text(f'[tool.goldlane]\nmonitors = "{module}:MONITORS"\nstorage = "storage"\n')
    (tmp_path / f"{module}.py").write_text(WATCH)
    monkeypatch.delenv("NO_SUCH_VARIABLE", raising=False)
    Storage(tmp_path / "storage").open()
    return goldlane


def land(storage: Path, table: str, day: int, amounts: list[float]) -> None:
    """The rows of a day, counted back from today."""
    start = TODAY - timedelta(days=day)
    seconds = 86_000 / len(amounts)
    rows: list[dict[str, Any]] = [{"at": start + timedelta(seconds=number * seconds), "amount": it} for number, it in enumerate(amounts)]
    write_deltalake(str(storage / "tables" / "default" / table), pa.Table.from_pylist(rows), mode="append")


@pytest.mark.usefixtures("spark")
def test_a_clean_table_is_silent_and_a_spoilt_day_is_an_alert_until_it_is_over(project: Goldlane, tmp_path: Path) -> None:
    storage = tmp_path / "storage"
    for day in (4, 3, 2):
        land(storage, "payments", day, [float(number % 97) for number in range(400)])

    clean = project("monitor", "--json")
    land(storage, "payments", 1, [float(number % 97) * 100 for number in range(400)])
    spoilt, again = project("monitor", "payments", "--json"), project("monitor")

    assert (clean.code, clean.document["alerts"], spoilt.code, again.code) == (0, [], 1, 1), clean.err
    assert "refunds is not in this storage" in clean.err
    assert [(table["table"], table["open_alerts"]) for table in spoilt.document["tables"]] == [("payments", 2)]
    assert all(table["profile_rows"] > 0 and table["drift_rows"] > 0 for table in spoilt.document["tables"])
    told = {(alert["alert"], alert["column"], alert["status"], alert["window"]["start"][:10]) for alert in spoilt.document["alerts"]}
    yesterday = (TODAY - timedelta(days=1)).date().isoformat()
    assert told == {(rule, "amount", "OPEN", yesterday) for rule in ("numbers_shifted", "numbers_reshaped")}
    assert "WARNING payments: numbers_shifted: column amount: the largest distance" in again.out
    assert (
        "the environment variable NO_SUCH_VARIABLE is not set (export NO_SUCH_VARIABLE=...); 2 alerts are told at the next refresh"
        in again.err
    )
    assert [(sink["table"], sink["sink"], sink["untold"]) for sink in spoilt.document["sinks"]] == [("payments", "webhook", 2)]


@pytest.mark.usefixtures("spark")
def test_a_table_that_does_not_fit_its_monitor_keeps_no_other_from_being_refreshed(project: Goldlane, tmp_path: Path) -> None:
    land(tmp_path / "storage", "refunds", 1, [1.0] * 150)
    rows = pa.Table.from_pylist([{"when": NOW, "amount": 1.0}])
    write_deltalake(str(tmp_path / "storage" / "tables" / "default" / "payments"), rows)

    done = project("monitor", "--json")

    broken, fine = done.document["tables"]
    assert (done.code, broken["table"], broken["error"]["class"]) == (2, "payments", "WatchedTableError")
    assert (fine["table"], fine["error"], fine["profile_rows"] > 0) == ("refunds", None, True)
    assert done.err.splitlines()[-1].startswith("goldlane: payments: ")


@pytest.mark.usefixtures("spark")
def test_a_damaged_table_is_told_as_that_tables_failure(project: Goldlane, tmp_path: Path) -> None:
    land(tmp_path / "storage", "payments", 1, [1.0] * 150)
    for file in (tmp_path / "storage" / "tables" / "default" / "payments").glob("*.parquet"):
        file.unlink()

    done = project("monitor", "--json")

    (broken,) = done.document["tables"]
    assert (done.code, broken["table"], broken["error"]["class"]) == (1, "payments", "MonitoringError")
    assert done.err.splitlines()[-1].startswith("goldlane: payments: ")


def test_every_name_that_nothing_watches_is_told_with_those_that_are(project: Goldlane) -> None:
    done = project("monitor", "payment", "payments", "x.refunds")

    assert done.code == 2
    assert "watched tables are payments, refunds: nothing watches 'payment'; nothing watches 'x.refunds'" in done.complaint


def test_a_folder_that_is_no_storage_is_told(project: Goldlane, tmp_path: Path) -> None:
    done = project("monitor", "--storage", tmp_path / "elsewhere", "--json")

    assert (done.code, done.document["error"]["message"]) == (2, f"{tmp_path / 'elsewhere'} is no Goldlane storage")


def test_a_project_without_monitors_says_how_to_declare_them(goldlane: Goldlane) -> None:
    done = goldlane("monitor")

    assert done.code == 2
    assert 'set monitors = "package.module:NAME" under [tool.goldlane]' in done.complaint


def test_what_is_no_monitor_and_two_of_one_table_are_told_at_once(project: Goldlane, tmp_path: Path) -> None:
    (module,) = tmp_path.glob("watch_*.py")
    module.write_text(WATCH + "MONITORS += [MONITORS[0], 'payments']\n")

    done = project("monitor")

    assert done.code == 2
    assert "'payments' is no Monitor; 2 monitors watch default.payments" in done.complaint

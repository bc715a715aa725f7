"""The drift that a report and the catalogue show, out of metric tables of the documented schemas, written here without a JVM."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from deltalake import write_deltalake

from goldlane.features.online.catalogue import Catalogue, Drift
from goldlane.reports import report_of
from goldlane.reports.distributions import Profiled, compared
from goldlane.reports.drifts import DriftSheet, drift_sheet
from goldlane.reports.pages import report_page
from goldlane.reports.provenance import Provenance

if TYPE_CHECKING:
    from pathlib import Path

FIRST = datetime(2026, 1, 1, tzinfo=timezone.utc)
SPAN = pa.struct([("start", pa.timestamp("us", "UTC")), ("end", pa.timestamp("us", "UTC"))])
ITEMS = pa.list_(pa.struct([("item", pa.string()), ("count", pa.int64())]))
SHARED = {"window": SPAN, "granularity": pa.string(), "slice_key": pa.string(), "column_name": pa.string()}
MEASURES = {"population_stability_index": pa.float64(), "js_distance": pa.float64()}
DRIFT = pa.schema({**SHARED, "window_cmp": SPAN, "drift_type": pa.string(), **MEASURES})
PROFILE = pa.schema({**SHARED, "log_type": pa.string(), "count": pa.int64(), "quantiles": pa.list_(pa.float64()), "frequent_items": ITEMS})


def day(number: int) -> dict[str, datetime]:
    return {"start": FIRST + timedelta(days=number), "end": FIRST + timedelta(days=number + 1)}


def drift_row(column: str, number: int, psi: float | None = None, js: float | None = None, **other: Any) -> dict[str, Any]:
    row = {"window": day(number), "granularity": "1 day", "slice_key": None, "column_name": column, "window_cmp": day(number - 1)}
    return {**row, "drift_type": "CONSECUTIVE", "population_stability_index": psi, "js_distance": js, **other}


def profile_row(column: str, number: int, **other: Any) -> dict[str, Any]:
    row = {"window": day(number), "log_type": "INPUT", "granularity": "1 day", "slice_key": None, "column_name": column}
    return {**row, "count": 100, "quantiles": None, "frequent_items": None, **other}


def metric_tables(folder: Path, drift: list[dict[str, Any]], profile: list[dict[str, Any]]) -> Path:
    """The metric tables beside a table ``answers`` that need not be there itself."""
    for kind, rows, schema in (("drift", drift, DRIFT), ("profile", profile, PROFILE)):
        write_deltalake(str(folder / f"answers_{kind}_metrics"), pa.Table.from_pylist(rows, schema))
    return folder / "answers"


@pytest.fixture(scope="module")
def sheet(tmp_path_factory: pytest.TempPathFactory) -> DriftSheet:
    """Three columns over three days; one slice and one coarser granularity beside them."""
    even, shifted = list(np.linspace(0, 100, 101)), list(np.linspace(50, 150, 101))
    before, after = [{"item": "a", "count": 60}, {"item": "b", "count": 40}], [{"item": "b", "count": 90}, {"item": "c", "count": 10}]
    folder = metric_tables(
        tmp_path_factory.mktemp("metrics"),
        [
            *(drift_row("amount", number, psi=psi) for number, psi in ((1, 0.01), (2, 0.02), (3, 2.5))),
            *(drift_row("country", number, js=js) for number, js in ((2, 0.02), (3, 0.15))),
            *(drift_row("calm", number, psi=0.1, js=0.0) for number in (1, 2, 3)),
            *(drift_row("based", 3, psi=psi, drift_type=kind) for kind, psi in (("BASELINE", 0.05), ("CONSECUTIVE", 9.0))),
            drift_row("amount", 3, psi=99.0, slice_key="country"),
            drift_row("amount", 0, psi=99.0, granularity="1 week"),
            drift_row("note", 3),
            drift_row(":table", 3),
        ],
        [
            profile_row("amount", 2, quantiles=even),
            profile_row("amount", 3, quantiles=shifted),
            profile_row("country", 2, frequent_items=before),
            profile_row("country", 3, frequent_items=after),
            profile_row("based", 3, quantiles=even),
            profile_row("based", 0, quantiles=shifted, log_type="BASELINE", window=None, granularity=None),
        ],
    )
    found = drift_sheet(folder, "answers")
    assert found is not None
    return found


def one(sheet: DriftSheet, column: str) -> Drift:
    return next(drift for drift in sheet.drifts if drift.feature == column)


def test_columns_come_worst_first_and_those_that_cannot_be_measured_not_at_all(sheet: DriftSheet) -> None:
    assert [drift.feature for drift in sheet.drifts] == ["amount", "country", "calm", "based"]
    assert (sheet.granularity, sheet.drifted) == ("1 day", 2)
    assert sheet.told == "2 of 4 columns drifted: amount (psi 2.5), country (js 0.15)"


def test_a_column_tells_its_newest_value_and_the_windows_before(sheet: DriftSheet) -> None:
    amount = one(sheet, "amount")

    assert (amount.measure, amount.value, amount.limit, amount.compared) == ("psi", 2.5, 0.2, "the window before")
    assert amount.trend == (0.01, 0.02, 2.5)
    assert (amount.since, amount.at) == (FIRST + timedelta(days=1), FIRST + timedelta(days=3))


def test_numbers_are_told_as_shares_of_the_tenths_before(sheet: DriftSheet) -> None:
    amount = one(sheet, "amount")

    assert amount.before == pytest.approx([0.1] * 10)
    assert amount.now == pytest.approx([0, 0, 0, 0, 0, 0.1, 0.1, 0.1, 0.1, 0.6])


def test_categories_are_told_by_rank_and_never_by_name(sheet: DriftSheet) -> None:
    country = one(sheet, "country")

    assert (country.measure, country.before, country.now) == ("js", (0.6, 0.4, 0.0), (0.0, 0.9, 0.1))


def test_a_baseline_counts_more_than_the_window_before(sheet: DriftSheet) -> None:
    based = one(sheet, "based")

    assert (based.value, based.compared) == (0.05, "the baseline")
    assert based.now == pytest.approx([0.6, 0.1, 0.1, 0.1, 0.1, 0, 0, 0, 0, 0])


def test_drift_comes_back_from_a_stores_json_as_it_was(sheet: DriftSheet) -> None:
    told = Catalogue(drift=sheet.drifts)

    assert Catalogue.from_json(told.to_json()) == told


def test_a_table_without_metrics_is_not_monitored_and_one_without_rows_has_nothing_to_tell(tmp_path: Path) -> None:
    assert drift_sheet(tmp_path / "answers", "answers") is None

    assert drift_sheet(metric_tables(tmp_path, [], []), "answers") == DriftSheet(table="answers")


def test_metrics_that_cannot_be_read_are_told_and_stop_nothing(tmp_path: Path) -> None:
    write_deltalake(str(tmp_path / "answers_drift_metrics"), pa.table({"window": [1]}))

    found = drift_sheet(tmp_path / "answers", "answers")

    assert found is not None
    assert found.problem is not None
    assert found.drifts == ()


def test_metrics_that_cannot_be_read_are_not_told_as_measured_in_the_catalogue(written: Any, define: Any) -> None:
    written.update(*define("answers", schema=[]))
    write_deltalake(str(written.storage.root / "tables" / "default" / "answers_drift_metrics"), pa.table({"window": [1]}))

    told = Provenance(written.storage.root).of("answers")

    assert told is not None
    assert told.drift is None


def test_a_column_that_is_mostly_one_value_has_few_bins() -> None:
    mostly = tuple([0.0] * 90 + [1.0] * 11)

    now, before = compared(Profiled(count=101, quantiles=mostly), Profiled(count=101, quantiles=mostly))

    assert now == before
    assert sum(now) == pytest.approx(1)
    assert len(now) < 4


def test_what_a_monitor_measured_is_on_the_report_and_in_the_catalogue_of_the_next_publish(written: Any, define: Any) -> None:
    written.update(*define("answers", schema=[]), *define("others", schema=[]))
    folder = metric_tables(
        written.storage.root / "tables" / "default",
        [drift_row("amount", 1, psi=0.1), drift_row("amount", 2, psi=0.4)],
        [profile_row("amount", number, quantiles=[1.0 * number, 2.0, 3.0]) for number in (1, 2)],
    )

    report, told = report_of(written.storage.root), Provenance(written.storage.root).of("answers")

    assert report.drift == (drift_sheet(folder, "answers"),)
    assert told is not None
    assert told.drift == report.drift[0].drifts
    page = report_page(report)
    for words in ("1 drifted", "Windows of 1 day", "the newest is 0.4, the limit 0.2", "in the tenths of the window before, now (then)"):
        assert words in page
    assert "<script" not in page


def test_a_table_that_nobody_monitors_has_no_chapter_on_drift(written: Any, define: Any) -> None:
    written.update(*define("answers", schema=[]))

    report = report_of(written.storage.root)

    assert report.drift == ()
    assert "Drift" not in report_page(report)
    told = Provenance(written.storage.root).of("answers")
    assert told is not None
    assert told.drift is None


def test_of_a_table_that_is_monitored_no_more_the_report_says_since_when_and_the_catalogue_nothing(written: Any, define: Any) -> None:
    written.update(*define("answers", schema=[]))
    rows = [drift_row("amount", 1, psi=0.1), drift_row("amount", 2, psi=0.4)]
    metric_tables(written.storage.root / "tables" / "default", rows, [profile_row("amount", 2, quantiles=[1.0, 2.0])])
    asked: list[str] = []

    def is_monitored(table: str) -> bool:
        asked.append(table)
        return False

    report = report_of(written.storage.root, is_monitored=is_monitored)
    told = Provenance(written.storage.root, is_monitored=is_monitored).of("answers")

    (sheet,) = report.drift
    assert (sheet.ended, sheet.drifts, sheet.drifted) == (FIRST + timedelta(days=2), (), 0)
    assert sheet.told == "no longer monitored; the newest window that was compared began at 2026-01-03 00:00 UTC"
    assert "No longer monitored; the newest window that was compared began at 3 Jan 2026, 00:00 UTC." in report_page(report)
    assert told is not None
    assert told.drift is None
    assert asked == ["default.answers"] * 2

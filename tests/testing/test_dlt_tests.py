from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

ORDERS = [(1, 10, "north"), (None, 20, "north"), (None, -1, "north"), (4, 500, "south")]


@pytest.fixture(scope="module")
def project(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dlt") / "project"
    shutil.copytree(Path(__file__).with_name("project"), folder)
    spark.createDataFrame(ORDERS, "id INT, amount INT, region STRING").coalesce(1).write.parquet(str(folder / "orders"))
    return folder


@pytest.fixture(scope="module")
def ran(run_pytest: Any, project: Path) -> Any:
    """The whole project, its options in the ini file."""
    ini = "dlt_tests = test_lane.py\ndlt_sources = lane.py\ndlt_input = raw.orders=orders\ndlt_conf = region=north\n"
    return run_pytest(project, ["."], ini)


def test_each_test_table_and_each_of_its_rules_is_an_item(ran: Any) -> None:
    assert ran.outcomes == {
        "test_lane.py::TEST_orders": "failed",
        "test_lane.py::TEST_orders[has_id]": "failed",
        "test_lane.py::TEST_orders[is_priced]": "failed",
        "test_lane.py::TEST_orders[is_big]": "passed",
        "test_lane.py::totals": "passed",
        "test_lane.py::totals[warned]": "passed",
        "test_lane.py::totals[two_of_them]": "passed",
        "test_lane.py::test_returns": "skipped",
        "test_lane.py::test_returns[weighed]": "skipped",
        "test_plain.py::test_an_ordinary_test_beside_them": "passed",
    }


def test_a_broken_rule_is_told_with_its_place_its_counts_and_a_row(ran: Any, project: Path) -> None:
    told = ran.texts["test_lane.py::TEST_orders[has_id]"]

    assert told.startswith(f"{project}/test_lane.py:8: TEST_orders[has_id]: 2 of 3 rows broke id IS NOT NULL")
    assert 'for example {"id":null,"amount":20,"region":"north"}' in told


def test_a_rule_that_another_row_broke_has_counts_too(ran: Any) -> None:
    assert "1 of 3 rows broke amount > 0" in ran.texts["test_lane.py::TEST_orders[is_priced]"]


def test_a_table_that_its_rules_stopped_names_them_in_short(ran: Any) -> None:
    assert ran.texts["test_lane.py::TEST_orders"].endswith("TEST_orders: stopped by has_id (2 of 3 rows), is_priced (1 of 3 rows)")


def test_the_summary_has_the_counts(ran: Any) -> None:
    assert "FAILED test_lane.py::TEST_orders[has_id] - 2 of 3 rows broke id IS NOT NULL" in ran.terminal


def test_a_rule_that_only_warns_is_a_warning(ran: Any) -> None:
    assert "BrokenRuleWarning: totals[warned]: 1 of 1 rows broke amount > 0" in ran.terminal


def test_tests_of_a_table_that_failed_are_skipped_with_the_reason(ran: Any) -> None:
    assert "it reads returns, which did not complete" in ran.texts["test_lane.py::test_returns[weighed]"]


def test_the_table_under_test_that_failed_is_told_at_the_end(ran: Any, project: Path) -> None:
    assert f"{project}/lane.py:12: returns: " in ran.terminal
    assert "the scale is broken" in ran.terminal.split("tables that DLT tests read failed")[1]


def test_a_chosen_table_brings_its_rules_and_a_run_of_skipped_ones_is_not_green(run_pytest: Any, project: Path) -> None:
    options = ["--dlt-tests", "test_lane.py", "--dlt-sources", "lane.py", "--dlt-input", "raw.orders=orders", "--dlt-conf", "region=x"]

    ran = run_pytest(project, [*options, "test_lane.py::test_returns"])

    assert ran.outcomes == {"test_lane.py::test_returns": "skipped", "test_lane.py::test_returns[weighed]": "skipped"}
    assert ran.exit_code == pytest.ExitCode.TESTS_FAILED


def test_files_that_cannot_be_loaded_are_an_error_of_the_collection_with_every_mistake(run_pytest: Any, tmp_path: Path) -> None:
    (tmp_path / "checks.py").write_text("import dlt\n@dlt.table(nmae='TEST_a')\ndef a(): ...\nraise ValueError('half-way')\n")

    ran = run_pytest(tmp_path, ["--dlt-tests", "checks.py"])

    assert ran.exit_code == pytest.ExitCode.INTERRUPTED
    assert "checks.py:2: " in ran.terminal
    assert "nmae" in ran.terminal


def test_a_pipeline_that_cannot_run_fails_each_item_with_the_cause(run_pytest: Any, tmp_path: Path) -> None:
    (tmp_path / "checks.py").write_text("import dlt\n@dlt.table\ndef TEST_a(): return dlt.read('lost')\n")

    ran = run_pytest(tmp_path, ["--dlt-tests", "checks.py"])

    assert ran.outcomes == {"checks.py::TEST_a": "failed"}
    assert "there is no table 'lost'" in ran.texts["checks.py::TEST_a"]


def test_mistakes_in_the_options_are_told_at_once(run_pytest: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ran = run_pytest(tmp_path, ["--dlt-tests", "lost.py", "--dlt-input", "raw"])

    assert ran.exit_code == pytest.ExitCode.USAGE_ERROR
    assert "lost.py: there is no such path; --dlt-input raw: not KEY=VALUE" in capsys.readouterr().err

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = """
import os
import pytest

@pytest.mark.parametrize("number", range(4))
def test_orders(pipeline, number):
    shop = pipeline("lane.py", configuration={"region": "north"}).feed("raw.orders", [{"id": number, "amount": 1, "region": "north"}])
    shop.run("orders")
    assert shop.rows("orders", "id") == [(number,)]
    worker, context = os.environ["PYTEST_XDIST_WORKER"], shop.spark.sparkContext
    ports = context._gateway.gateway_parameters.port, context.getConf().get("spark.driver.port")
    print("ran", worker, context.applicationId, *ports, shop.storage)
"""


@pytest.mark.slow
def test_workers_have_a_session_and_folders_of_their_own_and_say_which_tables_failed(tmp_path: Path) -> None:
    shutil.copytree(Path(__file__).with_name("project"), tmp_path, dirs_exist_ok=True)
    (tmp_path / "test_orders.py").write_text(TESTS)
    (tmp_path / "orders.json").write_text('{"id": 1, "amount": 1, "region": "north"}\n')
    options = [
        "--dlt-tests",
        "test_lane.py",
        "--dlt-sources",
        "lane.py",
        "--dlt-input",
        "raw.orders=orders.json",
        "--dlt-conf",
        "region=north",
    ]
    # Each worker of this many items gets some of both kinds.
    command = [sys.executable, "-m", "pytest", "-p", "goldlane.testing.plugin", "-n", "2", "-rA", "--rootdir", str(tmp_path), *options, "."]

    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    )

    ran = [line.split()[1:] for line in done.stdout.splitlines() if line.startswith("ran ")]
    applications = {(worker, application, port, driver) for worker, application, port, driver, _ in ran}
    assert len(ran) == 4, done.stdout + done.stderr
    assert len({storage for *_, storage in ran}) == 4
    assert [len(set(values)) for values in zip(*applications, strict=True)] == [2, 2, 2, 2]
    assert "TEST_orders[has_id]" in done.stdout
    assert "tables that DLT tests read failed" in done.stdout
    assert done.returncode == pytest.ExitCode.TESTS_FAILED


@pytest.mark.slow
def test_pytest_starts_no_session_and_imports_nothing_heavy_where_the_plugin_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "import sys, pytest\n"
        "@pytest.fixture\n"
        "def spark(): return 'mine'\n"
        "@pytest.fixture\n"
        "def pipeline(): return 'mine, too'\n"
        "def test_it(spark, pipeline):\n"
        "    assert (spark, pipeline) == ('mine', 'mine, too')\n"
        "    assert not {'pyspark', 'pyarrow', 'deltalake', 'goldlane.pipelines', 'goldlane.session'} & set(sys.modules)\n"
    )
    command = [sys.executable, "-m", "pytest", "-p", "goldlane.testing.plugin", "--rootdir", str(tmp_path), "."]

    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    )

    assert done.returncode == 0, done.stdout + done.stderr

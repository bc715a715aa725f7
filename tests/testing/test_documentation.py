from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "testing.md"


@pytest.mark.slow
def test_the_examples_of_the_page_run(run_pytest: Any, tmp_path: Path) -> None:
    for file, text in re.findall(r"^```python\n# (\S+)\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text(text)
    (tmp_path / "customers.csv").write_text("customer,country\nc1,NO\nc2,SE\n")
    (tmp_path / "data" / "landing" / "orders").mkdir(parents=True)
    orders = '{"id": "o1", "customer": "c1", "amount": "10"}\n{"id": "o2", "customer": "c2", "amount": "-7.00"}\n'
    (tmp_path / "data" / "landing" / "orders" / "day1.json").write_text(orders)

    options = [
        "--dlt-tests",
        "checks",
        "--dlt-sources",
        "lane",
        "--dlt-input",
        "crm.customers=customers.csv",
        "--dlt-map",
        "/Volumes/shop=data",
    ]
    ran = run_pytest(tmp_path, ["tests", *options])

    assert {name: outcome for name, outcome in ran.outcomes.items() if outcome != "passed"} == {
        "checks/orders.py::TEST_revenue": "failed",
        "checks/orders.py::TEST_revenue[is_positive]": "failed",
    }
    assert len(ran.outcomes) == 7
    (told,) = re.findall(r"^checks/orders.py:5: (.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert ran.texts["checks/orders.py::TEST_revenue[is_positive]"] == f"{tmp_path}/checks/orders.py:5: {told.strip()}"

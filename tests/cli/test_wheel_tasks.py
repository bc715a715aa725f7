"""The entry points of wheel tasks over one small storage: a run of a lane, its feature table, two scorers."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

import goldlane
from goldlane.cli.wheel_tasks import run_gate, run_score

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

LANE = """
import dlt

SHOPS = "('S1', TIMESTAMP '2026-01-01', 0.2D), ('S1', TIMESTAMP '2026-01-03', 0.9D), ('S2', TIMESTAMP '2026-01-01', 0.1D)"


@dlt.table
def shops():
    return spark.sql(f"SELECT * FROM VALUES {SHOPS} AS t(shop, as_of, risk)")


@dlt.table
@dlt.expect_or_drop("amount_is_positive", "amount > 0")
def sales():
    return spark.sql(
        "SELECT * FROM VALUES ('t1', 'S1', TIMESTAMP '2026-01-03', 5), ('t2', 'S1', TIMESTAMP '2026-01-04', 6),"
        " ('t3', 'S2', TIMESTAMP '2026-01-02', 7), ('t4', 'S2', TIMESTAMP '2026-01-02', -7) AS t(sale, shop, event_time, amount)"
    )
"""
FEATURES = """
from goldlane.features import Feature, FeatureTable

SHOPS = FeatureTable(
    name="shop_facts", source="shops", keys=("shop",), event_time="as_of",
    features=(Feature(name="risk", type="double", description="a risk"),),
)
FEATURE_TABLES = (SHOPS,)
"""
RULES = """
from goldlane.expectations import Action, Rule, Rules

RULES = {"shops": Rules(Rule(name="risk_is_a_share", predicate="risk BETWEEN 0 AND 1", action=Action.FAIL))}
"""
SCORERS = """
from pyspark.sql import functions as F

def risk(sales):
    return F.col("shop_facts__risk")

def size(sales):
    return F.col("amount")

def wrong(sales):
    return sales
"""
SALES = ("--table", "sales", "--scores", "scores", "--keys", "sale")


@dataclass(frozen=True, kw_only=True)
class Project:
    """Where the application is, and its storages: a sound one, and one whose gold table breaks a rule."""

    root: Path

    def storage(self, name: str = "sound") -> Path:
        return self.root / name

    def scores(self) -> list[tuple[Any, ...]]:
        table = DeltaTable(str(self.storage() / "tables" / "default" / "scores")).to_pyarrow_table()
        return sorted((str(r["day"]), r["scorer"], r["sale"], r["score"], r["run_id"]) for r in table.to_pylist())


@pytest.fixture(scope="module")
def project(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    root = tmp_path_factory.mktemp("wheel")
    (root / "pyproject.toml").write_text('[tool.goldlane]\nfeatures = "wheel_features"\nrules = "wheel_rules"\n')
    for name, text in {"wheel_features": FEATURES, "wheel_rules": RULES, "wheel_scorers": SCORERS}.items():
        (root / f"{name}.py").write_text(text)
    (root / "lane.py").write_text(LANE)
    goldlane.run(root / "lane.py", storage=root / "sound", spark=spark).raise_for_status()
    shutil.copytree(root / "sound", root / "broken")
    at = pa.array([datetime(2026, 1, 4, tzinfo=timezone.utc)], pa.timestamp("us", "UTC"))
    write_deltalake(root / "broken/tables/default/shops", pa.table({"shop": ["S2"], "as_of": at, "risk": [1.5]}), mode="append")
    yield Project(root=root)
    for name in ("wheel_features", "wheel_rules", "wheel_scorers"):
        sys.modules.pop(name, None)


@dataclass(frozen=True, kw_only=True)
class Ended:
    """What a task printed, and how its process would end."""

    code: int
    out: str
    err: str


Task = Callable[..., Ended]


@pytest.fixture
def task(project: Project, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Task:
    """An entry point called with a project of its own, from another folder."""
    monkeypatch.setattr(sys, "path", [*sys.path])

    def called(entry: Callable[[list[str]], None], *arguments: str, storage: str = "sound") -> Ended:
        capsys.readouterr()
        code = 0
        try:
            entry([f"--project={project.root}", f"--storage={project.storage(storage)}", *arguments])
        except SystemExit as ended:
            code = int(ended.code or 0)
        out, err = capsys.readouterr()
        return Ended(code=code, out=out, err=err)

    return called


def test_rows_are_scored_with_what_was_known_before_them_and_a_second_run_replaces_the_first(task: Task, project: Project) -> None:
    both = (*SALES, "--scorers", "wheel_scorers:risk,wheel_scorers:size", "--day", "2026-01-05")

    first = task(run_score, *both, "--run-id", "1")
    again = task(run_score, *both, "--run-id", "2")
    other_day = task(run_score, *SALES, "--scorers=wheel_scorers:size", "--day=2026-01-06", "--run-id=3")

    assert (first.code, again.code, other_day.code) == (0, 0, 0), first.err + again.err + other_day.err
    risk = {"t1": 0.2, "t2": 0.9, "t3": 0.1}
    size = {"t1": 5.0, "t2": 6.0, "t3": 7.0}
    expected = [("2026-01-05", "wheel_scorers:risk", sale, score, "2") for sale, score in risk.items()]
    expected += [("2026-01-05", "wheel_scorers:size", sale, score, "2") for sale, score in size.items()]
    expected += [("2026-01-06", "wheel_scorers:size", sale, score, "3") for sale, score in size.items()]
    assert project.scores() == sorted(expected)
    assert first.out.splitlines()[0].startswith("wheel_scorers:risk (version ")
    assert first.out.splitlines()[0].endswith("): 3 rows")


def test_what_a_scoring_task_lacks_is_named_at_once(task: Task) -> None:
    unknown = task(run_score, *SALES, "--scorers", "wheel_scorers:rsk,nowhere:score,wheel_scorers:size,wheel_scorers:size")
    no_table = task(run_score, "--table=sails", "--scores=scores", "--keys=sale", "--scorers=wheel_scorers:size")
    no_column = task(run_score, "--table=sales", "--scores=scores", "--keys=sail", "--scorers=wheel_scorers:size", "--time=at", "--json")
    no_scores = task(run_score, *SALES, "--scorers=wheel_scorers:wrong")
    no_day = task(run_score, *SALES, "--scorers=wheel_scorers:size", "--day=tomorrow")

    assert (unknown.code, no_table.code, no_column.code, no_scores.code, no_day.code) == (2, 2, 2, 2, 2)
    assert "wheel_scorers has no function 'rsk'; it has risk, size, wrong" in unknown.err
    assert "importing nowhere failed: ModuleNotFoundError" in unknown.err
    assert "wheel_scorers:size is named twice" in unknown.err
    assert "there is no table 'sails' at" in no_table.err
    message = json.loads(no_column.out)["error"]["message"]
    assert message.startswith("scoring sales: 'sail' is no column of sales; is it 'sale'?; 'at' is no column of sales")
    assert "wheel_scorers:wrong gave a DataFrame" in no_scores.err
    assert "--day is a date as in 2026-01-31, not 'tomorrow'" in no_day.err


def test_the_gate_is_open_for_a_sound_update(task: Task) -> None:
    found = task(run_gate, "--json")

    assert found.code == 0, found.err
    rule = {"name": "risk_is_a_share", "action": "fail", "passed": 3, "failed": 0}
    document = json.loads(found.out)
    assert (document["open"], document["reasons"], document["rules"]["shops"][0]) == (True, [], rule)


def test_the_gate_fails_the_job_with_every_reason(task: Task) -> None:
    found = task(run_gate, "--most-dropped=0.2", storage="broken")

    assert found.code == 1
    assert "sales: amount_is_positive dropped 1 of 4 rows, more than 20.00%" in found.err
    assert "shops: risk_is_a_share: 1 of 4 rows break it" in found.err


def test_the_gate_asks_only_about_the_tables_it_is_told(task: Task) -> None:
    sales = task(run_gate, "sales", storage="broken")
    unknown = task(run_gate, "sails", storage="broken")

    assert sales.code == 0, sales.err
    assert (unknown.code, "no update in the event log makes sails" in unknown.err) == (1, True)


def test_in_a_workspace_the_reasons_are_raised_for_the_page_of_the_run(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    from goldlane.cli.gate import QualityError

    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setenv("DATABRICKS_RUNTIME_VERSION", "17.0")

    with pytest.raises(QualityError, match="risk_is_a_share: 1 of 4 rows break it"):
        run_gate([f"--project={project.root}", f"--storage={project.storage('broken')}"])

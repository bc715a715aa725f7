"""Every notebook over one lane of sample data: what it answers, and what it leaves behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from deltalake import DeltaTable

import goldlane
from features import FEATURE_TABLES
from goldlane.cli.wheel_tasks import run_gate, run_score
from goldlane.features import open_store
from pipelines import sample

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from goldlane.pipelines import Update

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
Notebook = Callable[..., Any]


@dataclass(frozen=True, kw_only=True)
class Lane:
    """The lane computed once; a notebook that writes, writes a table of its own."""

    folder: Path
    update: Update

    @property
    def storage(self) -> Path:
        return self.folder / "storage"

    def rows(self, name: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = DeltaTable(str(self.storage / "tables" / "default" / name)).to_pyarrow_table().to_pylist()
        return found


@pytest.fixture(scope="module")
def lane(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lane]:
    folder = tmp_path_factory.mktemp("notebooks")
    sample.write(folder / "landing", transactions=1_500, seed=11, faults=0.02)
    conf = {"payments.landing": str(folder / "landing")}
    update = goldlane.run(ROOT / "pipelines" / "dlt", storage=folder / "storage", spark=spark, configuration=conf).raise_for_status()
    (folder / "pyproject.toml").write_text('[tool.goldlane]\nfeatures = "features"\nrules = "expectations"\n')
    yield Lane(folder=folder, update=update)
    import mlflow

    mlflow.set_tracking_uri(None)


@pytest.fixture(autouse=True)
def project(lane: Lane, monkeypatch: pytest.MonkeyPatch) -> None:
    """The working folder is a project of its own: what a notebook keeps by default must not land in this one."""
    monkeypatch.chdir(lane.folder)


def test_publishing_brings_every_table_into_the_store_and_again_nothing(lane: Lane, notebook: Notebook) -> None:
    url = f"sqlite:///{lane.folder}/online.db"

    first = notebook("publish_features", storage=lane.storage, store=url, mode="snapshot")
    again = notebook("publish_features", storage=lane.storage, store=url)

    assert set(first) == {table.name for table in FEATURE_TABLES}
    assert min(first.values()) > 0
    assert set(again.values()) == {0}
    store = open_store(url)
    merchant = lane.rows("merchant_features")[0]["merchant_id"]
    assert store.lookup("merchant_features", {"merchant_id": merchant}).missing == ()
    store.close()


def test_the_quarantine_is_counted_table_by_table(lane: Lane, notebook: Notebook, capsys: pytest.CaptureFixture[str]) -> None:
    counts = notebook("inspect_quarantine", storage=lane.storage)

    assert counts == {name: len(lane.rows(name)) for name in counts}
    assert counts["silver_transactions_quarantine"] > 0
    assert "Amounts arrive as text; one that is no number would vanish from every sum." in capsys.readouterr().out


def test_exploring_tells_how_each_number_moves_with_fraud(lane: Lane, notebook: Notebook) -> None:
    found = notebook("explore_features", storage=lane.storage)

    assert 0 < found["labels"] < len(lane.rows("silver_transactions"))
    assert {"amount", "merchant_features__fraud_rate_30d", "customer_features__txn_count_1d"} <= set(found["correlations"])
    assert found["correlations"]["amount"] > 0


def test_a_trained_model_is_registered_with_all_it_was_made_of_and_scores_a_table(lane: Lane, notebook: Notebook) -> None:
    import mlflow

    trained = notebook("train_fraud_model", storage=lane.storage, model="fraud_model")

    run = mlflow.MlflowClient().get_run(trained["run_id"])
    known = DeltaTable(str(lane.storage / "tables" / "default" / "merchant_features")).version()
    assert mlflow.get_tracking_uri() == f"sqlite:///{lane.folder.resolve()}/.goldlane/mlflow.db"
    assert run.info.artifact_uri.startswith((lane.folder / ".goldlane" / "mlflow").as_uri())
    assert f"merchant_features@{known}: {lane.update.update_id}" in run.data.tags["goldlane.updates"]
    assert set(run.data.metrics) == {"average_precision", "roc_auc", "precision_at_100", "fraud_rate"}
    signature = mlflow.models.get_model_info(f"models:/fraud_model/{trained['version']}").signature
    assert {"merchant_id", "customer_id", "amount", "merchant_features__fraud_rate_30d"} <= set(signature.inputs.input_names())
    run_score(
        [
            f"--storage={lane.storage}",
            "--table=silver_transactions",
            "--scores=model_scores",
            "--keys=transaction_id",
            "--scorers=fraud_model",
        ]
    )
    scores = lane.rows("model_scores")
    assert len(scores) == len(lane.rows("silver_transactions"))
    assert {(row["scorer"], row["model_version"]) for row in scores} == {("fraud_model", str(trained["version"]))}
    assert all(0 <= row["score"] <= 1 for row in scores)


def test_the_gate_is_open_for_the_lane(lane: Lane) -> None:
    run_gate([f"--storage={lane.storage}", "--most-dropped=0.1"])


def test_an_evaluation_counts_what_the_alerts_caught_and_again_the_same(lane: Lane, notebook: Notebook) -> None:
    scorers = "features.scorers:merchant_risk,features.scorers:card_velocity"
    task = [f"--storage={lane.storage}", "--table=silver_transactions", "--scores=transaction_scores", "--keys=transaction_id"]
    run_score([*task, f"--scorers={scorers}", "--day=2026-04-01", "--run-id=1"])

    told = notebook("batch_evaluation", storage=lane.storage, alerts=3)
    first = lane.rows("scorer_metrics")
    notebook("batch_evaluation", storage=lane.storage, alerts=3)

    frauds = {row["transaction_id"] for row in lane.rows("silver_chargebacks") if row["reason"] == "fraud"}
    scored = lane.rows("transaction_scores")
    for scorer in scorers.split(","):
        of_scorer = [row for row in first if row["scorer"] == scorer]
        assert sum(row["transactions"] for row in of_scorer) == len(scored) / 2
        assert sum(row["frauds"] for row in of_scorer) == len(frauds & {row["transaction_id"] for row in scored})
        assert sum(row["alerts_caught"] for row in of_scorer) == _caught_by_hand(scored, scorer, frauds, alerts=3)
    assert told["day"] == "2026-04-01"
    assert sorted(map(str, lane.rows("scorer_metrics"))) == sorted(map(str, first))


def test_an_evaluation_of_no_scores_says_so(notebook: Notebook, spark: SparkSession, tmp_path: Path) -> None:
    spark.range(0).selectExpr("current_date() AS day").write.format("delta").save(
        str(tmp_path / "tables" / "default" / "transaction_scores")
    )

    assert notebook("batch_evaluation", storage=tmp_path) == {"day": None, "alerts_caught": {}}


def _caught_by_hand(scored: list[dict[str, Any]], scorer: str, frauds: set[str], *, alerts: int) -> int:
    by_day: dict[Any, list[dict[str, Any]]] = {}
    for row in scored:
        if row["scorer"] == scorer:
            by_day.setdefault(row["event_time"].date(), []).append(row)
    best = [row for rows in by_day.values() for row in sorted(rows, key=lambda row: (-row["score"], row["transaction_id"]))[:alerts]]
    return sum(row["transaction_id"] in frauds for row in best)

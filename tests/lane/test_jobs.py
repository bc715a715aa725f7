"""The jobs of the lane's bundle, from the YAML that is deployed: sample data in, answers, scores and metrics out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from deltalake import DeltaTable

from features import CUSTOMER_FEATURES, MERCHANT_FEATURES, REAL_TIME_FEATURES
from goldlane.bundles.running import Request, run_job
from goldlane.features import open_store
from goldlane.settings import read_settings
from pipelines import sample

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from goldlane.bundles.running.outcome import Outcome

pytestmark = pytest.mark.slow  # the whole lane, every notebook and wheel task: minutes; that each job can run is tests/bundles' affair

ROOT = Path(__file__).parents[2]
SCORERS = {"features.scorers:merchant_risk", "features.scorers:card_velocity"}


@dataclass(frozen=True)
class Jobs:
    """Jobs over one storage, which share the tests' Spark."""

    folder: Path
    spark: SparkSession

    def run(self, job: str, target: str = "dev", **parameters: str) -> Outcome:
        return run_job(
            Request(
                root=ROOT,
                job=job,
                target=target,
                storage=self.folder / "storage",
                parameters={**({"store": self.store} if job == "feature_refresh" else {}), **parameters},
                paths={"/Volumes/main/payments/landing": str(self.folder / "landing")},
                settings=read_settings(ROOT),
                spark=self.spark,
            )
        )

    @property
    def store(self) -> str:
        return f"sqlite:///{self.folder / 'online.db'}"

    def rows(self, table: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = DeltaTable(self.folder / "storage" / "tables" / "main.payments" / table).to_pyarrow_table().to_pylist()
        return rows


@pytest.fixture(scope="module")
def jobs(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Jobs:
    folder = tmp_path_factory.mktemp("jobs")
    sample.write(folder / "landing", transactions=3000)
    return Jobs(folder=folder, spark=spark)


@pytest.fixture(scope="module")
def outcomes(jobs: Jobs) -> Mapping[str, Outcome]:
    """Every scheduled job, in the order of a week."""
    return {
        "feature_refresh": jobs.run("feature_refresh"),
        "batch_evaluation": jobs.run("batch_evaluation", days="60"),
        "monitoring_refresh": jobs.run("monitoring_refresh"),
    }


def states(outcome: Outcome) -> dict[str, str]:
    return {key: end.result.value for key, end in outcome.tasks.items()}


def faults(outcome: Outcome) -> list[str]:
    return [f"{key}: {end.fault}" for key, end in outcome.tasks.items() if end.fault is not None]


def test_feature_refresh_updates_the_pipeline_asks_the_gate_and_publishes(outcomes: Mapping[str, Outcome], jobs: Jobs) -> None:
    outcome = outcomes["feature_refresh"]

    assert states(outcome) == dict.fromkeys(["pipeline_is_triggered", "update_payments", "quality_gate", "publish_features"], "SUCCESS"), (
        faults(outcome)
    )
    newest = max(jobs.rows("merchant_features"), key=lambda row: row["as_of"])
    store = open_store(jobs.store)
    answer = store.lookup("merchant_features", {"merchant_id": newest["merchant_id"]})
    assert (answer.as_of, answer.features["weekly_velocity"]) == (newest["as_of"], newest["weekly_velocity"])
    assert {each.table.name for each in store.publications()} == {
        table.name for table in (MERCHANT_FEATURES, CUSTOMER_FEATURES, REAL_TIME_FEATURES)
    }


def test_batch_evaluation_scores_every_high_risk_transaction_with_every_scorer(outcomes: Mapping[str, Outcome], jobs: Jobs) -> None:
    outcome = outcomes["batch_evaluation"]

    assert states(outcome) == dict.fromkeys(["select_high_risk", "run_scorers", "update_metrics"], "SUCCESS"), faults(outcome)
    selected = {row["transaction_id"] for row in jobs.rows("high_risk_transactions")}
    assert selected
    assert sorted((row["transaction_id"], row["scorer"]) for row in jobs.rows("transaction_scores")) == sorted(
        (transaction, scorer) for transaction in selected for scorer in SCORERS
    )
    assert {row["scorer"] for row in jobs.rows("scorer_metrics")} == SCORERS


def test_a_transaction_is_of_high_risk_by_what_was_known_before_it(outcomes: Mapping[str, Outcome], jobs: Jobs) -> None:
    del outcomes
    known: dict[str, list[dict[str, Any]]] = {}
    for row in jobs.rows("merchant_features"):
        known.setdefault(row["merchant_id"], []).append(row)

    for sale in jobs.rows("high_risk_transactions"):
        before = max((row for row in known[sale["merchant_id"]] if row["as_of"] < sale["event_time"]), key=lambda row: row["as_of"])
        assert (before["risk_tier"], before["fraud_rate_30d"]) == ("high", sale["fraud_rate_30d"])


def test_monitoring_refresh_profiles_what_is_watched_and_looks_at_the_quarantine(outcomes: Mapping[str, Outcome], jobs: Jobs) -> None:
    outcome = outcomes["monitoring_refresh"]

    assert outcome.is_good, faults(outcome)
    assert states(outcome)["inspect_quarantine"] == "SUCCESS"
    for table in ("merchant_features", "customer_features", "silver_transactions"):
        assert jobs.rows(f"{table}_profile_metrics")


def test_in_production_the_pipeline_goes_on_by_itself_and_the_job_begins_with_the_gate(outcomes: Mapping[str, Outcome], jobs: Jobs) -> None:
    del outcomes

    outcome = jobs.run("feature_refresh", target="prod")

    expected = {"pipeline_is_triggered": "SUCCESS", "update_payments": "EXCLUDED", "quality_gate": "SUCCESS", "publish_features": "SUCCESS"}
    assert states(outcome) == expected, faults(outcome)

"""A model logged with its training set finds its features by itself, and predicts the same offline, online and served."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from goldlane.errors import MissingExtraError, UsageError
from goldlane.features import FeatureTable, TrainingSet, log_model, open_store, publish, score, training_set
from goldlane.features.declarations import Feature
from goldlane.features.errors import TrainingError
from goldlane.features.feature_models import load_feature_model
from goldlane.features.model_inputs import Predictor, conformed
from goldlane.features.online import OnlineStore
from goldlane.features.online_rows import looked_up

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyspark.sql import SparkSession

NOON = datetime(2026, 1, 1, 12, tzinfo=timezone.utc)
LONG_AGO = datetime(2001, 1, 1, tzinfo=timezone.utc)
MERCHANTS = FeatureTable(
    name="merchants",
    keys=("merchant_id",),
    event_time="as_of",
    features=tuple(
        Feature(name=name, type=kind, description=f"a {kind}")
        for name, kind in {"sales": "bigint", "share": "double", "fee": "decimal(9,3)", "known": "boolean", "since": "timestamp"}.items()
    ),
    ttl=timedelta(days=9000),
)
ROWS = [
    ("m1", NOON, 10, 0.25, Decimal("1.125"), True, LONG_AGO),
    ("m2", NOON, None, None, None, None, None),
    ("m3", LONG_AGO, 30, 0.75, Decimal("3.375"), False, NOON),
]
MOMENTS = (LONG_AGO - timedelta(seconds=1), LONG_AGO, LONG_AGO + timedelta(days=9000), NOON - timedelta(microseconds=1), NOON)
INPUTS = ("amount", "sales", "share", "fee", "known")


@dataclass(frozen=True, kw_only=True)
class Logged:
    """A model in a tracking store of its own, and where its features are."""

    uri: str
    run_id: str
    training: TrainingSet
    storage: Path
    store: OnlineStore


@pytest.fixture(scope="module")
def logged(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Logged]:
    import mlflow
    from deltalake import write_deltalake
    from sklearn.tree import DecisionTreeRegressor

    from goldlane.features.arrow_batches import arrow_schema

    folder = tmp_path_factory.mktemp("scoring")
    schema = arrow_schema(MERCHANTS)
    arrow = _arrow([dict(zip(schema.names, row, strict=True)) for row in ROWS], schema)
    (folder / "tables" / "default").mkdir(parents=True)
    began = datetime.now(timezone.utc)
    write_deltalake(str(folder / "tables" / "default" / "merchants"), arrow)
    origin = {"update_id": "an-update", "dataset_name": "default.merchants"}
    times = (began, datetime.now(timezone.utc) + timedelta(seconds=1))
    events = [{"timestamp": at, "event_type": "flow_progress", "origin": origin} for at in times]
    write_deltalake(str(folder / "system" / "events"), _arrow(events, None))
    store = open_store(f"sqlite:///{folder}/online.db")
    publish(MERCHANTS, folder, store)
    labels = spark.createDataFrame(
        [("m1", NOON, 5, 1.0), ("m2", NOON, 7, 2.0), ("m3", NOON, 5, 3.0), ("m4", NOON, 9, 4.0)],
        "merchant_id string, at timestamp, amount int, loss double",
    )
    mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
    experiment = mlflow.create_experiment("scoring", artifact_location=(folder / "artifacts").as_uri())
    made = training_set(labels, [MERCHANTS], storage=folder, label="loss", label_time="at")
    fitted = made.to_pandas()
    with mlflow.start_run(experiment_id=experiment) as run:
        tree = DecisionTreeRegressor(random_state=0).fit(fitted[list(INPUTS)], fitted["loss"])
        info = log_model(tree, made, inputs=INPUTS, store=f"sqlite:///{folder}/online.db")
    yield Logged(uri=info.model_uri, run_id=run.info.run_id, training=made, storage=folder, store=store)
    store.close()
    mlflow.set_tracking_uri(None)


def _arrow(rows: list[dict[str, Any]], schema: Any) -> Any:
    import pyarrow as pa

    return pa.Table.from_pylist(rows, schema=schema)


KEYS = [{"merchant_id": f"m{number}", "amount": 5} for number in (1, 2, 3, 4)]


def test_offline_and_online_predictions_are_equal_for_the_newest_rows(logged: Logged, spark: SparkSession) -> None:
    keys = spark.createDataFrame(pd.DataFrame(KEYS))

    offline = score(logged.uri, keys, logged.storage).orderBy("merchant_id").toPandas()
    online = pd.DataFrame(score(logged.uri, KEYS, logged.store))

    assert online["prediction"].tolist() == offline["prediction"].tolist()
    assert list(offline.columns) == [*keys.columns, *logged.training.record.features, "prediction"] == list(online.columns)
    assert offline["sales"].isna().tolist() == online["sales"].isna().tolist() == [False, True, True, True]


def test_the_served_model_reads_its_store_by_itself(logged: Logged) -> None:
    import mlflow

    served = mlflow.pyfunc.load_model(logged.uri).predict(pd.DataFrame(KEYS))

    assert served.tolist() == [row["prediction"] for row in score(logged.uri, KEYS)]


def test_offline_rows_are_scored_as_of_their_own_time_from_the_recorded_tables(logged: Logged, spark: SparkSession) -> None:
    keys = spark.createDataFrame([("m1", NOON - timedelta(seconds=1), 5), ("m1", NOON, 5)], "merchant_id string, at timestamp, amount int")

    scored = score(logged.uri, keys).orderBy("at").collect()

    assert [row["sales"] for row in scored] == [None, 10]
    assert scored[1]["prediction"] == 1.0


@pytest.mark.slow
@settings(max_examples=3, phases=[Phase.explicit, Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    asked=st.lists(
        st.tuples(st.sampled_from(["m1", "m2", "m3", "m4"]), st.sampled_from(MOMENTS), st.integers(0, 9)), min_size=1, max_size=30
    )
)
def test_any_rows_are_scored_by_what_was_known_offline_and_is_newest_online(
    logged: Logged, spark: SparkSession, asked: list[tuple[str, datetime, int]]
) -> None:
    keys = spark.createDataFrame([(i, *row) for i, row in enumerate(asked)], "id int, merchant_id string, at timestamp, amount int")

    offline = score(logged.uri, keys, logged.storage).orderBy("id").collect()
    online = score(logged.uri, [{"merchant_id": merchant, "amount": amount} for merchant, _, amount in asked], logged.store)

    model = load_feature_model(logged.uri)[0].predictor
    known = [(amount, *known_at(merchant, at)) for merchant, at, amount in asked]
    newest = [(amount, *known_at(merchant, datetime.now(timezone.utc))) for merchant, _, amount in asked]
    assert [[row[name] for name in INPUTS] for row in offline] == [list(row) for row in known]
    assert [row["prediction"] for row in offline] == model.predict(pd.DataFrame(known, columns=list(INPUTS))).tolist()
    assert [[row[name] for name in INPUTS] for row in online] == [list(row) for row in newest]
    assert [row["prediction"] for row in online] == model.predict(pd.DataFrame(newest, columns=list(INPUTS))).tolist()


def known_at(merchant: str, at: datetime) -> tuple[Any, ...]:
    """The features but the last one, which is no input; all NULL for who is unknown, comes later or is expired."""
    rows = [row[2:6] for row in ROWS if row[0] == merchant and row[1] <= at <= row[1] + timedelta(days=9000)]
    return rows[0] if rows else (None,) * 4


def test_what_no_store_tells_is_refused_online(logged: Logged) -> None:
    record = logged.training.record
    asked = replace(record, question=replace(record.question, skip_nulls=True, ttl=timedelta.max))

    with pytest.raises(TrainingError) as refused:
        looked_up(KEYS, asked, logged.store)

    skipped, older = refused.value.mistakes
    assert skipped == "the training set has each feature's last value that is not NULL (skip_nulls), and a store has that of the newest row"
    assert older.endswith("and a store tells none older than 9000 days, 0:00:00")


def test_a_run_knows_the_training_set_as_datasets_and_tags(logged: Logged) -> None:
    import mlflow

    run = mlflow.MlflowClient().get_run(logged.run_id)

    record = logged.training.record
    (merchants,) = record.tables
    assert merchants.pin is not None
    assert {(each.dataset.name, each.dataset.digest) for each in run.inputs.dataset_inputs} == {
        ("loss by at", record.digest),
        ("merchants", f"{merchants.pin.table_id[:8]}@0"),
    }
    assert run.data.tags["goldlane.definitions"] == record.definitions
    assert run.data.tags["goldlane.sources"] == "merchants@0"
    assert run.data.tags["goldlane.updates"] == "merchants@0: an-update"
    model = mlflow.get_logged_model(mlflow.models.get_model_info(logged.uri).model_id)
    assert model.tags["goldlane.updates"] == "merchants@0: an-update"
    of_source = {each.dataset.name: {tag.key: tag.value for tag in each.tags} for each in run.inputs.dataset_inputs}["merchants"]
    assert (of_source["goldlane.version"], of_source["goldlane.update_id"]) == ("0", "an-update")
    assert mlflow.artifacts.load_text(f"{run.info.artifact_uri}/training_set.json") == record.to_json()


def test_what_scoring_lacks_is_named_all_at_once(logged: Logged, spark: SparkSession) -> None:
    otherwise = replace(MERCHANTS, ttl=None)

    with pytest.raises(TrainingError, match=r"merchants.ttl_s was 777600000.0 and is None"):
        score(logged.uri, spark.createDataFrame(pd.DataFrame(KEYS)), {otherwise: logged.storage / "tables" / "default" / "merchants"})
    with pytest.raises(TrainingError, match="input 'amount' is no feature, and no column of the rows"):
        score(logged.uri, spark.createDataFrame([("m1",)], "merchant_id string"), logged.storage)
    with pytest.raises(TrainingError, match="key 'merchant_id' is missing in 1 of 2 rows, first in row 1"):
        score(logged.uri, [KEYS[0], {"amount": 1}], logged.store)


def test_rows_of_the_wrong_kind_are_told_where_they_belong(logged: Logged, spark: SparkSession) -> None:
    keys = pd.DataFrame(KEYS)

    with pytest.raises(UsageError, match="a DataFrame is scored from tables"):
        score(logged.uri, spark.createDataFrame(keys), logged.store)  # type: ignore[call-overload]  # the mistake
    with pytest.raises(UsageError, match=r"keys are a Spark DataFrame .* or a list of mappings .*, not a DataFrame"):
        score(logged.uri, keys, logged.store)  # type: ignore[call-overload]  # the mistake


def test_a_store_that_serves_another_definition_is_refused(logged: Logged, tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/online.db")
    publish(replace(MERCHANTS, name="others", source="merchants"), logged.storage, store)
    with pytest.raises(TrainingError, match="the store has no table 'merchants'; it has others"):
        score(logged.uri, KEYS, store)

    publish(replace(MERCHANTS, features=MERCHANTS.features[:-1]), logged.storage, store)

    with pytest.raises(TrainingError, match=r"merchants.since is gone in the store"):
        score(logged.uri, KEYS, store)
    store.close()


def test_inputs_a_training_set_lacks_are_refused(logged: Logged) -> None:
    with pytest.raises(TrainingError, match=r"'loss' is no column to learn from; there are amount, sales, .*; predicts must be one of"):
        log_model(None, logged.training, inputs=["loss"], predicts="tensor")


def test_without_mlflow_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", None)

    with pytest.raises(MissingExtraError, match=r"scoring needs the extra 'mlflow' \(pip install 'goldlane\[mlflow\]'\)"):
        score("models:/m", [])


@pytest.mark.parametrize(
    "kind, offline, online, seen",
    [
        ("bigint", [1.0, np.nan], [1, None], [1.0, np.nan]),
        ("decimal(9,3)", [Decimal("0.100"), None], [Decimal("0.100"), None], [0.1, np.nan]),
        ("boolean", [True, None], [True, None], [1.0, np.nan]),
        ("string", ["a", None], ["a", None], ["a", None]),
        ("timestamp", [NOON.timestamp() * 1e6, np.nan], [NOON, None], [pd.Timestamp("2026-01-01T12:00"), pd.NaT]),
        (
            "date",
            [86_400_000_000.0, np.nan],
            [datetime(1970, 1, 2, tzinfo=timezone.utc).date(), None],
            [pd.Timestamp("1970-01-02"), pd.NaT],
        ),
    ],
)
def test_a_model_sees_one_form_of_a_value_wherever_it_came_from(kind: str, offline: Any, online: Any, seen: Any) -> None:
    expected = conformed(pd.DataFrame({"v": offline}), {"v": kind})

    pd.testing.assert_frame_equal(conformed(pd.DataFrame({"v": online}), {"v": kind}), expected)
    assert [value if pd.notna(value) else None for value in expected["v"]] == [value if pd.notna(value) else None for value in seen]


def test_a_model_may_be_a_function_and_gives_one_prediction_per_row() -> None:
    rows = pd.DataFrame({"sales": [1, None], "beside": ["a", "b"]}, index=[7, 3])

    doubled = Predictor(model=lambda frame: frame["sales"] * 2, inputs={"sales": "bigint"}).predict(rows)

    pd.testing.assert_series_equal(doubled, pd.Series([2.0, np.nan], index=[7, 3]), check_names=False)
    with pytest.raises(TrainingError, match=r"2 rows gave an array of shape \(2, 2\)"):
        Predictor(model=lambda frame: np.zeros((len(frame), 2)), inputs={"sales": "bigint"}).predict(rows)
    with pytest.raises(TrainingError, match="input 'velocity' is no column of the rows"):
        Predictor(model=len, inputs={"velocity": "bigint"}).predict(rows)

"""Model quality on Spark, beside scikit-learn: by window, slice and model, for every shape that probabilities come in."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from goldlane.monitoring import InferenceLog
from goldlane.monitoring.quality import Measured, model_classes, model_quality
from goldlane.monitoring.quality.columns import scores

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is what the figures are held against")

BY = ("window", "slice_key", "slice_value", "model")
YOUNG = "age < 25"
CHANCE = np.random.default_rng(11)


def answer(number: int) -> dict[str, Any]:
    """One row: three classes with probabilities, in one of two windows, of one of two groups."""
    label = str(CHANCE.choice(["a", "a", "b", "c"]))
    raw = [CHANCE.random() + (name == label) for name in "abc"]
    likely = {name: round(float(one) / float(sum(raw)), 2) for name, one in zip("abc", raw, strict=True)}
    prediction = max(likely, key=lambda name: likely[name])
    return {"window": number % 2, "model": "m1", "young": number % 3 == 0, "label": label, "prediction": prediction, "likely": likely}


ROWS = [answer(number) for number in range(150)]
SCHEMA = (
    "window INT, slice_key STRING, slice_value STRING, model STRING, prediction STRING, label STRING, likely MAP<STRING, DOUBLE>, "
    "spam BOOLEAN, flagged DOUBLE, chance DOUBLE, amount DECIMAL(9, 2), guess DOUBLE"
)


def two_classes(number: int) -> tuple[bool, float, float]:
    """A true or false label, its prediction as 1.0 or 0.0, and the probability of true."""
    spam = number % 4 == 0
    noise = float(np.random.default_rng(number).normal(0.6 if spam else 0.4, 0.2))
    chance = round(min(0.99, max(0.01, noise)), 2)
    return spam, float(chance > 0.5), chance


def amounts(number: int) -> tuple[str, float]:
    """A label with two digits, and its prediction."""
    chance = np.random.default_rng(number)
    amount = round(float(chance.uniform(1, 50)), 2)
    return str(amount), amount + float(chance.normal(0, 3))


@pytest.fixture(scope="module")
def measured(spark: SparkSession) -> dict[str, dict[Any, Any]]:
    """Every figure of this file, by problem and (window, slice_value): computed once."""
    told = []
    for number, row in enumerate(ROWS):
        amount, guess = amounts(number)
        rest = (row["model"], row["prediction"], row["label"], row["likely"], *two_classes(number), Decimal(amount), guess)
        told += [(row["window"], None, None, *rest), (row["window"], YOUNG, str(row["young"]).lower(), *rest)]
    # Rows that cannot be judged: no label, no prediction, no number. They must change nothing.
    told += [(0, None, None, "m1", None, None, None, None, None, None, None, None)]
    told += [(0, None, None, "m1", "a", None, {"a": 1.0}, None, 1.0, 0.3, None, math.nan)]
    frame = spark.createDataFrame(told, SCHEMA).cache()
    logs = {
        "classes": InferenceLog(problem_type="classification", prediction="prediction", label="label", prediction_proba="likely", **COMMON),
        "number": InferenceLog(problem_type="classification", prediction="flagged", label="spam", prediction_proba="chance", **COMMON),
        "amounts": InferenceLog(problem_type="regression", prediction="guess", label="amount", **COMMON),
    }
    return {name: by_group(model_quality(frame, log, BY)) for name, log in logs.items()}


COMMON: Any = {"timestamp": "at", "granularities": ("1 day",), "model_id": "model"}


def by_group(measured: Measured) -> dict[Any, Any]:
    assert measured.problems == ()
    assert measured.rows is not None
    return {(row["window"], row["slice_value"]): row for row in measured.rows.collect()}


def chosen(window: int, young: bool | None = None) -> list[int]:  # noqa: FBT001  a group is either, or both
    return [number for number, row in enumerate(ROWS) if row["window"] == window and (young is None or row["young"] == young)]


def test_every_window_and_slice_has_its_row(measured: dict[str, dict[Any, Any]]) -> None:
    assert set(measured["classes"]) == {(window, value) for window in (0, 1) for value in (None, "true", "false")}


@pytest.mark.parametrize("young", [None, True, False], ids=["all", "true", "false"])
def test_accuracy_and_f1_are_those_of_scikit_learn(measured: dict[str, dict[Any, Any]], young: bool | None) -> None:  # noqa: FBT001  a group
    rows = [ROWS[number] for number in chosen(0, young)]
    labels, answers = [row["label"] for row in rows], [row["prediction"] for row in rows]

    told = measured["classes"][0, None if young is None else str(young).lower()]

    assert told["accuracy_score"] == pytest.approx(metrics.accuracy_score(labels, answers))
    assert told["f1_score"]["macro"] == pytest.approx(metrics.f1_score(labels, answers, average="macro"))
    counts = {(one["label"], one["prediction"]): one["count"] for one in told["confusion_matrix"]}
    theirs = metrics.confusion_matrix(labels, answers, labels=list("abc"))
    assert [[counts.get((label, name), 0) for name in "abc"] for label in "abc"] == theirs.tolist()


def test_log_loss_and_roc_of_three_classes_are_those_of_scikit_learn(measured: dict[str, dict[Any, Any]]) -> None:
    rows = [ROWS[number] for number in chosen(1)]
    labels = [row["label"] for row in rows]
    likely = [[row["likely"][name] for name in "abc"] for row in rows]

    told = measured["classes"][1, None]

    losses = [-math.log(row["likely"][row["label"]]) for row in rows]
    assert told["log_loss"] == pytest.approx(sum(losses) / len(losses))
    columns = zip("abc", zip(*likely, strict=True), strict=True)
    areas = {name: metrics.roc_auc_score([label == name for label in labels], column) for name, column in columns}
    assert told["roc_auc_score"]["one_vs_all"] == pytest.approx(areas)
    assert told["roc_auc_score"]["macro"] == pytest.approx(sum(areas.values()) / 3)


def test_one_probability_of_two_classes_says_what_scikit_learn_says(measured: dict[str, dict[Any, Any]]) -> None:
    spam, flagged, chance = zip(*(two_classes(number) for number in chosen(0)), strict=True)

    told = measured["number"][0, None]

    assert told["accuracy_score"] == pytest.approx(metrics.accuracy_score(spam, [bool(one) for one in flagged]))
    assert told["log_loss"] == pytest.approx(metrics.log_loss(spam, chance))
    assert told["roc_auc_score"]["one_vs_all"]["1"] == pytest.approx(metrics.roc_auc_score(spam, chance))


def test_probabilities_are_a_map_an_array_in_the_classes_order_or_the_number_of_the_greater_class(spark: SparkSession) -> None:
    frame = spark.createDataFrame(
        [(0.2, [0.8, 0.2], {"0": 0.8, "1": 0.2}), (None, None, None), (1.0, [0.1], {"1": 1.0})],
        "number DOUBLE, array ARRAY<DOUBLE>, map MAP<STRING, DOUBLE>",
    )

    told = frame.select(*(scores(name, frame.schema[name].dataType, ["0", "1"]).alias(name) for name in frame.columns)).collect()

    assert [row.asDict() for row in told] == [
        {"number": {"0": 0.8, "1": 0.2}, "array": {"0": 0.8, "1": 0.2}, "map": {"0": 0.8, "1": 0.2}},
        {"number": None, "array": None, "map": None},
        {"number": {"0": 0.0, "1": 1.0}, "array": None, "map": {"1": 1.0}},
    ]


def test_a_boolean_label_and_a_prediction_that_is_a_number_are_one_pair_of_classes(measured: dict[str, dict[Any, Any]]) -> None:
    assert set(measured["number"][0, None]["precision"]["one_vs_all"]) == {"0", "1"}


def test_fairness_stands_on_the_protected_slice_only(measured: dict[str, dict[Any, Any]]) -> None:
    def precision(young: bool) -> float:  # noqa: FBT001  one of two groups
        rows = [ROWS[number] for number in chosen(0, young)]
        return float(metrics.precision_score([row["label"] for row in rows], [row["prediction"] for row in rows], average=None)[1])

    told = measured["classes"]

    assert told[0, "true"]["predictive_parity"]["b"] == pytest.approx(precision(True) - precision(False))
    assert told[0, "false"]["predictive_parity"] is None
    assert told[0, None]["predictive_parity"] is None


def test_a_regression_is_measured_as_scikit_learn_measures_it(measured: dict[str, dict[Any, Any]]) -> None:
    amount, guess = zip(*((float(amount), guess) for amount, guess in (amounts(number) for number in chosen(0))), strict=True)

    told = measured["amounts"][0, None]

    assert told["mean_squared_error"] == pytest.approx(metrics.mean_squared_error(amount, guess))
    assert told["root_mean_squared_error"] == pytest.approx(metrics.root_mean_squared_error(amount, guess))
    assert told["mean_average_error"] == pytest.approx(metrics.mean_absolute_error(amount, guess))
    assert told["mean_absolute_percentage_error"] == pytest.approx(metrics.mean_absolute_percentage_error(amount, guess))
    assert told["r2_score"] == pytest.approx(metrics.r2_score(amount, guess))


def test_labels_that_are_0_or_all_equal_leave_only_what_they_define(spark: SparkSession) -> None:
    frame = spark.createDataFrame([(1, 0.0, 1.0), (1, 0.0, -1.0), (2, 2.0, 1.0), (2, 0.0, 0.0)], "w INT, y DOUBLE, p DOUBLE")
    log = InferenceLog(problem_type="regression", prediction="p", label="y", **COMMON)

    measured = model_quality(frame, log, ["w"])

    assert measured.rows is not None
    zeros, mixed = sorted(measured.rows.collect(), key=lambda row: row["w"])
    assert (zeros["mean_average_error"], zeros["mean_absolute_percentage_error"], zeros["r2_score"]) == (1.0, None, None)
    assert mixed["mean_absolute_percentage_error"] == 0.5


def test_a_quiet_day_of_one_class_is_measured_by_the_classes_of_all_days(spark: SparkSession) -> None:
    days = spark.createDataFrame([(1, "0", "0", 0.1), (2, "1", "0", 0.6)], "day INT, p STRING, y STRING, likely DOUBLE")
    log = InferenceLog(problem_type="classification", prediction="P", label="Y", prediction_proba="likely", **COMMON)

    told = model_quality(days.where("day = 1"), log, ["day"], known=model_classes(days, log))

    assert told.problems == ()
    assert told.rows is not None
    assert [row["log_loss"] for row in told.rows.collect()] == [pytest.approx(-math.log(0.9))]


def test_what_cannot_be_measured_is_told_and_the_rest_is(spark: SparkSession) -> None:
    frame = spark.createDataFrame([("a", "b", 0.2), ("b", "b", 0.9), ("c", "c", 0.5)], "p STRING, y STRING, likely DOUBLE")
    three = InferenceLog(problem_type="classification", prediction="p", label="y", prediction_proba="likely", **COMMON)
    words = InferenceLog(problem_type="regression", prediction="p", label="likely", **COMMON)
    unlabelled = InferenceLog(problem_type="classification", prediction="p", **COMMON)

    told, wrong, nothing = (model_quality(frame, log, []) for log in (three, words, unlabelled))

    assert told.problems == (
        "no log_loss and no roc_auc_score: prediction_proba is a double, and there are 3 classes: a map by class says whose it is",
    )
    assert told.rows is not None
    assert [row["accuracy_score"] for row in told.rows.collect()] == [pytest.approx(2 / 3)]
    assert wrong == Measured(rows=None, problems=("no quality of the regression: p is a string, not a number",))
    assert nothing == Measured(rows=None)

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

from goldlane.errors import UsageError
from goldlane.features.probabilities import ProbabilityOf
from pipelines.training.fraud_classifier import fit_fraud_classifier, number_columns

DICE = np.random.default_rng(7)
ROWS = pd.DataFrame({"at": pd.date_range("2026-01-01", periods=600, freq="h"), "risk": DICE.random(600), "noise": DICE.random(600)})
ROWS["fraud"] = ROWS["risk"] > 0.9
ROWS.loc[::7, "risk"] = np.nan


def test_it_is_judged_by_what_came_after_what_it_learned_from() -> None:
    found = fit_fraud_classifier(ROWS.sample(frac=1, random_state=1), ["risk", "noise"], label="fraud", time="at")

    future = ROWS.iloc[420:]
    assert found.metrics["fraud_rate"] == pytest.approx(future["fraud"].mean())
    assert found.metrics["average_precision"] > 3 * found.metrics["fraud_rate"]
    predicted = ProbabilityOf(found.classifier).predict(future[["risk", "noise"]])
    assert predicted[future["fraud"] & future["risk"].notna()].min() > predicted[~future["fraud"] & future["risk"].notna()].max()


def test_rows_without_a_fraud_are_refused_with_the_part_they_are_missing_from() -> None:
    with pytest.raises(UsageError, match="the rows to judge by are all frauds or all none"):
        fit_fraud_classifier(ROWS.assign(fraud=ROWS["fraud"] & (ROWS.index < 400)), ["risk"], label="fraud", time="at")


def test_only_numbers_are_inputs() -> None:
    kinds = {"a": "double", "b": "decimal(28,2)", "c": "string", "d": "timestamp", "e": "boolean"}

    assert number_columns(kinds) == ("a", "b", "e")


def test_a_model_without_probabilities_of_two_classes_is_refused() -> None:
    with pytest.raises(UsageError, match="LinearRegression gives no probability of one class out of two"):
        ProbabilityOf(LinearRegression())

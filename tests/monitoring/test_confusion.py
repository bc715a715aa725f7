"""What follows from a confusion matrix, beside scikit-learn."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest

from goldlane.monitoring.quality.confusion import Confusion, fairness, ordered

metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is what the figures are held against")

CLASSES = ("cat", "dog", "owl")
CHANCE = np.random.default_rng(7)
LABELS = [str(name) for name in CHANCE.choice(CLASSES, p=(0.6, 0.3, 0.1), size=400)]
# "owl" is never predicted, so that there is a class without a precision.
ANSWERS = [str(CHANCE.choice([label, "cat", "dog"])).replace("owl", "cat") for label in LABELS]


def confusion_of(labels: list[str], answers: list[str]) -> Confusion:
    return Confusion(dict(Counter(zip(answers, labels, strict=True))))


CONFUSION = confusion_of(LABELS, ANSWERS)


@pytest.mark.parametrize(
    "rates, theirs",
    [(Confusion.precision, "precision_score"), (Confusion.recall, "recall_score"), (Confusion.f1, "f1_score")],
    ids=["precision", "recall", "f1"],
)
def test_rates_of_classes_are_those_of_scikit_learn(rates: Any, theirs: str) -> None:
    score = getattr(metrics, theirs)

    told = CONFUSION.per_class(rates(CONFUSION))

    each = score(LABELS, ANSWERS, labels=CLASSES, average=None, zero_division=0)
    assert told["one_vs_all"] == pytest.approx(dict(zip(CLASSES, each, strict=True)))
    assert told["macro"] == pytest.approx(score(LABELS, ANSWERS, average="macro", zero_division=0))
    assert told["weighted"] == pytest.approx(score(LABELS, ANSWERS, average="weighted", zero_division=0))


def test_the_accuracy_is_that_of_scikit_learn() -> None:
    assert CONFUSION.accuracy == pytest.approx(metrics.accuracy_score(LABELS, ANSWERS))


def test_the_false_positive_rate_of_a_class_is_over_the_rows_of_all_others() -> None:
    dogs = [label == "dog" for label in LABELS]
    (true_negatives, false_positives), _ = metrics.confusion_matrix(dogs, [answer == "dog" for answer in ANSWERS])

    rate = CONFUSION.false_positive_rate()["dog"]

    assert rate == pytest.approx(false_positives / (false_positives + true_negatives))


def test_fairness_is_the_protected_groups_rate_minus_the_others() -> None:
    protected, others = confusion_of(LABELS[:150], ANSWERS[:150]), confusion_of(LABELS[150:], ANSWERS[150:])

    told = fairness(protected, others)

    def gap(score: Any) -> float:
        return float(score(LABELS[:150], ANSWERS[:150]) - score(LABELS[150:], ANSWERS[150:]))

    def of_dogs(score: str) -> Any:
        return lambda labels, answers: getattr(metrics, score)(labels, answers, labels=["dog"], average=None)[0]

    assert told["predictive_parity"]["dog"] == pytest.approx(gap(of_dogs("precision_score")))
    assert told["equal_opportunity"]["dog"] == pytest.approx(gap(of_dogs("recall_score")))
    assert told["statistical_parity"]["dog"] == pytest.approx(ANSWERS[:150].count("dog") / 150 - ANSWERS[150:].count("dog") / 250)


def test_a_class_that_one_group_never_predicts_has_no_parity_of_precision() -> None:
    told = fairness(confusion_of(["a", "b"], ["a", "a"]), confusion_of(["a", "b"], ["a", "b"]))

    assert told["predictive_parity"] == {"a": -0.5}


def test_classes_that_are_numbers_are_ordered_as_numbers() -> None:
    assert ordered({"10", "9", "-1"}) == ("-1", "9", "10")
    assert ordered({"10", "9", "x"}) == ("10", "9", "x")

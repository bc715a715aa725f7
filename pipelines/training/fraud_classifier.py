"""A fraud model over features, fitted on the past and judged by what came after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import average_precision_score, roc_auc_score

from goldlane.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

SHARE_TO_LEARN = 0.7
ALERTS = 100
_NUMBERS = ("boolean", "tinyint", "smallint", "int", "bigint", "float", "double", "decimal")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """A classifier, and how it judged the rows that came after those it learned from."""

    classifier: HistGradientBoostingClassifier
    metrics: dict[str, float]


def number_columns(types: dict[str, str]) -> tuple[str, ...]:
    """The inputs that are numbers, in order; the trees of this model know no texts and no times."""
    return tuple(name for name, kind in types.items() if kind.startswith(_NUMBERS))


def fit_fraud_classifier(rows: pd.DataFrame, inputs: Sequence[str], *, label: str, time: str, seed: int = 7) -> Fitted:
    """Learn from the first 70 % of ``rows`` by ``time``, judge the rest: average precision, ROC AUC, precision of the 100 highest.

    Raises:
        UsageError: one of both parts has no fraud or nothing else, so that there is nothing to learn or to judge.
    """
    in_order = rows.sort_values(time, kind="stable")
    border = int(len(in_order) * SHARE_TO_LEARN)
    past, future = in_order.iloc[:border], in_order.iloc[border:]
    alike = [name for name, part in {"to learn from": past, "to judge by": future}.items() if part[label].nunique() < len((True, False))]
    if alike:
        raise UsageError(f"the rows {' and '.join(alike)} are all frauds or all none", hint="train on a longer time, or on more sales")
    classifier = HistGradientBoostingClassifier(random_state=seed, max_iter=60, class_weight="balanced")
    classifier.fit(past[list(inputs)], past[label].astype(bool))
    return Fitted(classifier=classifier, metrics=_metrics(classifier, future[list(inputs)], future[label].astype(bool)))


def _metrics(classifier: HistGradientBoostingClassifier, inputs: pd.DataFrame, frauds: pd.Series) -> dict[str, float]:
    scores = classifier.predict_proba(inputs)[:, 1]
    highest = scores.argsort(kind="stable")[::-1][:ALERTS]
    return {
        "average_precision": float(average_precision_score(frauds, scores)),
        "roc_auc": float(roc_auc_score(frauds, scores)),
        "precision_at_100": float(frauds.to_numpy()[highest].mean()),
        "fraud_rate": float(frauds.mean()),
    }

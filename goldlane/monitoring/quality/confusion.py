"""What follows from how often each class was predicted for each label. Pure: no Spark, no NULLs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Confusion:
    """``counts`` by (prediction, label). A rate whose denominator is 0 is None, and 0 where classes are averaged, as in scikit-learn."""

    counts: Mapping[tuple[str, str], int]

    @property
    def rows(self) -> int:
        """How many predictions there are."""
        return sum(self.counts.values())

    @property
    def classes(self) -> tuple[str, ...]:
        """Everything that was predicted or true, in ``ordered``'s order."""
        return ordered({name for pair in self.counts for name in pair})

    @property
    def accuracy(self) -> float | None:
        """The share of right predictions."""
        return _ratio(sum(count for (prediction, label), count in self.counts.items() if prediction == label), self.rows)

    def support(self) -> Counter[str]:
        """How often each class was true."""
        return _sums((label, count) for (_, label), count in self.counts.items())

    def predicted(self) -> Counter[str]:
        """How often each class was predicted."""
        return _sums((prediction, count) for (prediction, _), count in self.counts.items())

    def precision(self) -> dict[str, float | None]:
        """Of the predictions of a class, the share that was right."""
        predicted = self.predicted()
        return {name: _ratio(self._hits(name), predicted[name]) for name in self.classes}

    def recall(self) -> dict[str, float | None]:
        """Of the rows of a class, the share that was predicted so."""
        support = self.support()
        return {name: _ratio(self._hits(name), support[name]) for name in self.classes}

    def f1(self) -> dict[str, float | None]:
        """The harmonic mean of precision and recall."""
        support, predicted = self.support(), self.predicted()
        return {name: _ratio(2 * self._hits(name), support[name] + predicted[name]) for name in self.classes}

    def false_positive_rate(self) -> dict[str, float | None]:
        """Of the rows that are not of a class, the share that was predicted so."""
        support, predicted = self.support(), self.predicted()
        return {name: _ratio(predicted[name] - self._hits(name), self.rows - support[name]) for name in self.classes}

    def predicted_share(self) -> dict[str, float | None]:
        """Of all rows, the share that was predicted to be of a class."""
        predicted = self.predicted()
        return {name: _ratio(predicted[name], self.rows) for name in self.classes}

    def per_class(self, rates: Mapping[str, float | None]) -> dict[str, Any]:
        """The rates as the metric tables have them: each class, their mean, and their mean by how often a class is true."""
        support = self.support()
        told = {name: rate or 0.0 for name, rate in rates.items()}
        weighted = sum(rate * support[name] for name, rate in told.items())
        return {"one_vs_all": told, "macro": _ratio(sum(told.values()), len(told)), "weighted": _ratio(weighted, self.rows)}

    def _hits(self, name: str) -> int:
        return self.counts.get((name, name), 0)


_FAIRNESS: dict[str, Callable[[Confusion], dict[str, float | None]]] = {
    "predictive_parity": Confusion.precision,
    "predictive_equality": Confusion.false_positive_rate,
    "equal_opportunity": Confusion.recall,
    "statistical_parity": Confusion.predicted_share,
}


def fairness(protected: Confusion, others: Confusion) -> dict[str, dict[str, float]]:
    """By measure and class, the rate of the protected group minus that of the others; 0 is fair. No class whose rate either lacks."""
    told = {}
    for measure, rates in _FAIRNESS.items():
        here, there = rates(protected), rates(others)
        told[measure] = {name: rate - other for name, rate in here.items() if rate is not None and (other := there.get(name)) is not None}
    return told


def ordered(classes: Iterable[str]) -> tuple[str, ...]:
    """Classes as numbers where they all are some, else as text; the last of two is the positive one."""
    known = sorted(classes)
    try:
        return tuple(sorted(known, key=float))
    except ValueError:
        return tuple(known)


def averaged(rates: Mapping[str, float], weights: Mapping[str, int]) -> dict[str, Any] | None:
    """Rates of classes, their mean, and their mean by ``weights``; None where there is no rate."""
    if not rates:
        return None
    weighted = sum(rate * weights[name] for name, rate in rates.items())
    total = sum(weights[name] for name in rates)
    return {"one_vs_all": dict(rates), "macro": _ratio(sum(rates.values()), len(rates)), "weighted": _ratio(weighted, total)}


def matrix(confusion: Confusion) -> Sequence[dict[str, Any]]:
    """The counts as the metric tables have them."""
    return [{"prediction": prediction, "label": label, "count": count} for (prediction, label), count in sorted(confusion.counts.items())]


def _sums(pairs: Iterable[tuple[str, int]]) -> Counter[str]:
    told: Counter[str] = Counter()
    for name, count in pairs:
        told[name] += count
    return told


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None

"""A classifier as a model that predicts how likely the second of its two classes is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from goldlane.errors import UsageError


@dataclass(frozen=True, slots=True)
class ProbabilityOf:
    """``classifier`` is fitted, has ``predict_proba``, and knows two classes, such as false and true.

    Raises:
        UsageError: it has no probabilities, or not of two classes.
    """

    classifier: Any

    def __post_init__(self) -> None:
        classes = len(getattr(self.classifier, "classes_", ()))
        if not hasattr(self.classifier, "predict_proba") or classes != 2:  # noqa: PLR2004  one and the other
            raise UsageError(f"{type(self.classifier).__name__} gives no probability of one class out of two; it knows {classes}")

    def predict(self, rows: Any) -> Any:
        """One probability per row."""
        return self.classifier.predict_proba(rows)[:, 1]

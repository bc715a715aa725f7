"""The three ways to look at a table: as it is now, as rows that happen over time, or as the answers of a model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from goldlane.monitoring.errors import MonitorDeclarationError
from goldlane.monitoring.granularities import granularity, granularity_mistakes
from goldlane.monitoring.schemas import RESERVED_NAMES


class ProblemType(str, Enum):
    """What a model answers: a class, or a number."""

    CLASSIFICATION = "classification"
    REGRESSION = "regression"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """All rows of the table, at every refresh; the window is the instant of the version that was read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeSeries:
    """Rows by when they happened. A row whose ``timestamp`` is NULL is in no window, and is counted in the notes of the refresh.

    Raises:
        MonitorDeclarationError: all mistakes at once.
    """

    timestamp: str
    granularities: tuple[str, ...]

    def __post_init__(self) -> None:
        _check(self, ("timestamp",), ())


@dataclass(frozen=True, slots=True, kw_only=True)
class InferenceLog:
    """Answers of a model, by when they were given and by ``model_id``, with the true ``label`` where it is known.

    ``prediction_proba`` holds the probabilities of the classes: what log loss and ROC need.

    Raises:
        MonitorDeclarationError: all mistakes at once.
    """

    problem_type: ProblemType
    timestamp: str
    granularities: tuple[str, ...]
    prediction: str
    model_id: str
    label: str | None = None
    prediction_proba: str | None = None

    def __post_init__(self) -> None:
        _check(self, ("timestamp", "prediction", "model_id"), ("label", "prediction_proba"))
        object.__setattr__(self, "problem_type", ProblemType(self.problem_type))


Profile = Snapshot | TimeSeries | InferenceLog


def _check(profile: Any, required: tuple[str, ...], optional: tuple[str, ...]) -> None:
    given = profile.granularities
    object.__setattr__(profile, "granularities", (given,) if isinstance(given, str) else tuple(given or ()))
    mistakes = [*_column_mistakes(profile, required, optional), *granularity_mistakes(profile.granularities)]
    if isinstance(profile, InferenceLog):
        mistakes += _model_mistakes(profile)
    if mistakes:
        raise MonitorDeclarationError(type(profile).__name__, mistakes)
    object.__setattr__(profile, "granularities", tuple(granularity(name).name for name in profile.granularities))


def _column_mistakes(profile: Any, required: tuple[str, ...], optional: tuple[str, ...]) -> Iterator[str]:
    named: dict[str, str] = {}
    for role in (*required, *optional):
        column = getattr(profile, role)
        if column is None and role in optional:
            continue
        if not isinstance(column, str) or not column:
            yield f"{role} must be a column's name, not {column!r}"
        elif column.lower() in named:
            yield f"{role} and {named[column.lower()]} are both the column {column!r}"
        else:
            named[column.lower()] = role


def _model_mistakes(log: InferenceLog) -> Iterator[str]:
    if log.problem_type not in set(ProblemType):
        yield f"unknown problem_type {log.problem_type!r}; it is one of {', '.join(ProblemType)}"
    if log.problem_type == ProblemType.REGRESSION and log.prediction_proba is not None:
        yield "a regression has no prediction_proba"
    if isinstance(log.model_id, str) and log.model_id.lower() in RESERVED_NAMES:
        yield f"the metric tables have a column {log.model_id!r} of their own; the model's column needs another name"

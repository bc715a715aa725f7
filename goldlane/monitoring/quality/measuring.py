"""Model quality of rows that stand in groups: one row per group, in the columns of the platform's profile metrics."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from goldlane.monitoring.columns import quoted
from goldlane.monitoring.profiles import InferenceLog, ProblemType
from goldlane.monitoring.quality.columns import class_texts, scores
from goldlane.monitoring.quality.confusion import Confusion, averaged, fairness, matrix, ordered
from goldlane.monitoring.quality.probabilities import is_usable, log_losses, roc_areas
from goldlane.monitoring.quality.regression import regression_quality
from goldlane.monitoring.schemas import CLASSIFICATION_COLUMNS, ddl

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, Row
    from pyspark.sql.types import DataType, StructType

MOST_PAIRS = 500_000
_PAIR = ["prediction", "label"]
_Group = tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """``rows`` have the columns they were grouped by and those of model quality; None where nothing could be measured.

    ``problems`` say, in sentences, what could not.
    """

    rows: DataFrame | None
    problems: tuple[str, ...] = ()


def model_quality(frame: DataFrame, log: InferenceLog, by: Sequence[str], *, known: Iterable[str] = ()) -> Measured:
    """The quality of the model's predictions in each group of ``by``, columns of ``frame`` beside those that ``log`` names.

    A row counts once prediction and label are both known. With a ``...slice_value`` among ``by``, the slice that is true of an
    expression which is true or false also gets fairness: the protected group against the others. ``known`` are classes of the model that
    ``frame`` need not have (``model_classes``): without them the only class of a quiet day has no probability that is its own.
    """
    if log.label is None:
        return Measured(rows=None)
    if log.problem_type is ProblemType.REGRESSION:
        return _regression(frame, log.prediction, log.label, by)
    judged = _judged(frame, log, log.label, by)
    return _classification(judged, by, known)


def _regression(frame: DataFrame, prediction: str, label: str, by: Sequence[str]) -> Measured:
    from pyspark.sql.types import NumericType

    types = {name: _type(frame, name) for name in (prediction, label)}
    wrong = [name for name, kind in types.items() if not isinstance(kind, NumericType)]
    if wrong:
        told = ", ".join(f"{name} is a {types[name].simpleString()}" for name in wrong)
        return Measured(rows=None, problems=(f"no quality of the regression: {told}, not a number",))
    return Measured(rows=regression_quality(frame, prediction, label, by))


def model_classes(frame: DataFrame, log: InferenceLog) -> frozenset[str]:
    """Every class of ``frame``, predicted or true, where a row's probabilities do not name theirs; otherwise none are looked for."""
    from pyspark.sql.types import MapType

    if log.label is None or log.prediction_proba is None or isinstance(_type(frame, log.prediction_proba), MapType):
        return frozenset()
    pairs = _judged(frame, log, log.label, ()).select(*_PAIR).distinct().limit(MOST_PAIRS).collect()
    return frozenset(name for pair in pairs for name in pair)


def _judged(frame: DataFrame, log: InferenceLog, label: str, by: Sequence[str]) -> DataFrame:
    from pyspark.sql import functions as F

    types = _type(frame, log.prediction), _type(frame, label)
    prediction_text, label_text = class_texts(log.prediction, label, types)
    proba = [] if log.prediction_proba is None else [F.col(quoted(log.prediction_proba)).alias("proba")]
    named = frame.select(*by, prediction_text.alias("prediction"), label_text.alias("label"), *proba)
    return named.dropna(subset=_PAIR)


def _classification(judged: DataFrame, by: Sequence[str], known: Iterable[str]) -> Measured:
    counted = judged.groupBy(*by, *_PAIR).count().limit(MOST_PAIRS + 1).collect()
    if len(counted) > MOST_PAIRS:
        return Measured(rows=None, problems=(f"no quality of the classification: over {MOST_PAIRS:,} pairs of prediction and label",))
    confusions = _confusions(counted, by)
    classes = ordered({*known, *(name for confusion in confusions.values() for name in confusion.classes)})
    found = _probabilities(judged, by, classes) if "proba" in judged.columns else _Probabilities()
    spark = judged.sparkSession
    rows = [(*group, *_measures(group, confusions, found, by)) for group in confusions]
    return Measured(rows=spark.createDataFrame(rows, _schema(judged, by)), problems=found.problems)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Probabilities:
    losses: Mapping[_Group, float | None] = field(default_factory=dict)
    areas: Mapping[_Group, Mapping[str, tuple[float, int]]] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


def _probabilities(judged: DataFrame, by: Sequence[str], classes: Sequence[str]) -> _Probabilities:
    kind = judged.schema["proba"].dataType
    column = scores("proba", kind, classes)
    if column is None:
        told = f"prediction_proba is a {kind.simpleString()}, and there are {len(classes)} classes: a map by class says whose it is"
        return _Probabilities(problems=(f"no log_loss and no roc_auc_score: {told}",))
    scored = judged.select(*by, "label", column.alias("scores")).where(is_usable())
    areas: dict[_Group, dict[str, tuple[float, int]]] = {}
    for row in roc_areas(scored, by).collect():
        areas.setdefault(_group(row, by), {})[row["class"]] = (row["area"], row["positives"])
    losses = {_group(row, by): row["log_loss"] for row in log_losses(scored, by).collect()}
    return _Probabilities(losses=losses, areas=areas)


def _measures(group: _Group, confusions: Mapping[_Group, Confusion], found: _Probabilities, by: Sequence[str]) -> tuple[Any, ...]:
    """The values of ``CLASSIFICATION_COLUMNS``, in their order."""
    confusion = confusions[group]
    areas = found.areas.get(group, {})
    others = confusions.get(_others(group, by) or ())
    told: dict[str, Any] = {
        "accuracy_score": confusion.accuracy,
        "confusion_matrix": matrix(confusion),
        "precision": confusion.per_class(confusion.precision()),
        "recall": confusion.per_class(confusion.recall()),
        "f1_score": confusion.per_class(confusion.f1()),
        "false_positive_rate": confusion.per_class(confusion.false_positive_rate()),
        "log_loss": found.losses.get(group),
        "roc_auc_score": averaged(
            {name: area for name, (area, _) in areas.items()}, {name: positives for name, (_, positives) in areas.items()}
        ),
        **({} if others is None else fairness(confusion, others)),
    }
    return tuple(told.get(name) for name in CLASSIFICATION_COLUMNS)


def _others(group: _Group, by: Sequence[str]) -> _Group | None:
    """The group of the rows that are not protected, where ``group`` is that of those that are."""
    place = next((place for place, name in enumerate(by) if name.endswith("slice_value")), None)
    if place is None or group[place] != "true":
        return None
    return (*group[:place], "false", *group[place + 1 :])


def _confusions(counted: Sequence[Row], by: Sequence[str]) -> dict[_Group, Confusion]:
    counts: dict[_Group, dict[tuple[str, str], int]] = {}
    for row in counted:
        counts.setdefault(_group(row, by), {})[row["prediction"], row["label"]] = row["count"]
    return {group: Confusion(pairs) for group, pairs in counts.items()}


def _type(frame: DataFrame, name: str) -> DataType:
    """Of a column however its name is written: Spark finds it whatever its case is, a schema does not."""
    return frame.select(quoted(name)).schema[0].dataType


def _group(row: Row, by: Sequence[str]) -> _Group:
    return tuple(row[name] for name in by)


def _schema(frame: DataFrame, by: Sequence[str]) -> StructType:
    from pyspark.sql.types import StructType

    measures: Any = StructType.fromDDL(ddl(CLASSIFICATION_COLUMNS))
    return StructType([*(frame.schema[name] for name in by), *measures.fields])

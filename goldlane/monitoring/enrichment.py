"""What the metric tables have beside the usual: model quality and custom metrics, of the windows that a refresh reached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

from goldlane.monitoring.columns import TABLE_ROW, quoted
from goldlane.monitoring.custom import aggregate_metrics, with_derived_metrics, with_drift_metrics
from goldlane.monitoring.custom_metrics import MetricKind
from goldlane.monitoring.cut_rows import BY, cut_rows
from goldlane.monitoring.profiles import InferenceLog, ProblemType
from goldlane.monitoring.quality import model_classes, model_quality
from goldlane.monitoring.schemas import BASELINE, CLASSIFICATION_COLUMNS, CONSECUTIVE, INPUT, REGRESSION_COLUMNS

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

    from goldlane.monitoring.context import RefreshContext
    from goldlane.monitoring.monitors import Monitor
    from goldlane.monitoring.quality import Measured
    from goldlane.monitoring.slices import Slices

_KEYS = ("log_type", "window", "granularity", "slice_key", "slice_value", "model_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Enriched:
    """Metrics with more columns; ``notes`` name what could not be computed. ``held`` is kept in memory until ``release``."""

    frame: DataFrame
    notes: tuple[str, ...] = ()
    held: DataFrame | None = None

    def release(self) -> None:
        """Once the frame is written."""
        if self.held is not None:
            self.held.unpersist()


def enriched_profile(context: RefreshContext, profile: DataFrame, slices: Slices) -> Enriched:
    """``profile`` (model column last, as ``model_id``) with model quality on its ``:table`` rows, and custom metrics on their columns'."""
    monitor = context.monitor
    quality = quality_columns(monitor)
    wants_rows = bool(quality) or _has(monitor, MetricKind.AGGREGATE)
    if not wants_rows and not _has(monitor, MetricKind.DERIVED):
        return Enriched(frame=profile)
    found, notes = profile, list[str]()
    if wants_rows:
        parts = [_Part.of(context, rows) for rows in cut_rows(context, profile, slices)]
        notes += [note for part in parts for note in part.notes]
        found = _beside(found, [part.quality for part in parts], quality, at_table=True)
        found = _beside(found, [part.metrics for part in parts], {}, at_table=False)
    held = found.persist() if _has(monitor, MetricKind.DERIVED) else None
    derived = with_derived_metrics(found, monitor)
    return Enriched(frame=derived.frame, notes=(*notes, *derived.problems), held=held)


def enriched_drift(context: RefreshContext, drift: DataFrame, profile: DataFrame) -> Enriched:
    """``drift`` with custom metrics, out of the ``profile`` table as it was just written (the model's column under its own name)."""
    from pyspark.sql import functions as F

    if not _has(context.monitor, MetricKind.DRIFT):
        return Enriched(frame=drift)
    held = drift.persist()
    told = with_drift_metrics(held, profile, profile, context.monitor, [F.expr(each) for each in _matches(context.model_id)])
    return Enriched(frame=told.frame, notes=told.problems, held=held)


def quality_columns(monitor: Monitor) -> Mapping[str, str]:
    """The columns of model quality that the monitor's profile table has."""
    if not isinstance(monitor.profile, InferenceLog) or monitor.profile.label is None:
        return {}
    return CLASSIFICATION_COLUMNS if monitor.profile.problem_type is ProblemType.CLASSIFICATION else REGRESSION_COLUMNS


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """Of the rows of the table, or of its baseline: what was measured, with the keys of the profile."""

    quality: DataFrame | None
    metrics: DataFrame | None
    notes: tuple[str, ...]

    @classmethod
    def of(cls, context: RefreshContext, rows: tuple[str, DataFrame]) -> _Part:
        log_type, frame = rows
        frame = frame.persist()
        try:
            aggregated = aggregate_metrics(frame, context.monitor, BY)
            profile = context.monitor.profile
            is_measured = bool(quality_columns(context.monitor)) and (log_type == INPUT or _has_columns(frame, profile))
            measured = _quality(context, frame, profile) if is_measured and isinstance(profile, InferenceLog) else None
        finally:
            frame.unpersist()
        notes = (*aggregated.problems, *(() if measured is None else measured.problems))
        of_what = "" if log_type == INPUT else f"the baseline {context.monitor.baseline}: "
        return cls(
            quality=_keyed(None if measured is None else measured.rows, log_type),
            metrics=_keyed(aggregated.rows, log_type),
            notes=tuple(f"{of_what}{note}" for note in notes),
        )


def _quality(context: RefreshContext, frame: DataFrame, profile: InferenceLog) -> Measured:
    # Of all rows: what a window says must not hang on which other windows are read with it.
    return model_quality(frame, profile, BY, known=model_classes(context.watched.frame(context.spark), profile))


def _has(monitor: Monitor, kind: MetricKind) -> bool:
    return any(metric.kind is kind for metric in monitor.custom_metrics)


def _has_columns(frame: DataFrame, profile: object) -> bool:
    """Whether a baseline has what quality is measured by; one without predictions is a baseline of the other columns."""
    named = (getattr(profile, role) for role in ("prediction", "label", "prediction_proba"))
    return {name.lower() for name in named if name is not None} <= {name.lower() for name in frame.columns}


def _keyed(rows: DataFrame | None, log_type: str) -> DataFrame | None:
    from pyspark.sql import functions as F

    if rows is None:
        return None
    named = reduce(lambda frame, pair: frame.withColumnRenamed(*pair), zip(BY, _KEYS[1:], strict=True), rows)
    return named.withColumn("log_type", F.lit(log_type))


def _beside(profile: DataFrame, parts: Sequence[DataFrame | None], kinds: Mapping[str, str], *, at_table: bool) -> DataFrame:
    """``profile`` with the columns of ``parts`` on the rows with their keys; ``kinds`` are there, NULL, even where there is no part."""
    from pyspark.sql import functions as F

    frames = [part for part in parts if part is not None]
    if not frames:
        return profile.select("*", *(F.lit(None).cast(kind).alias(name) for name, kind in kinds.items()))
    more = reduce(lambda one, other: one.unionByName(other), frames).alias("more")
    keys = [F.col(f"profile.{key}").eqNullSafe(F.col(f"more.{key}")) for key in _KEYS]
    place = F.lower("profile.column_name") == (F.lit(TABLE_ROW) if at_table else F.lower("more.column_name"))
    condition = reduce(lambda one, other: one & other, [*keys, place])
    return profile.alias("profile").join(more, condition, "left").select("profile.*", *_new(more))


def _new(more: DataFrame) -> Iterator[Column]:
    from pyspark.sql import functions as F

    yield from (F.col(f"more.{quoted(name)}") for name in more.columns if name not in (*_KEYS, "column_name"))


def _matches(model: str | None) -> tuple[str, str]:
    """How a row of drift finds its own row of profile, and that which it is compared with; a baseline's is of no model."""
    place = "drift.column_name = {0}.column_name AND drift.slice_key <=> {0}.slice_key AND drift.slice_value <=> {0}.slice_value"
    of_model = "" if model is None else f" AND drift.{quoted(model)} <=> {{0}}.{quoted(model)}"
    in_window = f"{{0}}.log_type = '{INPUT}' AND drift.granularity <=> {{0}}.granularity{of_model} AND "
    current = f"{place} AND {in_window}drift.window = {{0}}.window".format("current_df")
    before = f"drift.drift_type = '{CONSECUTIVE}' AND {in_window}drift.window_cmp = {{0}}.window"
    base = f"{place} AND (({before}) OR (drift.drift_type = '{BASELINE}' AND {{0}}.log_type = '{BASELINE}'))".format("base_df")
    return current, base

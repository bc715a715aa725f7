"""Training sets: labels beside the features that were known at their time, and a record from which the same rows come again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

from goldlane.features.as_of import AsOf, Boundary
from goldlane.features.declarations import FeatureTable
from goldlane.features.definitions import differences
from goldlane.features.errors import JoinError, TrainingError
from goldlane.features.frames import column
from goldlane.features.point_in_time import point_in_time_join
from goldlane.features.records import RecordedLabels, RecordedTable, TrainingRecord
from goldlane.features.training_checks import mistaken_labels, mistaken_tables
from goldlane.features.training_sources import Place, Source, Sources, Tables, identity, session_of

if TYPE_CHECKING:
    import pandas as pd
    from pyspark.sql import DataFrame
    from typing_extensions import Unpack


class JoinOptions(TypedDict, total=False):
    """What ``point_in_time_join`` takes besides ``label_time``."""

    boundary: Boundary
    known_at: str | None
    ttl: timedelta | None
    tie_break: Sequence[str] | str
    skip_nulls: bool
    age: bool
    prefix: bool


_DEFAULTS = JoinOptions(boundary="inclusive", known_at=None, ttl=None, tie_break=(), skip_nulls=False, age=False, prefix=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSet:
    """``frame`` has every label row, its columns first and then the features; ``record`` says what it was made of."""

    frame: DataFrame
    record: TrainingRecord

    @property
    def input_types(self) -> dict[str, str]:
        """What a model may be fitted on, with its types: every column but the keys, the time and the label."""
        aside = {
            self.record.label,
            self.record.question.label_time,
            *(key for table in self.record.tables for key in table.declaration.keys),
        }
        return {field.name: field.dataType.simpleString() for field in self.frame.schema.fields if field.name not in aside}

    def to_pandas(self) -> pd.DataFrame:
        """The rows in memory, inputs as a model logged with this training set will see them: numbers float64, NULL as NaN, NaT or None."""
        from goldlane.features.model_inputs import conformed, plain_columns

        types = self.input_types
        aside = [column(name) for name in self.frame.columns if name not in types]
        return conformed(self.frame.select(*aside, *plain_columns(self.frame, tuple(types))).toPandas(), types)


def training_set(
    labels: Place, tables: Tables, *, label: str, label_time: str, storage: str | Path | None = None, **options: Unpack[JoinOptions]
) -> TrainingSet:
    """Every row of ``labels`` with the features of ``tables`` as they were known at ``label_time``.

    ``options`` are those of ``point_in_time_join``.
    A table's rows come from its gold table in ``storage``, or from what the mapping says: a Delta table (a folder, or a name in the
    catalog) or a frame. Delta tables are read at the version that is newest now, whatever is written later; so are ``labels`` when they
    are one. A table that was given as a frame works as well, and is named in ``record.unpinned``: nothing can bring its rows back.
    ``frame`` is computed when it is used; only the labels are read here, to be counted and recognised again.

    Raises:
        TrainingError: the label, the tables or the options do not fit; all mistakes at once, before Spark reads a row.
    """
    question = _question(label_time, options)
    sources = Sources(session_of(labels))
    own, found = sources.newest(labels, "labels"), sources.tables(tables, storage)
    mistakes = [*sources.mistakes, *mistaken_tables(list(found))]
    if own is not None:
        mistakes += mistaken_labels(own.frame, label, label_time, list(found))
        frame, refused = _joined(own.frame, found, question)
        mistakes += refused
    if mistakes or own is None:
        raise TrainingError("training set", mistakes)
    return TrainingSet(frame=frame, record=_record(own, found, label, question))


def rebuild_training_set(
    record: TrainingRecord | str, *, labels: DataFrame | None = None, tables: Iterable[FeatureTable] = ()
) -> TrainingSet:
    """The training set that ``record`` (or its JSON) describes, from the very versions it names: identical row by row.

    ``labels`` that were a frame must be given again, and are recognised by their fingerprint. ``tables`` are declarations of today
    that are to mean the same as those recorded; without them, the recorded ones are taken as they are.

    Raises:
        TrainingError: a table was a frame, is gone or replaced; a version cannot be read any more; other labels; a declaration that
            changed, with what changed in it; all mistakes at once.
    """
    known = TrainingRecord.from_json(record) if isinstance(record, str) else record
    sources = Sources(session_of(labels))
    own = _same_labels(known, labels, sources)
    found = {table.declaration: sources.rows_of(table.declaration, table.pin) for table in known.tables if table.pin is not None}
    mistakes = [*sources.mistakes, *_changed(known, tables)]
    mistakes += [f"{name} was given as a frame, which nothing can bring back" for name in known.unpinned]
    if mistakes or own is None:
        raise TrainingError("rebuilding a training set", mistakes)
    frames = {table: source.frame for table, source in found.items() if source is not None}
    return TrainingSet(frame=point_in_time_join(own.frame, frames, **asdict(known.question)), record=known)


def _question(label_time: str, options: Mapping[str, Any]) -> AsOf:
    given = {**_DEFAULTS, **options}
    ties = given.pop("tie_break")
    return AsOf(label_time=label_time, tie_break=(ties,) if isinstance(ties, str) else tuple(ties), **given)


def _joined(labels: DataFrame, found: Mapping[FeatureTable, Source], question: AsOf) -> tuple[DataFrame, Sequence[str]]:
    if not found:
        return labels, ("there is no feature table to join",)
    try:
        return point_in_time_join(labels, {table: source.frame for table, source in found.items()}, **asdict(question)), ()
    except JoinError as wrong:
        return labels, wrong.mistakes


def _record(labels: Source, found: Mapping[FeatureTable, Source], label: str, question: AsOf) -> TrainingRecord:
    rows, fingerprint = identity(labels.frame)
    return TrainingRecord(
        label=label,
        question=question,
        labels=RecordedLabels(rows=rows, fingerprint=fingerprint, pin=labels.pin),
        tables=tuple(RecordedTable(declaration=table, pin=source.pin) for table, source in found.items()),
        goldlane=version("goldlane"),
        spark=labels.frame.sparkSession.version,
    )


def _same_labels(known: TrainingRecord, labels: DataFrame | None, sources: Sources) -> Source | None:
    """The labels that were recorded; when they were a frame, the one given now, if its rows are the same."""
    if known.labels.pin is not None and labels is None:
        return sources.pinned(known.labels.pin, "labels")
    if labels is None:
        sources.mistakes.append("the labels were a frame; give them again as labels=")
        return None
    rows, fingerprint = identity(labels)
    if fingerprint != known.labels.fingerprint:
        sources.mistakes.append(f"these are other labels: {rows} rows like {fingerprint}, not {known.rows} like {known.labels.fingerprint}")
    return Source(frame=labels)


def _changed(known: TrainingRecord, tables: Iterable[FeatureTable]) -> Iterator[str]:
    then = {table.declaration.name: table.declaration for table in known.tables}
    for now in tables:
        if now.name in then:
            yield from differences(then[now.name], now)

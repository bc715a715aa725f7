"""Whether a training set can be made as asked: names only, no Spark job."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from goldlane.features.column_names import unknown_column
from goldlane.features.declarations import FeatureTable

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def mistaken_labels(labels: DataFrame, label: str, label_time: str, tables: Sequence[FeatureTable]) -> Iterator[str]:
    """What is wrong with the label: it is missing, or a model would read it off its inputs."""
    if label not in labels.columns:
        yield f"label {unknown_column(label, labels.columns, 'the labels')}"
    if label == label_time:
        yield f"label {label!r} is also the label_time"
    for table in tables:
        if label in table.keys:
            yield f"label {label!r} is also a key of {table.name}"
        if label in (feature.name for feature in table.features):
            yield f"label {label!r} is also a feature of {table.name}: a model would learn it from itself"
    for field in labels.schema.fields:
        if any(word in (kind := field.dataType.simpleString()) for word in ("map<", "variant")):
            yield f"column {field.name!r} of the labels is a {kind}, which cannot be recognised again; leave it out"


def mistaken_tables(tables: Sequence[FeatureTable]) -> Iterator[str]:
    """What is wrong with the tables taken together: a record knows them by their names."""
    yield from (f"{n} tables are named {name!r}" for name, n in Counter(table.name for table in tables).items() if n > 1)

"""What a table is declared to be, apart from its rows."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from goldlane.pipelines.plan import PlannedDataset
from goldlane.pipelines.tableproperties import storable_properties


def properties_of(planned: PlannedDataset) -> dict[str, str]:
    """The table's properties; with a primary key its change feed is on."""
    feed = {"delta.enableChangeDataFeed": "true"} if planned.primary_key else {}
    return {**feed, **storable_properties(planned.dataset.table_properties, planned.kind)}


def declared_print(planned: PlannedDataset) -> str:
    """A text that is equal for equal declarations: comment, properties, partitions, clustering, and the columns where a schema is said."""
    dataset = planned.dataset
    columns = [(column.name, column.nullable, column.metadata.get("comment")) for column in planned.schema.fields] if dataset.schema else []
    computed = [(name, repr(generation)) for name, generation in planned.generated.items()]
    declared: list[Any] = [dataset.comment, properties_of(planned), dataset.partition_cols, dataset.cluster_by, columns, computed]
    return hashlib.sha256(json.dumps(declared, sort_keys=True).encode()).hexdigest()

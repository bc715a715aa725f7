"""Which rows of a table go, in the words of delta-rs and in those of Spark. Nothing in them names anybody: both write them into a log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from goldlane.features.forgotten_entities import Entity, forgotten_rows
from goldlane.forgotten import entity_column

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import Column, DataFrame


@dataclass(frozen=True, slots=True, kw_only=True)
class Doomed:
    """The rows of ``entities``, and those in which a column holds a text with one of the hashes in ``mentions``."""

    entities: Sequence[Entity]
    mentions: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def sql(self, types: Mapping[str, pa.DataType]) -> str | None:
        """The condition for delta-rs; None when no row of a table with columns of ``types`` can meet it."""
        conditions = [f"encode(sha256(\"{name}\"), 'hex') IN ({_listed(hashes)})" for name, hashes in self.mentions.items()]
        keyed = forgotten_rows(self.entities, types)
        return " OR ".join([*([keyed] if keyed else []), *conditions]) or None

    def column(self, frame: DataFrame) -> Column:
        """The condition for Spark; there is one."""
        from pyspark.sql import functions as F

        hashes: dict[tuple[str, ...], list[str]] = {}
        for entity in self.entities:
            if set(entity.key_columns) <= set(frame.columns):
                hashes.setdefault(entity.key_columns, []).append(entity.key_hash)
        conditions = [entity_column(frame, names).isin(found) for names, found in hashes.items()]
        conditions += [F.sha2(F.col(f"`{name}`"), 256).isin(list(found)) for name, found in self.mentions.items()]
        return reduce(or_, (F.coalesce(condition, F.lit(False)) for condition in conditions))


def _listed(hashes: Sequence[str]) -> str:
    return ", ".join(f"'{each}'" for each in hashes)

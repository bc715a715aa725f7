"""A spec resolved against its source and its target: which columns are keys, data, tracked, and kept when NULL arrives."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyspark.sql.types import DataType, StructField, StructType

from goldlane.pipelines.cdc.errors import CdcError
from goldlane.pipelines.cdc.expressions import expression_mistakes, sequence_types
from goldlane.pipelines.cdc.names import END_AT, RESERVED, SEQUENCE, START_AT, SYSTEM, SYSTEM_END_AT, SYSTEM_START_AT, columns, ranks

if TYPE_CHECKING:
    from pyspark.sql import Column, SparkSession

    from goldlane.pipelines.cdc.spec import ChangeSpec

_NAMED = (
    "keys",
    "column_list",
    "except_column_list",
    "track_history_column_list",
    "track_history_except_column_list",
    "ignore_null_updates_column_list",
    "ignore_null_updates_except_column_list",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The target's columns, in its order and spelling; ``sources`` maps those that the changes carry to their names there."""

    schema: StructType
    keys: tuple[str, ...]
    data: tuple[str, ...]
    tracked: tuple[str, ...]
    spared: frozenset[str]
    sources: Mapping[str, str]
    partial: bool
    # What orders the events of a key before their values do.
    times: tuple[str, ...]

    @property
    def values(self) -> tuple[str, ...]:
        """The data columns that are no keys."""
        return tuple(name for name in self.data if name not in self.keys)

    def key_columns(self, of: str | None = None) -> list[Column]:
        """The key's columns."""
        return columns(self.keys, of)

    def value_ranks(self, of: str | None = None) -> list[Column]:
        """What orders and compares the values of two rows of one key."""
        return ranks(self.values, self.schema, of)

    def type_of(self, name: str) -> DataType:
        """The target's type of this column."""
        return self.schema[name].dataType


def selected_fields(source: StructType, spec: ChangeSpec) -> list[StructField]:
    """The source's columns that belong into the target, keys included; every unknown name is reported at once."""
    _refuse(_name_mistakes(source, spec), source, spec)
    keys = _lowered(spec.keys)
    wanted = _lowered(spec.column_list) if spec.column_list is not None else None
    left_out = _lowered(spec.except_column_list or ())
    return [
        StructField(field.name, field.dataType, metadata=field.metadata)
        for field in source.fields
        if field.name.lower() in keys or (field.name.lower() not in left_out and (wanted is None or field.name.lower() in wanted))
    ]


def bounds(spec: ChangeSpec) -> dict[str, str]:
    """The columns that bound a version, each with the sequence that gives it its type."""
    business = {} if spec.scd_type == 1 else dict.fromkeys((START_AT, END_AT), "sequence_by")
    system = dict.fromkeys((SYSTEM_START_AT, SYSTEM_END_AT), "system_sequence_by") if spec.scd_type == "bitemporal" else {}
    return {**business, **system}


def planned_schema(source: StructType, spec: ChangeSpec, spark: SparkSession) -> StructType:
    """The target's columns, as ``apply.target_schema`` says."""
    _refuse([*_name_mistakes(source, spec), *expression_mistakes(source, spec, spark)], source, spec)
    fields = selected_fields(source, spec)
    if spec.scd_type == 1:
        return StructType(fields)
    kinds = sequence_types(source, spec, spark)
    return StructType([*fields, *(StructField(name, kinds[sequence]) for name, sequence in bounds(spec).items())])


def read_layout(source: StructType, target: StructType, spec: ChangeSpec, *, skipped: Collection[str]) -> Layout:
    """The columns of ``target`` (already grown by those of ``source``), without the ``skipped`` ones that Delta itself computes."""
    carried = _spelling(StructType(selected_fields(source, spec)))
    data = tuple(field.name for field in target.fields if field.name not in (*bounds(spec), *skipped))
    spelling = {name.lower(): name for name in data}
    keys = tuple(spelling[key.lower()] for key in spec.keys)
    values = [name for name in data if name not in keys]
    tracked = _chosen(values, spec.track_history_column_list, spec.track_history_except_column_list, default=True)
    given = spec.ignore_null_updates_column_list, spec.ignore_null_updates_except_column_list
    spared = frozenset(_chosen(values, *given, default=spec.ignore_null_updates))
    return Layout(
        schema=target,
        keys=keys,
        data=data,
        tracked=tracked,
        spared=spared,
        sources={name: carried[name.lower()] for name in data if name.lower() in carried},
        partial=bool(spared) or spec.columns_to_update is not None,
        times=(SEQUENCE, SYSTEM) if spec.scd_type == "bitemporal" else (SEQUENCE,),
    )


def _chosen(names: Iterable[str], listed: Iterable[str] | None, excepted: Iterable[str] | None, *, default: bool) -> tuple[str, ...]:
    if listed is not None:
        wanted = _lowered(listed)
        return tuple(name for name in names if name.lower() in wanted)
    if excepted is not None:
        unwanted = _lowered(excepted)
        return tuple(name for name in names if name.lower() not in unwanted)
    return tuple(names) if default else ()


def _name_mistakes(source: StructType, spec: ChangeSpec) -> list[str]:
    known = _spelling(source)
    mistakes = [
        f"{setting} names {name!r}, which the source lacks"
        for setting in _NAMED
        for name in getattr(spec, setting) or ()
        if name.lower() not in known
    ]
    taken = {name.lower() for name in (*RESERVED, *bounds(spec))} & set(known)
    return mistakes + [f"the source's column {known[name]!r} has a name that the change flow itself uses" for name in sorted(taken)]


def _refuse(mistakes: list[str], source: StructType, spec: ChangeSpec) -> None:
    if mistakes:
        raise CdcError(f"the change flow into {spec.target}: " + "; ".join(mistakes), hint=f"the source has {', '.join(source.names)}")


def _spelling(schema: StructType) -> dict[str, str]:
    return {field.name.lower(): field.name for field in schema.fields}


def _lowered(names: Iterable[str]) -> frozenset[str]:
    return frozenset(name.lower() for name in names)

"""Feature tables as calls of ``FeatureEngineeringClient``: data first, so that they can be read, tested and kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

from goldlane.features.databricks_names import Unity, check_tables
from goldlane.features.declarations import FeatureTable

if TYPE_CHECKING:
    from pyspark.sql import DataFrame
    from pyspark.sql.types import StructType

Mode: TypeAlias = Literal["triggered", "snapshot", "continuous"]
_JSON_TYPES = {"tinyint": "byte", "smallint": "short", "int": "integer", "bigint": "long"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """``method`` of the client (``sql``: of the session; ``FeatureLookup``: the class) with these keyword arguments."""

    method: str
    arguments: Mapping[str, Any]


def create_table_calls(tables: Iterable[FeatureTable], unity: Unity) -> tuple[Call, ...]:
    """Makes each table, empty, with a change data feed, which publishing it by changes needs. A table that exists is left as it is.

    Not for a table that a pipeline makes: its ``schema=table.ddl()`` already has the key that makes it a feature table.

    Raises:
        DeclarationError: Databricks would refuse; all mistakes at once.
    """
    known = tuple(tables)
    check_tables(known, unity, _tiled(known))
    return tuple(call for table in known for call in (_create(table, unity), _with_feed(table, unity)))


def write_table_calls(frames: Mapping[FeatureTable, DataFrame], unity: Unity) -> tuple[Call, ...]:
    """Merges each frame into its table by keys and event time.

    Raises:
        DeclarationError: Databricks would refuse, or a frame lacks columns; all mistakes at once.
    """
    lacking = [
        f"{table.name}: its frame has no column {name!r}"
        for table, frame in frames.items()
        for name in table.columns
        if name not in frame.columns
    ]
    check_tables(frames, unity, [*_tiled(frames), *lacking])
    return tuple(
        Call(method="write_table", arguments={"name": unity.table(table), "df": frame.select(*table.columns), "mode": "merge"})
        for table, frame in frames.items()
    )


def publish_table_calls(tables: Iterable[FeatureTable], unity: Unity, mode: Mode = "triggered") -> tuple[Call, ...]:
    """Brings each table into the online store of ``unity``, as ``<table>_online`` beside it; the modes are those of ``publish``.

    Raises:
        DeclarationError: Databricks would refuse, or there is no such mode; all mistakes at once.
    """
    known = tuple(tables)
    wrong = [] if mode in get_args(Mode) else [f"there is no publish mode {mode!r}; known are {', '.join(get_args(Mode))}"]
    wrong += [] if unity.online_store else ["nothing says which online store to publish to; say Unity(online_store=)"]
    check_tables(known, unity, [*_tiled(known), *wrong])
    return tuple(
        Call(
            method="publish_table",
            arguments={
                "online_store": unity.online_store,
                "source_table_name": unity.table(table),
                "online_table_name": unity.online(table),
                "publish_mode": mode.upper(),
            },
        )
        for table in known
    )


def feature_lookup_calls(tables: Iterable[FeatureTable], unity: Unity, *, label_time: str) -> tuple[Call, ...]:
    """The features of each table as known at ``label_time``, for ``create_training_set``; it joins as our boundary ``inclusive`` does.

    Raises:
        DeclarationError: Databricks would refuse; all mistakes at once.
    """
    known = tuple(tables)
    check_tables(known, unity, _tiled(known))
    return tuple(
        Call(
            method="FeatureLookup",
            arguments={
                "table_name": unity.table(table),
                "lookup_key": list(table.keys),
                "feature_names": [feature.name for feature in table.features],
                "timestamp_lookup_key": label_time,
                "lookback_window": table.ttl,
            },
        )
        for table in known
    )


def _create(table: FeatureTable, unity: Unity) -> Call:
    return Call(
        method="create_table",
        arguments={
            "name": unity.table(table),
            "primary_keys": [*table.keys, table.event_time],
            "timeseries_column": table.event_time,
            "schema": _schema(table),
            "description": table.description or None,
        },
    )


def _with_feed(table: FeatureTable, unity: Unity) -> Call:
    name = ".".join(f"`{part}`" for part in unity.table(table).split("."))
    return Call(method="sql", arguments={"sqlQuery": f"ALTER TABLE {name} SET TBLPROPERTIES ('delta.enableChangeDataFeed' = 'true')"})


def _schema(table: FeatureTable) -> StructType:
    from pyspark.sql.types import StructType

    keys = [_field(key, table.key_types[key], nullable=False) for key in table.keys]
    features = [_field(feature.name, feature.type, comment=feature.description) for feature in table.features]
    return StructType.fromJson({"fields": [*keys, _field(table.event_time, "timestamp", nullable=False), *features]})


def _field(name: str, kind: str, *, nullable: bool = True, comment: str | None = None) -> dict[str, Any]:
    metadata = {"comment": comment} if comment else {}
    return {"name": name, "type": _JSON_TYPES.get(kind, kind), "nullable": nullable, "metadata": metadata}


def _tiled(tables: Iterable[FeatureTable]) -> Sequence[str]:
    return [
        f"{table.name} is merged from tiles of events, not a table of features; see bundle_features" for table in tables if table.has_tiles
    ]

"""What a pipeline declares, as frozen data: datasets, flows and expectations. Nothing here runs anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from goldlane.expectations import Action
from goldlane.pipelines.incremental.policy import RefreshPolicy
from goldlane.pipelines.names import TableName
from goldlane.pipelines.places import Place

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame
    from pyspark.sql.types import StructType

    from goldlane.pipelines.cdc import ChangeSpec, SnapshotSource, SnapshotSpec
    from goldlane.pipelines.reads import Reads


class Kind(str, Enum):
    """What a dataset is; compares equal to its text."""

    STREAMING_TABLE = "streaming_table"
    MATERIALIZED_VIEW = "materialized_view"
    VIEW = "view"
    SINK = "sink"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """A rule of a dataset: a predicate in SQL text or as a Column, and what happens to rows for which it is not true."""

    name: str
    predicate: str | Column
    action: Action
    place: Place | None = None

    @property
    def text(self) -> str:
        """The predicate as a reader knows it."""
        return self.predicate if isinstance(self.predicate, str) else str(self.predicate).removeprefix("Column<'").removesuffix("'>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """Where a sink's rows go: a format of Spark's with its options, or a handler of micro-batches."""

    format: str
    options: Mapping[str, str] = field(default_factory=dict)
    handler: Callable[[DataFrame, int], Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """A table, view or sink by name. ``kind`` is None until planning has seen whether the query streams.

    ``ignored`` names options that were given and have no effect on this machine.
    """

    name: TableName
    written: str
    kind: Kind | None
    place: Place | None = None
    comment: str | None = None
    schema: str | StructType | None = None
    partition_cols: tuple[str, ...] = ()
    cluster_by: tuple[str, ...] = ()
    table_properties: Mapping[str, str] = field(default_factory=dict)
    spark_conf: Mapping[str, str] = field(default_factory=dict)
    temporary: bool = False
    ignored: tuple[str, ...] = ()
    expectations: tuple[Expectation, ...] = ()
    outlet: Outlet | None = None
    refresh_policy: RefreshPolicy = RefreshPolicy.AUTO


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """REPLACE USING: the newest rows of a key, by ``sequence_by``, take the place of all its older ones."""

    keys: tuple[str, ...]
    sequence_by: str | Column


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryFlow:
    """A function whose DataFrame feeds ``target``. ``depends_on`` names flows that must complete before this one starts."""

    name: str
    target: TableName
    function: Callable[[], DataFrame]
    place: Place | None = None
    once: bool = False
    spark_conf: Mapping[str, str] = field(default_factory=dict)
    comment: str | None = None
    depends_on: tuple[str, ...] = ()
    updates: bool = False
    replacement: Replacement | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeFlow:
    """AUTO CDC: the change events of ``source``, merged into ``target`` by key and sequence.

    ``query`` makes the events where SQL says a query and no name; ``source`` is then its text.
    """

    name: str
    target: TableName
    source: str
    spec: ChangeSpec
    query: Callable[[], DataFrame] | None = None
    place: Place | None = None
    once: bool = False
    spark_conf: Mapping[str, str] = field(default_factory=dict)

    def events(self, reads: Reads) -> DataFrame:
        """The change events: a stream, or all there are where the flow runs once."""
        if self.query is not None:
            return self.query()
        return reads.batch(self.source) if self.once else reads.stream(self.source, {})


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotFlow:
    """AUTO CDC from snapshots: ``target`` follows a table, or the snapshots that a function hands out one by one."""

    name: str
    target: TableName
    source: str | SnapshotSource
    spec: SnapshotSpec
    place: Place | None = None
    once: bool = False
    spark_conf: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """A function that is called with each event. ``allowed_failures`` in a row are forgiven; None forgives all."""

    name: str
    function: Callable[[dict[str, Any]], Any]
    allowed_failures: int | None = None
    place: Place | None = None


Flow = QueryFlow | ChangeFlow | SnapshotFlow


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something wrong with the sources, found while loading or planning; ``dataset`` is the key of the one it keeps from running."""

    code: str
    message: str
    place: Place | None = None
    severity: str = "error"
    dataset: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The shape of ``check --json``'s problems."""
        place = {"file": self.place.file if self.place else None, "line": self.place.line if self.place else None}
        return {"severity": self.severity, **place, "code": self.code, "message": self.message}

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" if self.place else self.message


@dataclass(frozen=True, slots=True, kw_only=True)
class Deprecation:
    """An old name that was used; ``code`` is the platform's word for it."""

    code: str
    name: str
    instead: str
    place: Place | None = None

"""What every online store can do, whatever it is made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, TypeVar, runtime_checkable

from goldlane.errors import UsageError
from goldlane.features.errors import FeatureError
from goldlane.features.online.catalogue import Catalogue

if TYPE_CHECKING:
    import pyarrow as pa

    from goldlane.features.declarations import FeatureTable
    from goldlane.features.feature_sets import FeatureSet
    from goldlane.features.publishing import Mode, Published

Key: TypeAlias = Mapping[str, object]
Unknown: TypeAlias = Literal["raise", "empty"]
Name = TypeVar("Name", bound="FeatureTable | str")


class StoreError(FeatureError):
    """The store could not be read or written: busy, full, damaged."""


class ClaimedError(UsageError):
    """Another process publishes the table continuously."""

    def __init__(self, table: str, place: object, owner: str) -> None:
        super().__init__(f"{table} is already published continuously into {place}, by {owner}", hint="stop that one first")


class FeatureNotFoundError(FeatureError):
    """The store has no row for this key."""

    def __init__(self, table: str, key: Key) -> None:
        super().__init__(f"{table} has no row for {dict(key)}", hint="was it published since the key appeared?")
        self.table, self.key = table, key


@dataclass(frozen=True, slots=True)
class Answer:
    """One entity's features as of ``as_of``, ``age_s`` seconds before the read.

    ``missing`` names the features that are None. In an ``expired`` answer (older than the table's TTL) all are.
    An unknown entity's empty answer has no ``as_of`` and no ``age_s``. ``age_s`` below 0 says that the event lies in the reader's future.
    """

    features: dict[str, Any]
    as_of: datetime | None
    age_s: float | None
    missing: tuple[str, ...]
    expired: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """What a store holds of one table: its declaration, and where that came from.

    ``source_id`` and ``version`` are the id and version of the Delta table that it equals; or a stream's id and the last of its batches
    that are in it; or None, when it came from frames. ``catalogue`` is what people are told of it; None where nobody wrote one.
    """

    table: FeatureTable
    source_id: str | None = None
    version: int | None = None
    published_at: datetime | None = None
    catalogue: Catalogue | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What a writer did: keys whose row was written, keys whose row was deleted, and rows of forgotten keys that were left out.

    ``rows_added`` counts the written keys that the table did not have before; None where the writer does not know.
    """

    rows_written: int
    rows_deleted: int = 0
    rows_forgotten: int = 0
    rows_added: int | None = None


class TableWriter(Protocol):
    """One table inside one transaction: everything it did becomes visible at once, or never. Rows of forgotten keys are left out.

    Batches hold the columns of the declaration in its types, with no NULL key and no NULL event time; keys may repeat, in any order.
    Of rows with one key and one event time the greatest counts, feature by feature in the declaration's order, NULL below every value.

    A row that ``replace`` or ``apply`` deletes leaves a tombstone: its key, and the event time of the row that the store held. It is what
    keeps a late row from bringing the entity back: ``upsert`` takes a row of a deleted key only if its event is later than the deleted
    one's, not if it is equal. The tombstone goes when its key has a row again, by any of the three, and when the keys' columns change.
    """

    previous: Publication | None

    def has_same_shape(self) -> bool:
        """Whether the rows already in the store have the keys, features and types of the declaration."""
        ...

    def replace(self, batches: Iterable[pa.RecordBatch]) -> Written:
        """The table becomes the newest row of each key in ``batches``; keys that it had and that are not among them are deleted."""
        ...

    def apply(self, touched: Iterable[pa.RecordBatch], newest: Iterable[pa.RecordBatch]) -> Written:
        """Each key in ``touched`` gets its newest row in ``newest``, even an older one, or is deleted when there is none."""
        ...

    def upsert(self, batches: Iterable[pa.RecordBatch]) -> Written:
        """The newest row of each key in ``batches``, unless the store's row is newer, or its tombstone is not older."""
        ...

    def write_tiles(self, tiles: Iterable[pa.RecordBatch], touched: Iterable[pa.RecordBatch] | None = None) -> None:
        """The tiles (the keys; ``hop``, ``tile``, ``at``, ``partials``) of the keys in ``touched``, or of all keys, become ``tiles``."""
        ...

    def read_tiles(self, keys: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Every tile of ``keys``, as ``write_tiles`` takes them; nothing as long as the table has none."""
        ...

    def record(self, publication: Publication) -> None:
        """Remember what the table now equals."""
        ...


class OnlineStore(Protocol):
    """The newest row per key of every published table. Reading is safe from several threads."""

    def lookup(self, table: FeatureTable | str, key: Key, unknown: Unknown = "raise", *, at: datetime | None = None) -> Answer:
        """The features of ``key`` at the read time ``at`` (default: now).

        Raises:
            FeatureNotFoundError: the store has never seen the key, and ``unknown`` is not ``"empty"``.
            UsageError: no such table, or the key's columns are not the table's.
        """
        ...

    def lookup_many(
        self, table: FeatureTable | str, keys: Sequence[Key], unknown: Unknown = "raise", *, at: datetime | None = None
    ) -> list[Answer]:
        """One answer per key, in the order of ``keys``, all from one state of the table."""
        ...

    def lookup_all(self, keys: Mapping[Name, Key], unknown: Unknown = "raise", *, at: datetime | None = None) -> dict[Name, Answer]:
        """One answer per table, all from one state of the store, under the names or declarations that were asked for."""
        ...

    def publications(self) -> tuple[Publication, ...]:
        """Every table in the store, by name."""
        ...

    def feature_sets(self) -> tuple[FeatureSet, ...]:
        """Every feature set in the store, by name."""
        ...

    def write_feature_sets(self, sets: Sequence[FeatureSet]) -> None:
        """Add the sets, in one transaction; one of the same name is replaced, the others stay."""
        ...

    def publishing(self, table: FeatureTable) -> AbstractContextManager[TableWriter]:
        """A transaction that writes one table; it waits for another publisher's to end."""
        ...

    def claiming(self, table: FeatureTable) -> AbstractContextManager[None]:
        """The right to publish the table continuously, one publisher at a time; it ends with the process that has it, however that ends.

        Raises:
            ClaimedError: somebody else has it.
        """
        ...

    def forget(self, table: FeatureTable | str, key: Key) -> bool:
        """Delete what the table holds of ``key``, its tiles too, and never take it again; whether there was a row.

        From then on the key is unknown, and whatever is published of it is left out. The store keeps a salted hash of it, not the key.

        Raises:
            UsageError: no such table, or the key's columns are not the table's.
        """
        ...

    def close(self) -> None:
        """Let the store's connections go; a later call opens new ones."""
        ...


@runtime_checkable
class PlatformStore(Protocol):
    """A store that a platform keeps and publishes to by itself, from a gold table of its own."""

    def publish_table(self, table: FeatureTable, source: object, mode: Mode = "triggered") -> Published:
        """Have the platform bring its ``table`` online; ``source`` is a place of gold tables, never a frame."""
        ...

"""Who was forgotten: known by salted hashes of the keys, so that remembering to leave somebody out does not mean keeping them.

An entity's text is, for each of its key columns by name, ``name=length:value`` with the value as ``values`` keeps it (bytes as hexadecimal
digits); its hash is the SHA-256 of the salt and that text, both as UTF-8. SQL and Spark can compute the same.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

_SALT_BYTES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """The forgotten keys of one table, and how its key columns are typed."""

    key_types: Mapping[str, str]
    salt: str
    hashes: frozenset[str]

    def kept(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The batch, in the declaration's types, without the rows of forgotten keys."""
        import pyarrow as pa

        from goldlane.features.online.sqlite_rows import stored_rows

        # Column by column, for this looks at every row that is published.
        columns = zip(*stored_rows(batch, self.key_types), strict=True)
        texts = dict(zip(self.key_types, columns, strict=False))
        parts = [_parts(name, texts[name]) for name in sorted(texts)]
        kept = [_digest(self.salt + "".join(part)) not in self.hashes for part in zip(*parts, strict=True)]
        return batch if all(kept) else batch.filter(pa.array(kept, pa.bool_()))


class Remaining:
    """Some batches without the rows of forgotten keys, and how many those were once it has been gone through."""

    def __init__(self, batches: Iterable[pa.RecordBatch], forgotten: Forgotten | None) -> None:
        self._batches, self._forgotten = batches, forgotten
        self.rows_forgotten = 0

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        """The batches."""
        for batch in self._batches:
            kept = batch if self._forgotten is None else self._forgotten.kept(batch)
            self.rows_forgotten += batch.num_rows - kept.num_rows
            yield kept


def entity_hash(salt: str, key: Mapping[str, object]) -> str:
    """Hexadecimal SHA-256 of one entity: its key columns and their values as a store keeps them, in any order."""
    return _digest(salt + "".join(part for name in sorted(key) for part in _parts(name, [key[name]])))


def new_salt() -> str:
    """Makes hashes of one place useless in another, and tables of ready hashes useless everywhere."""
    return secrets.token_hex(_SALT_BYTES)


def _parts(name: str, values: Iterable[object]) -> list[str]:
    texts = [value.hex() if isinstance(value, bytes) else str(value) for value in values]
    return [f"{name}={len(text)}:{text}" for text in texts]


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

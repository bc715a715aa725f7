"""Lines that could not be read, but speak of somebody: a cut-off line has no column that names them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import TYPE_CHECKING

from goldlane.features.delta_files import ask

if TYPE_CHECKING:
    import pyarrow as pa
    from deltalake import DeltaTable

# Where Auto Loader and Spark's readers put what they cannot read.
_SET_ASIDE = ("_corrupt_record", "_rescued_data")


def mentions(delta: DeltaTable, types: Mapping[str, pa.DataType], key: Mapping[str, object]) -> dict[str, list[str]]:
    """By column, the SHA-256 of each text set aside in which every key column stands right before its value, as in ``"id": "C1"``.

    Hashes, because the condition of a DELETE is written into the table's log.
    """
    found = {}
    for column in (name for name in _SET_ASIDE if name in types):
        texts: set[str] = set()
        for batch in ask(delta, f'SELECT DISTINCT "{column}" FROM gold WHERE "{column}" IS NOT NULL'):  # noqa: S608  a constant
            texts.update(str(text) for text in batch.column(0).to_pylist() if _speaks_of(str(text), key))
        if texts:
            found[column] = sorted(sha256(text.encode()).hexdigest() for text in texts)
    return found


def _speaks_of(text: str, key: Mapping[str, object]) -> bool:
    return all(re.search(rf"(?<!\w){re.escape(name)}\W{{1,8}}{re.escape(str(value))}(?!\w)", text) for name, value in key.items())

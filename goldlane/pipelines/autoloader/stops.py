"""The stop of a stream whose files have columns that the schema does not know: raised in the task, read back by the driver."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from goldlane.pipelines.autoloader.errors import AutoLoaderError

if TYPE_CHECKING:
    from pyspark.sql import Column

_OPEN, _CLOSE = "[GOLDLANE_CLOUD_FILES]", "[/GOLDLANE_CLOUD_FILES]"
_MAX_CAUSES = 20
# The text of a failed query holds its plan, too, and there the marks stand around expressions.
_RAISED = re.compile(re.escape(_OPEN) + r'(\{"file":[^\n]*\})\n(\{[^\n]*\})' + re.escape(_CLOSE))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """What the task said: the unknown ``columns`` of the first record that had any, its ``file``, and the source's own ``request``."""

    columns: tuple[str, ...]
    file: str
    request: Mapping[str, Any]

    @property
    def evolves(self) -> bool:
        """Whether the source's schemaEvolutionMode lets the schema grow."""
        return bool(self.request["evolves"])


def stop(columns: Column, request: Mapping[str, Any]) -> Column:
    """The expression that ends the task, naming ``columns`` (an array of text) and the file."""
    from pyspark.sql import functions as F

    found = F.to_json(F.struct(F.col("_metadata.file_path").alias("file"), columns.alias("columns")))
    text = F.concat(
        F.lit("cloudFiles met columns that its schema does not know "),
        F.lit(_OPEN),
        found,
        F.lit("\n" + json.dumps(request)),
        F.lit(_CLOSE),
    )
    return F.raise_error(text)


def read_stop(error: BaseException) -> Stop | None:
    """The stop inside what a streaming query raised, or None when it failed for another reason."""
    for text in _texts(error):
        found = _RAISED.search(text)
        if found is not None:
            facts = json.loads(found.group(1))
            return Stop(columns=tuple(facts["columns"]), file=facts["file"], request=json.loads(found.group(2)))
    return None


def is_schema_failure(error: BaseException) -> bool:
    """Whether a streaming query ended because its files have columns that the schema does not know."""
    return read_stop(error) is not None


def explain(error: BaseException) -> AutoLoaderError | None:
    """One clear error for a query that ended on unknown columns (under failOnNewColumns, say), else None."""
    found = read_stop(error)
    if found is None:
        return None
    return AutoLoaderError(
        f"cloudFiles met columns that its schema does not know: {', '.join(found.columns)} in {found.file}",
        hint="extend the schema or schemaHints, set cloudFiles.schemaEvolutionMode to addNewColumns or rescue, or remove the file",
    )


def _texts(error: BaseException) -> list[str]:
    """What ``error``, its Python causes and their Java causes say."""
    texts: list[str] = []
    seen = set[int]()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        texts += [str(current), *_java_texts(getattr(current, "_origin", None))]
        current = current.__cause__ or current.__context__
    return texts


def _java_texts(origin: Any) -> list[str]:
    texts: list[str] = []
    while origin is not None and len(texts) < _MAX_CAUSES:
        texts.append(str(origin.getMessage()))
        origin = origin.getCause()
    return texts

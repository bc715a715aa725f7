"""The columns that one source yields: what was inferred or given, with hints on top, folder columns and the rescued column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from goldlane.pipelines.autoloader.errors import AutoLoaderUsageError
from goldlane.pipelines.autoloader.hints import with_hints
from goldlane.pipelines.autoloader.option_names import DEFAULT_RESCUED_COLUMN
from goldlane.pipelines.autoloader.options import Evolution

if TYPE_CHECKING:
    from pyspark.sql import Column
    from pyspark.sql.types import StructType

    from goldlane.pipelines.autoloader.files import Source
    from goldlane.pipelines.autoloader.store import StoredSchema

CORRUPT = "_corrupt_record"


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The columns of a source's frame, in order: ``columns`` of the files, ``partitions`` of the folders, ``rescued`` (or None).

    ``corrupt`` is the one among ``columns`` that takes the text of a record that does not parse. ``rescues_unknown`` says whether
    what does not fit goes to the rescued column; ``in_files`` are the columns that the files themselves have, by position.
    """

    columns: StructType
    partitions: StructType
    rescued: str | None
    corrupt: str | None
    evolution: Evolution
    rescues: bool
    in_files: tuple[str, ...] = ()
    uniform: bool = True

    @property
    def names(self) -> list[str]:
        """The names of the columns that are read from the files' content."""
        return [name for name in self.columns.names if name != self.corrupt]

    @property
    def known(self) -> list[str]:
        """Every name that is not new when a file has it, folder columns included."""
        return [*self.columns.names, *self.partitions.names]


def layout_of(source: Source, stored: StoredSchema) -> Layout:
    """The layout of ``source`` over its ``stored`` (or given) schema.

    Raises:
        AutoLoaderUsageError: addNewColumns together with a given schema; hints that do not parse.
    """
    from pyspark.sql.types import StructType

    options, given = source.options, source.given
    if given is not None and options.evolution is Evolution.ADD:
        raise AutoLoaderUsageError(
            "cloudFiles: schemaEvolutionMode 'addNewColumns' excludes a given schema",
            hint="give schemaHints instead, or choose 'none' or 'rescue'",
        )
    evolution = options.evolution or (Evolution.ADD if given is None else Evolution.NONE)
    rescued = options.rescued_column or (None if given is not None or options.format in {"text", "binaryFile"} else DEFAULT_RESCUED_COLUMN)
    partitions = with_hints(stored.partitions, options.hints, only_known=True)
    hinted = with_hints(stored.columns, options.hints)
    inner = [field for field in hinted.fields if field.name not in {*partitions.names, rescued}]
    corrupt = options.text("columnNameOfCorruptRecord", CORRUPT)
    return Layout(
        columns=StructType(inner),
        partitions=partitions,
        rescued=rescued,
        corrupt=corrupt if corrupt in hinted.names else None,
        evolution=evolution,
        rescues=bool(options.rescued_column) or evolution is not Evolution.NONE,
        in_files=tuple(name for name in stored.columns.names if name not in {*partitions.names, rescued, corrupt}),
        uniform=stored.uniform,
    )


def all_columns(layout: Layout) -> StructType:
    """The frame's columns: of the files, of the folders, and the rescued one."""
    from pyspark.sql.types import StringType, StructField, StructType

    rescued = [StructField(layout.rescued, StringType())] if layout.rescued else []
    return StructType([*layout.columns.fields, *layout.partitions.fields, *rescued])


def partition_columns(layout: Layout) -> list[Column]:
    """The columns of ``key=value`` folders, from the file's path; NULL where the folder is absent or Hive's NULL."""
    from pyspark.sql import functions as F

    # Twice: once for the URI that _metadata holds, once for Hive's own escaping of folder names.
    path = F.col("_metadata.file_path")
    columns = []
    for field in layout.partitions.fields:
        raw = F.regexp_extract(path, f"/{field.name}=([^/]*)/", 1)
        value = F.url_decode(F.url_decode(F.replace(raw, F.lit("+"), F.lit("%2B"))))
        known = F.when((raw != "") & (value != "__HIVE_DEFAULT_PARTITION__"), value)
        columns.append(known.try_cast(field.dataType).alias(field.name))
    return columns

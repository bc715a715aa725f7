"""CSV: raw texts by Spark's reader while all headers are equal, by name and file by file once they differ; then typed in the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from goldlane.pipelines.autoloader.csv_lines import line_options, values_by_name
from goldlane.pipelines.autoloader.files import open_stream
from goldlane.pipelines.autoloader.json_rescue import FILE_PATH
from goldlane.pipelines.autoloader.layout import CORRUPT, partition_columns
from goldlane.pipelines.autoloader.options import Evolution
from goldlane.pipelines.autoloader.stops import stop

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame
    from pyspark.sql.types import StructField

    from goldlane.pipelines.autoloader.files import Source
    from goldlane.pipelines.autoloader.layout import Layout
    from goldlane.pipelines.autoloader.options import Options

# Values beyond the schema's columns are rescued up to this many; a line that has more is broken anyway.
_MOST_EXTRAS = 16


def csv_stream(source: Source, layout: Layout) -> DataFrame:
    """One row per line; ``raw`` holds its texts by column, ``extras`` what no column takes."""
    by_name = source.options.flag("header") and source.given is None
    raw = values_by_name(source, layout) if by_name and not layout.uniform else _by_position(source, layout, checked=by_name)
    values = [_typed(field, layout, source.options).alias(field.name) for field in layout.columns.fields]
    last = [_rescued(layout, source.options).alias(layout.rescued)] if layout.rescued else []
    return raw.select(*values, *partition_columns(layout), *last)


def _by_position(source: Source, layout: Layout, *, checked: bool) -> DataFrame:
    """Spark's own reader. ``checked`` reads the header as a row, and stops at one that is not the schema's."""
    from pyspark.sql import functions as F
    from pyspark.sql.types import StructType

    texts = StructType()
    for name in layout.in_files:
        texts = texts.add(name, "string")
    given = {key: value for key, value in source.options.reader.items() if key.lower() not in {"inferschema", "mode", "enforceschema"}}
    options = {**given, "columnNameOfCorruptRecord": CORRUPT, **({"header": "false"} if checked else {})}
    stream = open_stream(source, "csv", texts.add(CORRUPT, "string"), options)
    raw = F.struct(*[F.col(f"`{name}`") for name in layout.in_files])
    rows = stream.select(raw.alias("raw"), _extras(layout, source.options).alias("extras"), F.col(CORRUPT).alias("line"))
    return _without_headers(rows, source, layout) if checked else rows


def _extras(layout: Layout, options: Options) -> Column:
    """What a line holds beyond the last column, by Spark's names for columns without one (``_c7``)."""
    from pyspark.sql import functions as F

    count = len(layout.in_files)
    names = [f"_c{index}" for index in range(count + _MOST_EXTRAS)]
    parsed = F.from_csv(F.col(CORRUPT), ", ".join(f"{name} STRING" for name in names), line_options(options))
    pairs = [value for name in names[count:] for value in (F.lit(name), parsed.getField(name))]
    return F.when(F.col(CORRUPT).isNotNull(), F.map_filter(F.create_map(*pairs), lambda _, value: value.isNotNull()))


def _without_headers(rows: DataFrame, source: Source, layout: Layout) -> DataFrame:
    """``rows`` less the headers. Where half of a file's first values are column names, it is a header: an unknown one stops the stream."""
    from pyspark.sql import functions as F

    texts = [F.col("raw").getField(name) for name in layout.in_files]
    known = [name.lower() for name in layout.in_files]
    hits = sum((F.lower(F.trim(text)).isin(known).cast("int") for text in map(_or_blank, texts)), F.lit(0))
    is_known = F.col("line").isNull()
    for name, text in zip(layout.in_files, texts, strict=True):
        is_known &= text == name
    header = (F.col("_metadata.file_block_start") == 0) & (hits * 2 >= len(known))
    names = F.concat(F.array(*texts), F.coalesce(F.map_values("extras"), F.array().cast("array<string>")))
    news = F.filter(names, lambda name: ~F.lower(name).isin([one.lower() for one in layout.known]))
    told = news if layout.evolution in {Evolution.ADD, Evolution.FAIL} else F.array().cast("array<string>")
    keep = F.when(is_known, False).when(header, stop(told, source.request).cast("boolean")).otherwise(True)
    return rows.where(keep)


def _or_blank(text: Column) -> Column:
    from pyspark.sql import functions as F

    return F.coalesce(text, F.lit(""))


def _typed(field: StructField, layout: Layout, options: Options) -> Column:
    """The column's value: its text as the field's type, NULL where it does not fit."""
    from pyspark.sql import functions as F
    from pyspark.sql.types import DateType, StringType, TimestampType

    if field.name == layout.corrupt or field.name not in layout.in_files:
        return F.lit(None).cast(field.dataType)
    text = F.col("raw").getField(field.name)
    if isinstance(field.dataType, StringType):
        return text
    form = options.text("dateFormat" if isinstance(field.dataType, DateType) else "timestampFormat", "")
    if form and isinstance(field.dataType, (DateType, TimestampType)):
        return F.try_to_timestamp(text, F.lit(form)).cast(field.dataType)
    return text.try_cast(field.dataType)


def _rescued(layout: Layout, options: Options) -> Column:
    """Texts that do not fit their column's type, and values that no column takes, as JSON; NULL when there are none."""
    from pyspark.sql import functions as F
    from pyspark.sql.types import StringType

    if not layout.rescues:
        return F.lit(None).cast("string")
    nothing = F.create_map().cast("map<string,string>")
    misfits = [
        F.when(_typed(field, layout, options).isNull(), F.col("raw").getField(field.name))
        for field in layout.columns.fields
        if field.name in layout.in_files and not isinstance(field.dataType, StringType)
    ]
    typed = [field.name for field in layout.columns.fields if field.name in layout.in_files and not isinstance(field.dataType, StringType)]
    pairs = [part for name, text in zip(typed, misfits, strict=True) for part in (F.lit(name), text)]
    lost = F.map_filter(F.create_map(*pairs), lambda _, text: text.isNotNull()) if pairs else nothing
    found = F.map_concat(lost, F.coalesce(F.col("extras"), nothing))
    return F.when(F.size(found) > 0, F.to_json(F.map_concat(found, F.create_map(F.lit(FILE_PATH), F.col("_metadata.file_path")))))

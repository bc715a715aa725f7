"""JSON: lines of text parsed in the plan, so that unknown fields are seen on the pass that reads them."""

from __future__ import annotations

import re
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from goldlane.pipelines.autoloader.files import open_stream
from goldlane.pipelines.autoloader.json_keys import nested_news, new_keys, other_keys
from goldlane.pipelines.autoloader.json_rescue import rescued, unparsed
from goldlane.pipelines.autoloader.layout import CORRUPT, partition_columns
from goldlane.pipelines.autoloader.options import Evolution
from goldlane.pipelines.autoloader.stops import stop

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame
    from pyspark.sql.types import StructField

    from goldlane.pipelines.autoloader.files import Source
    from goldlane.pipelines.autoloader.layout import Layout
    from goldlane.pipelines.autoloader.options import Options

# These speak to the reader of files or of the text around the records, not to the parser of one record.
_NOT_FOR_THE_PARSER = {
    "multiline",
    "linesep",
    "encoding",
    "charset",
    "mode",
    "columnnameofcorruptrecord",
    "inferschema",
    "samplingratio",
    "header",
}


def json_stream(source: Source, layout: Layout) -> DataFrame:
    """One row per JSON object; stops on unknown fields where the schema may grow, or must not."""
    lines = open_stream(source, "text", "value STRING", _text_options(source.options))
    return _columns(_checked(_records(lines, source, layout), source, layout), source.options, layout)


def _text_options(options: Options) -> dict[str, str]:
    given = {"wholetext": "true"} if options.flag("multiLine") else {}
    separator = options.text("lineSep", "")
    return {**given, **({"lineSep": separator} if separator else {})}


def _records(lines: DataFrame, source: Source, layout: Layout) -> DataFrame:
    """One text per object: blank lines give none, a line (or file) that is an array gives its elements.

    Arrays cost every record a tenth more, so that a source without any stops once at its first, and is opened again for them.
    """
    from pyspark.sql import functions as F

    value = F.col("value")
    if layout.uniform and not source.options.flag("multiLine"):
        array = F.ltrim(value).startswith("[") & F.from_json(value, "array<string>").isNotNull()
        again = stop(F.array().cast("array<string>"), source.request).cast("boolean")
        return lines.where(F.when(array, again).otherwise(F.trim(value) != ""))
    elements = F.when(F.ltrim(value).startswith("["), F.coalesce(F.from_json(value, "array<string>"), F.array(value)))
    texts = elements.when(F.trim(value) == "", F.array().cast("array<string>")).otherwise(F.array(value))
    return lines.select(F.explode(texts).alias("value"))


def _checked(records: DataFrame, source: Source, layout: Layout) -> DataFrame:
    """``value``, the parsed ``record``, and the names of fields that it has and the schema lacks: ``others``, ``nested``."""
    from pyspark.sql import functions as F

    text, nested = F.col("value"), nested_news(F.col("value"), layout)
    record = F.from_json(text, _record_schema(layout), _parser_options(source.options))
    parsed = records.select("value", _once(record).alias("record")).select(
        "value",
        "record",
        F.when(_has_known_keys_only(source.options, layout), F.array().cast("array<string>"))
        .otherwise(other_keys(text, layout))
        .alias("others"),
        *([] if nested is None else [nested.alias("nested")]),
    )
    if layout.evolution not in {Evolution.ADD, Evolution.FAIL}:
        return parsed
    news = new_keys(F.col("others"), layout) if nested is None else F.concat(new_keys(F.col("others"), layout), "nested")
    some = (F.size("others") > 0) if nested is None else (F.size("others") > 0) | (F.size("nested") > 0)
    stopped = F.when(some & (F.size(news) > 0), stop(news, source.request)).otherwise(F.col("record"))
    return parsed.withColumn("record", stopped)


def _has_known_keys_only(options: Options, layout: Layout) -> Column:
    """Whether counting tells that every key is a column, without a second look into the record: the ordinary record's case.

    A key ends with `":` unless blanks or single quotes come between. There are then no more keys than `":`; where there are as many
    columns with a value, these are the keys.
    """
    from pyspark.sql import functions as F

    if any(options.flag(name) for name in ("allowUnquotedFieldNames", "allowComments")):
        return F.lit(False)
    text, record = F.col("value"), F.col("record")
    ends = (F.length(text) - F.length(F.replace(text, F.lit('":'), F.lit("")))) / 2
    values = sum((record.getField(name).isNotNull().cast("int") for name in layout.names), F.lit(0))
    unusual = [text.contains(blank + ":") for blank in (" ", "\t", "\r", "\n", "'")]
    return record.getField(CORRUPT).isNull() & (ends == values) & ~reduce(or_, unusual)


def _once(column: Column) -> Column:
    """``column``, which the optimizer takes for nondeterministic: else it would parse again for each filter that it pushes down."""
    from pyspark.sql import functions as F

    return F.when(F.spark_partition_id() >= 0, column)


def _record_schema(layout: Layout) -> str:
    from pyspark.sql.types import StructType

    fields = [field for field in layout.columns.fields if field.name != layout.corrupt]
    return StructType(fields).add(CORRUPT, "string").json()


def _parser_options(options: Options) -> dict[str, str]:
    chosen = {key: value for key, value in options.reader.items() if key.lower() not in _NOT_FOR_THE_PARSER}
    return {**chosen, "columnNameOfCorruptRecord": CORRUPT}


def _columns(parsed: DataFrame, options: Options, layout: Layout) -> DataFrame:
    from pyspark.sql import functions as F

    columns = [_column(field, layout) for field in layout.columns.fields]
    last = [rescued(layout, parsed.columns).alias(layout.rescued)] if layout.rescued else []
    kept = parsed.where(~unparsed()) if options.text("mode", "").upper() == "DROPMALFORMED" else parsed
    if options.text("mode", "").upper() == "FAILFAST":
        kept = kept.where(
            F.when(unparsed(), F.raise_error(F.concat(F.lit("cloudFiles: not a JSON object: "), "value")).cast("boolean")).otherwise(True)
        )
    return kept.select(*columns, *partition_columns(layout), *last)


def _column(field: StructField, layout: Layout) -> Column:
    from pyspark.sql import functions as F
    from pyspark.sql.types import StringType

    if field.name == layout.corrupt:
        return F.when(unparsed(), F.col("value")).alias(field.name)
    value = F.col("record").getField(field.name)
    return (_exact(value, field.name) if isinstance(field.dataType, StringType) else value).alias(field.name)


def _exact(value: Column, name: str) -> Column:
    """``value`` as written: from_json gives a JSON number to a text column as Java prints the double (12.50 as 12.5, 1.0E7)."""
    from pyspark.sql import functions as F

    text, key = F.col("value"), f'"{name}":'
    pattern = rf'"{re.escape(name)}"\s*:\s*(-?[0-9]+[.eE][0-9.eE+-]*)'
    # Cheapest first: one byte, two short searches, then the line for the usual ways to write a text.
    number = (value < F.lit(":")) & (value.contains(".") | value.contains("E"))
    doubtful = number & ~text.contains(f'{key} "') & ~text.contains(f'{key}"') & value.rlike(r"^-?[0-9.]+(E-?[0-9]+)?$")
    same = F.filter(F.regexp_extract_all(text, F.lit(pattern)), lambda written: written.try_cast("double") == value.try_cast("double"))
    return F.when(doubtful, F.coalesce(F.get(same, F.lit(0)), value)).otherwise(value)

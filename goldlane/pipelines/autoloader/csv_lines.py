"""CSV files whose headers differ: each file is read whole, and its lines by the names of its own header."""

from __future__ import annotations

from typing import TYPE_CHECKING

from goldlane.pipelines.autoloader.files import open_stream
from goldlane.pipelines.autoloader.options import Evolution
from goldlane.pipelines.autoloader.stops import stop

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

    from goldlane.pipelines.autoloader.files import Source
    from goldlane.pipelines.autoloader.layout import Layout
    from goldlane.pipelines.autoloader.options import Options

# from_csv needs a number of columns; a header may hold this many that are not known yet.
_MOST_NEW = 64
_NOT_FOR_LINES = {
    "header",
    "inferschema",
    "mode",
    "enforceschema",
    "columnnameofcorruptrecord",
    "multiline",
    "linesep",
    "encoding",
    "charset",
}


def line_options(options: Options) -> dict[str, str]:
    """The options that speak to the parser of one line."""
    return {key: value for key, value in options.reader.items() if key.lower() not in _NOT_FOR_LINES}


def values_by_name(source: Source, layout: Layout) -> DataFrame:
    """``raw`` (texts by column), ``extras`` (by name, what no column takes) of each line; stops on names that are new."""
    from pyspark.sql import functions as F

    count = len(layout.known) + _MOST_NEW
    files = open_stream(source, "text", "value STRING", {"wholetext": "true"})
    lines = F.filter(F.split("value", "\r?\n"), lambda line: F.trim(line) != "")
    split = files.select(lines.alias("lines")).where(F.size("lines") > 1)
    header = F.array_compact(_parsed(F.col("lines")[0], count, source.options))
    headed = split.select(F.slice("lines", 2, F.size("lines")).alias("lines"), _checked(header, source, layout).alias("header"))
    single = headed.select("header", F.explode("lines").alias("line"))
    values = single.select("header", _parsed(F.col("line"), count, source.options).alias("texts"))
    return values.select(_raw(layout).alias("raw"), _extras(layout).alias("extras"))


def _parsed(line: Column, count: int, options: Options) -> Column:
    """The ``count`` first texts of ``line``, NULL where it is shorter."""
    from pyspark.sql import functions as F

    fields = F.from_csv(line, ", ".join(f"_c{index} STRING" for index in range(count)), line_options(options))
    return F.transform(F.array(fields), lambda row: F.array(*[row.getField(f"_c{index}") for index in range(count)]))[0]


def _checked(header: Column, source: Source, layout: Layout) -> Column:
    from pyspark.sql import functions as F

    if layout.evolution not in {Evolution.ADD, Evolution.FAIL}:
        return header
    news = F.filter(header, lambda name: ~F.lower(name).isin([known.lower() for known in layout.known]))
    return F.when(F.size(news) > 0, stop(news, source.request)).otherwise(header)


def _raw(layout: Layout) -> Column:
    from pyspark.sql import functions as F

    def text(name: str) -> Column:
        at = F.array_position("header", name)
        return F.when(at > 0, F.element_at("texts", at.cast("int"))).alias(name)

    return F.struct(*[text(name) for name in layout.in_files])


def _extras(layout: Layout) -> Column:
    from pyspark.sql import functions as F

    named = F.transform(
        "texts", lambda text, at: F.struct(F.coalesce(F.get("header", at), F.concat(F.lit("_c"), at)).alias("key"), text.alias("value"))
    )
    return F.map_from_entries(
        F.filter(named, lambda one: one.getField("value").isNotNull() & ~one.getField("key").isin(list(layout.in_files)))
    )

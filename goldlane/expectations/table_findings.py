"""What a Spark frame says to table rules: one row of numbers, from one aggregation and one group-by or join per key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import and_, or_
from typing import TYPE_CHECKING

from goldlane.expectations.table_fit import INTEGERS
from goldlane.expectations.table_rule import ForeignKey, FreshWithin, RowCountBetween, SumBetween, TableRule, Unique

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

ROWS = "rows"
_DAY_US = 86_400_000_000


def findings(df: DataFrame, rules: Sequence[TableRule], tables: Mapping[str, DataFrame]) -> DataFrame:
    """One row: ``rows``, and ``found_<position>`` of each rule: how many rows break it, or the number it is about (times in microseconds).

    Nothing runs here. Rules about one key share its group-by.
    """
    from pyspark.sql import functions as F

    numbers = [_number(df, rule).alias(f"number_{position}") for position, rule in enumerate(rules)]
    found = df.agg(F.count(F.lit(1)).alias(ROWS), *numbers)
    keys: dict[tuple[str, ...], str] = {}
    columns = []
    for position, rule in enumerate(rules):
        number = F.col(f"number_{position}")
        if isinstance(rule.kind, (Unique, ForeignKey)):
            asked = (*rule.columns, *rule.tables, *(rule.kind.to_columns if isinstance(rule.kind, ForeignKey) else ()))
            if asked not in keys:
                keys[asked] = f"broken_{position}"
                found = found.crossJoin(_broken(df, rule.kind, tables).toDF(keys[asked]))
            number += F.col(keys[asked])
        columns.append(number.alias(f"found_{position}"))
    return found.select(ROWS, *columns)


def offenders(df: DataFrame, kind: Unique | ForeignKey, tables: Mapping[str, DataFrame]) -> DataFrame:
    """The keys that break a rule, each once, the least first: doubled ones, those with a NULL where none may be, those without a target."""
    from pyspark.sql import functions as F

    if isinstance(kind, ForeignKey):
        return _orphans(df, kind, tables).distinct().orderBy(*map(_named, kind.columns))
    keys = [_named(column) for column in kind.columns]
    doubled = (F.col("__goldlane_rows") > 1) & ~_any_null(kind.columns)
    broken = doubled | _any_null(kind.columns) if kind.not_null else doubled
    return df.groupBy(*keys).agg(F.count(F.lit(1)).alias("__goldlane_rows")).where(broken).select(*keys).orderBy(*keys)


def _number(df: DataFrame, rule: TableRule) -> Column:
    """What one aggregation over all rows says to the rule."""
    from pyspark.sql import functions as F

    kind = rule.kind
    if isinstance(kind, FreshWithin):
        return _micros(F.max(_named(kind.column)), dict(df.dtypes)[kind.column])
    if isinstance(kind, SumBetween):
        column = _named(kind.column)
        return F.try_sum(column.cast("decimal(38,0)") if dict(df.dtypes)[kind.column] in INTEGERS else column)
    if isinstance(kind, RowCountBetween):
        return F.count(F.lit(1))
    if isinstance(kind, Unique) and kind.not_null:
        return F.count(F.when(_any_null(kind.columns), F.lit(True)))
    return F.count(F.lit(None))


def _broken(df: DataFrame, kind: Unique | ForeignKey, tables: Mapping[str, DataFrame]) -> DataFrame:
    """One row: how many rows have a doubled key, or one without a target."""
    from pyspark.sql import functions as F

    if isinstance(kind, ForeignKey):
        return _orphans(df, kind, tables).agg(F.count(F.lit(1)))
    known = df.where(~_any_null(kind.columns))
    times = known.groupBy(*map(_named, kind.columns)).agg(F.count(F.lit(1)).alias("__goldlane_rows"))
    return times.agg(F.coalesce(F.sum(F.when(F.col("__goldlane_rows") > 1, F.col("__goldlane_rows"))), F.lit(0)))


def _orphans(df: DataFrame, kind: ForeignKey, tables: Mapping[str, DataFrame]) -> DataFrame:
    from pyspark.sql import functions as F

    targets = tables[kind.to].select(*(_named(column).alias(f"__to_{at}") for at, column in enumerate(kind.to_columns)))
    references = df.where(~_any_null(kind.columns)).select(*map(_named, kind.columns))
    same = reduce(and_, (_named(column) == F.col(f"__to_{at}") for at, column in enumerate(kind.columns)))
    return references.join(targets, on=same, how="left_anti")


def _micros(newest: Column, type_name: str) -> Column:
    from pyspark.sql import functions as F

    if type_name == "date":
        return F.unix_date(newest).cast("bigint") * F.lit(_DAY_US)
    if type_name == "timestamp_ntz":
        return F.timestamp_diff("MICROSECOND", F.expr("TIMESTAMP_NTZ'1970-01-01 00:00:00'"), newest)
    return F.unix_micros(newest)


def _any_null(columns: Sequence[str]) -> Column:
    return reduce(or_, (_named(column).isNull() for column in columns))


def _named(column: str) -> Column:
    from pyspark.sql import functions as F

    return F.col(f"`{column}`")

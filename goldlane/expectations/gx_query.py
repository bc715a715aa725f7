"""The query that GX asks of a batch for a rule: as many rows as break it, or one row for a table that breaks a rule about one number."""

from __future__ import annotations

from goldlane.expectations.literal import column_sql, literal_sql
from goldlane.expectations.rule import Rule
from goldlane.expectations.table_decision import as_printed
from goldlane.expectations.table_fit import INTEGERS
from goldlane.expectations.table_rule import ForeignKey, FreshWithin, Number, RowCountBetween, SumBetween, TableRule, Unique

_BATCH = "{batch}"
_ROWS = "SELECT * FROM {batch}"
_INTEGERS = ", ".join(f"'{name}'" for name in INTEGERS)
_MICROSECONDS = 1_000_000


def broken_query(rule: Rule | TableRule) -> str:
    """A Spark query over ``{batch}``, which GX fills in. Rows come as JSON: Python has no year 0, and GX reads some of them into it."""
    broken = f"{_ROWS} WHERE NOT {_escaped(rule.sql)}" if isinstance(rule, Rule) else _table_query(rule)
    return f"SELECT to_json(struct(*), map('ignoreNullFields', 'false')) AS row FROM ({broken})"  # noqa: S608  a rule is its author's SQL


def _table_query(rule: TableRule) -> str:
    kind = rule.kind
    if isinstance(kind, Unique):
        return _doubled(kind)
    if isinstance(kind, ForeignKey):
        return _orphans(kind)
    if isinstance(kind, RowCountBetween):
        return _number("count(*)", _between("count(*)", kind))
    if isinstance(kind, FreshWithin):
        newest = f"max({_quoted(kind.column)})"
        return _number(newest, _fresh(newest, kind))
    return _number(f"try_sum({_quoted(kind.column)})", _sum_between(kind))


def _doubled(kind: Unique) -> str:
    keys = ", ".join(map(_quoted, kind.columns))
    null = _any_null("", kind.columns)
    broken = f"goldlane_times > 1 OR {null}" if kind.not_null else f"goldlane_times > 1 AND NOT ({null})"
    times = f"(SELECT *, count(*) OVER (PARTITION BY {keys}) AS goldlane_times FROM {_BATCH})"  # noqa: S608  as above
    return f"SELECT * EXCEPT (goldlane_times) FROM {times} WHERE {broken}"  # noqa: S608  as above


def _orphans(kind: ForeignKey) -> str:
    pairs = zip(kind.columns, kind.to_columns, strict=True)
    same = " AND ".join(f"here.{_quoted(own)} = there.{_quoted(other)}" for own, other in pairs)
    target = f"LEFT ANTI JOIN {_escaped(column_sql(kind.to))} AS there ON {same}"
    return f"{_ROWS} AS here {target} WHERE NOT ({_any_null('here.', kind.columns)})"


def _number(observed: str, holds: str) -> str:
    return f"SELECT {observed} AS observed FROM {_BATCH} HAVING NOT coalesce({holds}, false)"  # noqa: S608  as above


def _fresh(newest: str, kind: FreshWithin) -> str:
    # Dates and times without a zone are read as UTC, whatever the session's zone is.
    plain = f"timestampdiff(MICROSECOND, TIMESTAMP_NTZ'1970-01-01 00:00:00', CAST({newest} AS TIMESTAMP_NTZ))"
    micros = f"CASE typeof({newest}) WHEN 'timestamp' THEN unix_micros(CAST({newest} AS TIMESTAMP)) ELSE {plain} END"
    seconds = kind.interval.days * 86_400 + kind.interval.seconds
    return f"{micros} >= unix_micros(current_timestamp()) - {seconds * _MICROSECONDS + kind.interval.microseconds}"


def _sum_between(kind: SumBetween) -> str:
    column = _quoted(kind.column)
    # A sum of bigints outgrows a bigint.
    whole, plain = f"try_sum(try_cast({column} AS DECIMAL(38, 0)))", f"try_sum({column})"
    integers = f"CASE WHEN typeof(max({column})) IN ({_INTEGERS}) THEN {_between(whole, kind)} ELSE {_between(plain, kind)} END"
    return f"NOT isnan({plain}) AND {integers}"


def _between(tested: str, kind: RowCountBetween | SumBetween) -> str:
    bounds: dict[str, Number | None] = {">=": kind.low, "<=": kind.high}
    return " AND ".join(f"{tested} {sign} {literal_sql(as_printed(bound))}" for sign, bound in bounds.items() if bound is not None)


def _any_null(prefix: str, columns: tuple[str, ...]) -> str:
    return " OR ".join(f"{prefix}{_quoted(column)} IS NULL" for column in columns)


def _quoted(column: str) -> str:
    return f"`{column}`"


def _escaped(sql: str) -> str:
    """GX reads a brace as the beginning of a field unless it is doubled."""
    return sql.replace("{", "{{").replace("}", "}}")

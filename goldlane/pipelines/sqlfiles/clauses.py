"""The clauses between a dataset's columns and its query, in any order."""

from __future__ import annotations

from dataclasses import dataclass, field

from goldlane.pipelines.sqlfiles.cursor import Cursor

_ENDS = (("AS",), ("FLOW",))
# Schedules, policies and access belong to the platform: read, so that the rest is, and kept in the source.
_IGNORED = (
    ("USING",),
    ("LOCATION",),
    ("SCHEDULE",),
    ("TRIGGER",),
    ("REFRESH", "POLICY"),
    ("WITH", "ROW", "FILTER"),
    ("ROW", "FILTER"),
    ("WITH", "SCHEMA"),
    ("WITH", "TAGS"),
    ("TAGS",),
    ("DEFAULT", "COLLATION"),
)
_MEANT = (("COMMENT",), ("TBLPROPERTIES",), ("PARTITIONED", "BY"), ("CLUSTER", "BY"))


@dataclass(slots=True)
class Clauses:
    """What was said about a dataset."""

    comment: str | None = None
    table_properties: dict[str, str] = field(default_factory=dict)
    partition_cols: tuple[str, ...] = ()
    cluster_by: tuple[str, ...] = ()


def read_clauses(cursor: Cursor) -> Clauses:
    """The clauses up to ``AS``, ``FLOW`` or the end of the statement.

    Raises:
        SqlSourceError: something that is no clause.
    """
    found = Clauses()
    while not cursor.ended and not any(cursor.at(*end) for end in _ENDS):
        _read_clause(cursor, found)
    return found


def names_in(cursor: Cursor) -> tuple[str, ...]:
    """Names between commas, without backticks."""
    return tuple(_name(item) for item in cursor.items())


def _read_clause(cursor: Cursor, found: Clauses) -> None:
    if cursor.accept("COMMENT"):
        found.comment = cursor.string("a comment")
    elif cursor.accept("TBLPROPERTIES"):
        found.table_properties |= dict(_property(item) for item in cursor.group("the properties").items())
    elif cursor.accept("PARTITIONED", "BY"):
        found.partition_cols = names_in(cursor.group("the columns"))
    elif cursor.accept("CLUSTER", "BY"):
        # AUTO and NONE leave the choice to the platform, which is nobody here.
        found.cluster_by = () if cursor.accept_any(("AUTO", "NONE")) else names_in(cursor.group("the columns"))
    elif any(cursor.accept(*words) for words in _IGNORED):
        cursor.until(*_ENDS, *_IGNORED, *_MEANT).source()
    else:
        raise cursor.error(f"{cursor.found()} begins no clause of a dataset", hint="a statement ends with ;")


def _property(item: Cursor) -> tuple[str, str]:
    key = _text(item)
    item.accept("=")
    value = _text(item)
    item.end()
    return key, value


def _text(item: Cursor) -> str:
    """A text, or the words up to ``=`` as they are written: ``delta.appendOnly``, ``true``, ``10``."""
    found = item.string("a text") if item.at_string else item.until(("=",)).source().replace("`", "")
    if not found and item.ended:
        raise item.error("a property needs a key and a value", hint="TBLPROPERTIES ('key' = 'value', ...)")
    return found


def _name(item: Cursor) -> str:
    found = item.name("a column").replace("`", "")
    item.end()
    return found

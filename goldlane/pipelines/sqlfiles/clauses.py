"""The clauses between a dataset's columns and its query, in any order."""

from __future__ import annotations

from dataclasses import dataclass, field

from goldlane.pipelines.incremental.policy import RefreshPolicy, refresh_policy_of
from goldlane.pipelines.sqlfiles.cursor import Cursor, Phrase

# As in CREATE TABLE, the AS before a query may be left out.
QUERY_WORDS = ("SELECT", "WITH", "FROM", "VALUES", "(")
_ENDS = (("AS",), ("FLOW",), ("SELECT",))
# Places, schedules, policies and access belong to the platform: they are read and named as without effect.
_IGNORED: dict[Phrase, str] = {
    ("USING",): "",
    ("LOCATION",): "path",
    ("SCHEDULE",): "schedule",
    ("TRIGGER",): "trigger",
    ("WITH", "ROW", "FILTER"): "row_filter",
    ("ROW", "FILTER"): "row_filter",
    ("WITH", "SCHEMA"): "",
    ("WITH", "TAGS"): "tags",
    ("TAGS",): "tags",
    ("DEFAULT", "COLLATION"): "collation",
}
_MEANT = (("COMMENT",), ("TBLPROPERTIES",), ("PARTITIONED", "BY"), ("CLUSTER", "BY"), ("REFRESH", "POLICY"))
_POLICIES = (("INCREMENTAL", "STRICT"), ("INCREMENTAL",), ("AUTO",), ("FULL",))


@dataclass(slots=True)
class Clauses:
    """What was said about a dataset."""

    comment: str | None = None
    table_properties: dict[str, str] = field(default_factory=dict)
    partition_cols: tuple[str, ...] = ()
    cluster_by: tuple[str, ...] = ()
    refresh_policy: RefreshPolicy = RefreshPolicy.AUTO
    ignored: list[str] = field(default_factory=list)


def read_clauses(cursor: Cursor) -> Clauses:
    """The clauses up to ``AS``, ``FLOW`` or the end of the statement.

    Raises:
        SqlSourceError: something that is no clause.
    """
    found = Clauses()
    while not cursor.ended and not any(cursor.at(*end) for end in _ENDS) and _read_clause(cursor, found):
        pass
    return found


def names_in(cursor: Cursor) -> tuple[str, ...]:
    """Names between commas, without backticks."""
    return tuple(_name(item) for item in cursor.items())


def _read_clause(cursor: Cursor, found: Clauses) -> bool:
    """Read the clause that comes next; False where a query does."""
    if cursor.accept("COMMENT"):
        found.comment = cursor.string("a comment")
    elif cursor.accept("TBLPROPERTIES"):
        found.table_properties |= dict(_property(item) for item in cursor.group("the properties").items())
    elif cursor.accept("PARTITIONED", "BY"):
        found.partition_cols = names_in(cursor.group("the columns"))
    elif cursor.accept("CLUSTER", "BY"):
        choice = cursor.accept_any(("AUTO", "NONE"))
        found.cluster_by = () if choice else names_in(cursor.group("the columns"))
        found.ignored += ["cluster_by_auto"] if choice == "AUTO" else []
    elif cursor.accept("REFRESH", "POLICY"):
        found.refresh_policy = _policy(cursor)
    else:
        words = next((words for words in _IGNORED if cursor.accept(*words)), None)
        if words is None and any(cursor.at(word) for word in QUERY_WORDS):
            return False
        if words is None:
            raise cursor.error(f"{cursor.found()} begins no clause of a dataset", hint="a statement ends with ;")
        cursor.until(*_ENDS, *_IGNORED, *_MEANT).source()
        found.ignored += [_IGNORED[words]] if _IGNORED[words] else []
    return True


def _policy(cursor: Cursor) -> RefreshPolicy:
    for words in _POLICIES:
        if cursor.accept(*words):
            return refresh_policy_of(" ".join(words))
    raise cursor.error(f"{cursor.found()} is no refresh policy", hint="AUTO, INCREMENTAL, INCREMENTAL STRICT or FULL")


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

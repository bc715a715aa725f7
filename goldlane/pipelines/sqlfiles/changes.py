"""The clauses of ``AUTO CDC INTO`` and ``APPLY CHANGES INTO``, in any order."""

from __future__ import annotations

from typing import Any

from goldlane.pipelines.definitions import ChangeFlow
from goldlane.pipelines.names import TableName
from goldlane.pipelines.sqlfiles.clauses import names_in
from goldlane.pipelines.sqlfiles.cursor import Cursor, Phrase
from goldlane.pipelines.sqlfiles.scope import Scope

_CLAUSES: tuple[Phrase, ...] = (
    ("KEYS",),
    ("WHERE",),
    ("IGNORE", "NULL", "UPDATES"),
    ("APPLY", "AS", "DELETE", "WHEN"),
    ("APPLY", "AS", "TRUNCATE", "WHEN"),
    ("SYSTEM", "SEQUENCE", "BY"),
    ("SEQUENCE", "BY"),
    ("COLUMNS", "TO", "UPDATE"),
    ("COLUMNS",),
    ("STORED", "AS"),
    ("TRACK", "HISTORY", "ON"),
)
_TYPES: dict[Phrase, int | str] = {("SCD", "TYPE", "1"): 1, ("SCD", "TYPE", "2"): 2, ("BITEMPORAL",): "bitemporal"}
_TEXTS = {
    ("WHERE",): "where",
    ("SEQUENCE", "BY"): "sequence_by",
    ("SYSTEM", "SEQUENCE", "BY"): "system_sequence_by",
    ("APPLY", "AS", "DELETE", "WHEN"): "apply_as_deletes",
    ("APPLY", "AS", "TRUNCATE", "WHEN"): "apply_as_truncates",
}


def read_change_flow(cursor: Cursor, scope: Scope, *, name: str | None, target: TableName, once: bool) -> ChangeFlow:
    """The flow that ``FROM source KEYS (...) ...`` describes.

    Raises:
        SqlSourceError: a clause is missing, said twice, or unknown.
        CdcError: what the clauses say together cannot be.
    """
    from goldlane.pipelines.cdc import ChangeSpec

    line = cursor.line
    cursor.expect("FROM")
    source = cursor.until(*_CLAUSES)
    given = _clauses(cursor)
    missing = [words for words in ("KEYS", "SEQUENCE BY") if tuple(words.split()) not in given]
    if missing:
        raise cursor.error(f"the flow into {target} does not say {' and '.join(missing)}")
    spec: dict[str, Any] = {}
    for words, clause in given.items():
        spec |= _said(words, clause)
        clause.end()
    reads = _source(source, scope)
    return ChangeFlow(
        name=name or target.table,
        target=target,
        spec=ChangeSpec(target=str(target), **spec),
        place=scope.place(line),
        once=once,
        spark_conf=scope.spark_conf,
        **reads,
    )


def _clauses(cursor: Cursor) -> dict[Phrase, Cursor]:
    found: dict[Phrase, Cursor] = {}
    while not cursor.ended:
        words = next((words for words in _CLAUSES if cursor.accept(*words)), None)
        if words is None:
            raise cursor.error(f"{cursor.found()} begins no clause of AUTO CDC", hint="a statement ends with ;")
        if words in found:
            raise cursor.error(f"{' '.join(words)} is said twice")
        found[words] = cursor.until(*_CLAUSES)
    return found


def _said(words: Phrase, clause: Cursor) -> dict[str, Any]:  # noqa: PLR0911  one line per clause
    match words:
        case ("KEYS",):
            return {"keys": names_in(clause.group("the keys"))}
        case ("IGNORE", "NULL", "UPDATES"):
            return _columns(clause, "ignore_null_updates") if clause.accept("ON") else {"ignore_null_updates": True}
        case ("COLUMNS",):
            return _columns(clause, "")
        case ("TRACK", "HISTORY", "ON"):
            return _columns(clause, "track_history")
        case ("COLUMNS", "TO", "UPDATE"):
            return {"columns_to_update": clause.name("a column").replace("`", "")}
        case ("STORED", "AS"):
            return {"scd_type": _type(clause)}
    text = clause.source()
    if not text:
        raise clause.error(f"{' '.join(words)} needs an expression")
    return {_TEXTS[words]: text}


def _columns(clause: Cursor, about: str) -> dict[str, Any]:
    """``a, b``, ``(a, b)``, ``*`` or ``* EXCEPT (a, b)`` as the list that means it."""
    prefix = f"{about}_" if about else ""
    if not clause.accept("*"):
        return {f"{prefix}column_list": names_in(clause.group("the columns") if clause.at("(") else clause)}
    if not clause.accept("EXCEPT"):
        return {"ignore_null_updates": True} if about == "ignore_null_updates" else {}
    return {f"{prefix}except_column_list": names_in(clause.group("the columns"))}


def _type(clause: Cursor) -> int | str:
    for words, number in _TYPES.items():
        if clause.accept(*words):
            return number
    raise clause.error(f"expected SCD TYPE 1, SCD TYPE 2 or BITEMPORAL, found {clause.source() or 'nothing'}")


def _source(source: Cursor, scope: Scope) -> dict[str, Any]:
    """A table's name, or the query that makes the events."""
    if source.ended:
        raise source.error("FROM needs a source: STREAM(table), or a query in parentheses")
    line, text = source.line, source.source()
    table = scope.only_table(text)
    if table is not None:
        return {"source": table}
    return {"source": text, "query": scope.query(line=line, text=f"SELECT * FROM {text}")}  # noqa: S608  the file's own text

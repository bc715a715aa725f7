"""The parentheses after a table's name: columns, expectations and keys."""

from __future__ import annotations

from dataclasses import dataclass, field

from goldlane.expectations import Action
from goldlane.pipelines.definitions import Expectation
from goldlane.pipelines.sqlfiles.cursor import Cursor
from goldlane.pipelines.sqlfiles.queries import Label
from goldlane.pipelines.sqlfiles.scope import Scope

_ACTIONS = {("DROP", "ROW"): Action.DROP, ("FAIL", "UPDATE"): Action.FAIL}
_KEYS = (("PRIMARY", "KEY"), ("FOREIGN", "KEY"), ("CHECK",), ("UNIQUE",))
_INLINE = (("CONSTRAINT",), ("PRIMARY", "KEY"), ("REFERENCES",))
_WITHOUT_TYPE = (*_INLINE, ("COMMENT",), ("NOT", "NULL"), ("MASK",))


@dataclass(slots=True)
class Columns:
    """What was declared. ``typed`` and ``keys`` are DDL, ``labels`` are columns that only have a name."""

    typed: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    expectations: list[Expectation] = field(default_factory=list)

    @property
    def schema(self) -> str | None:
        """The columns and keys as text, None when no column has a type."""
        return ", ".join([*self.typed, *self.keys]) if self.typed else None


def read_columns(cursor: Cursor, scope: Scope) -> Columns:
    """The columns between the parentheses that come next; none when there are none.

    Raises:
        SqlSourceError: an item that is neither a column nor a constraint, or columns with and without types.
    """
    found = Columns()
    if not cursor.at("("):
        return found
    line = cursor
    for item in cursor.group("the columns").items():
        _read_item(item, found, scope)
    if found.typed and found.labels:
        names = ", ".join(label.name for label in found.labels)
        raise line.error(f"columns without a type beside columns with one: {names}", hint="give all of them a type, or none")
    if found.keys and not found.typed:
        raise line.error("a key needs the columns of the table", hint="declare them with their types before it")
    return found


def _read_item(item: Cursor, found: Columns, scope: Scope) -> None:
    if item.at("CONSTRAINT") or any(item.at(*key) for key in _KEYS):
        _read_constraint(item, found, scope, column=None)
    else:
        column = item.identifier("a column or a CONSTRAINT")
        if item.ended or any(item.at(*words) for words in _WITHOUT_TYPE):
            found.labels.append(Label(column, _comment(item.until(*_INLINE))))
        else:
            found.typed.append(f"`{column}` {item.until(*_INLINE).source()}")
        while not item.ended:
            _read_constraint(item, found, scope, column)
    item.end()


def _read_constraint(item: Cursor, found: Columns, scope: Scope, column: str | None) -> None:
    """A constraint of the table, or of ``column``, behind which it stands."""
    place = scope.place(item.line)
    name = item.identifier("a constraint's name") if item.accept("CONSTRAINT") else ""
    if item.accept("EXPECT"):
        predicate = item.group("the predicate").source()
        found.expectations.append(Expectation(name=name, predicate=predicate, action=_action(item), place=place))
    elif column is None and any(item.at(*key) for key in _KEYS):
        found.keys.append(item.source())
    elif column is not None and item.accept("PRIMARY", "KEY"):
        item.until(*_INLINE).source()
        found.keys.append(f"PRIMARY KEY (`{column}`)")
    elif column is not None and (item.accept("REFERENCES") or item.accept("FOREIGN", "KEY")):
        item.until(("CONSTRAINT",), ("PRIMARY", "KEY")).source()
    else:
        raise item.error(f"expected EXPECT, PRIMARY KEY or FOREIGN KEY after CONSTRAINT {name}, found {item.found()}")


def _comment(clauses: Cursor) -> str | None:
    clauses.until(("COMMENT",)).source()
    return clauses.string("a comment") if clauses.accept("COMMENT") else None


def _action(item: Cursor) -> Action:
    if not item.accept("ON", "VIOLATION"):
        return Action.WARN
    for words, action in _ACTIONS.items():
        if item.accept(*words):
            return action
    raise item.error(f"expected DROP ROW or FAIL UPDATE, found {item.found()}", hint="without ON VIOLATION the row is kept and counted")

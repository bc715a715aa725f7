"""What the statements of one file share: values of ``SET``, the meaning of unqualified names after ``USE``, and ``${key}``."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from goldlane.pipelines.names import Namespace, TableName
from goldlane.pipelines.places import Place
from goldlane.pipelines.sqlfiles.cursor import Cursor
from goldlane.pipelines.sqlfiles.errors import SqlSourceError
from goldlane.pipelines.sqlfiles.queries import SqlQuery
from goldlane.pipelines.sqlfiles.statements import Statement
from goldlane.pipelines.sqltext import TableReference, replace_tables, table_references
from goldlane.pipelines.sqlvariables import substitute, variables_in

_THREE_PARTS = 3
_FROM = "SELECT * FROM "


class Scope:
    """One file's, from its first statement on: a ``SET`` counts for what comes after it."""

    def __init__(self, file: str, namespace: Namespace, session: Any) -> None:
        self.file, self.namespace, self.session = file, namespace, session
        self._values: dict[str, str] = {}
        self._moved = False

    @property
    def spark_conf(self) -> dict[str, str]:
        """The settings that flows declared from here on run with."""
        return {key: value for key, value in self._values.items() if key.startswith(("spark.", "pipelines."))}

    def place(self, line: int) -> Place:
        """A line of the file."""
        return Place(self.file, line)

    def qualify(self, name: str) -> TableName:
        """What a name means here."""
        return self.namespace.qualify(name)

    def query(self, *, line: int, text: str) -> SqlQuery:
        """A query that begins on ``line``; after ``USE`` its unqualified names have that meaning."""
        if self._moved:
            text = replace_tables(text, self._qualified)
        return SqlQuery(text=text, place=self.place(line), run=self.session.sql)

    def only_table(self, source: str) -> str | None:
        """The name of the table that ``source`` is, as a stream or not; None when it is more than a table."""
        query = f"{_FROM}{source}"
        found = table_references(query)
        if len(found) != 1 or (found[0].start, found[0].end) != (len(_FROM), len(query)):
            return None
        moved = self._qualified(replace(found[0], streams=False)) if self._moved else None
        return moved or found[0].name

    def set(self, cursor: Cursor) -> None:
        """``SET key = value``: the value is all that stands there, its quotation marks included, as in Spark."""
        key = cursor.until(("=",)).source().strip("`")
        cursor.expect("=")
        value = cursor.source()
        if not key or not value or " " in key:
            raise cursor.error("SET takes a key and a value: SET key = value")
        self._values[key] = value

    def use(self, cursor: Cursor) -> None:
        """``USE CATALOG c``, ``USE SCHEMA s``, ``USE c.s``."""
        if cursor.accept("CATALOG"):
            self.namespace = Namespace(_text(cursor), self.namespace.schema)
        else:
            cursor.accept_any(("SCHEMA", "DATABASE"))
            catalog, _, schema = _text(cursor).rpartition(".")
            self.namespace = Namespace(catalog or self.namespace.catalog, schema)
        cursor.end()
        self._moved = True

    def substituted(self, statement: Statement) -> Statement:
        """``statement`` with each ``${key}`` replaced by its value; those in comments are left alone.

        Raises:
            SqlSourceError: keys that have no value, all of them at once.
        """
        missing = [found for found in variables_in(statement.text) if self._value(found.group(1)) is None]
        if missing:
            keys = list(dict.fromkeys(found.group(1) for found in missing))
            raise SqlSourceError(
                f"there is no value for {', '.join(f'${{{key}}}' for key in keys)}",
                hint=f"give it with --conf {keys[0]}=VALUE, or SET {keys[0]} = VALUE before it",
                line=statement.line + statement.text.count("\n", 0, missing[0].start()),
            )
        return Statement(substitute(statement.text, self._value), statement.line)

    def _value(self, key: str) -> str | None:
        if key in self._values:
            return self._values[key]
        given: str | None = self.session.setting(key)
        return given

    def _qualified(self, reference: TableReference) -> str | None:
        name = reference.name.lower()
        if name.startswith("live.") or len(_parts(name)) == _THREE_PARTS:
            return None
        found = self.qualify(reference.name)
        written = ".".join(f"`{part}`" for part in (found.catalog, found.schema, found.table) if part)
        return f"STREAM({written})" if reference.streams else written


def _parts(name: str) -> list[str]:
    return re.findall(r"`[^`]*`|[^.`]+", name)


def _text(cursor: Cursor) -> str:
    return cursor.string("a name") if cursor.at_string else cursor.name("a name").replace("`", "")

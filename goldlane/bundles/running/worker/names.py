"""What table names mean in a task: tables of the storage, as in a pipeline's files, and ``USE`` moves what is left unsaid."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from goldlane.pipelines.handlers import HandlerSession
from goldlane.pipelines.loader import LoadReads
from goldlane.pipelines.names import Namespace, name_parts
from goldlane.pipelines.reads import NO_OPTIONS, reads_or_none

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from goldlane.pipelines.externals import Externals
    from goldlane.pipelines.files import FileReads

_USE = re.compile(r"\s*USE\s+(?:(CATALOG|SCHEMA|DATABASE)\s+)?(\S.*?)\s*;?\s*", re.IGNORECASE | re.DOTALL)
_IDENTIFIER = re.compile(r"\bIDENTIFIER\s*\(", re.IGNORECASE)
_PAIR = 2


class TaskReads(LoadReads):
    """Reads and writes of a task: whatever it names is in the storage, bound by the caller, or in ``session``, whose views come first."""

    def __init__(self, session: SparkSession, namespace: Namespace, externals: Externals, files: FileReads) -> None:
        super().__init__(namespace, externals, files)
        self._session = session

    def knows(self, name: str) -> bool:
        """Whether ``name`` is bound or in the storage, and no view of the task's."""
        return not self._is_view(name) and super().knows(name)

    def batch(self, name: str, options: Mapping[str, str] = NO_OPTIONS) -> DataFrame:
        """A view of the task's, else a table."""
        return self._session.read.options(**options).table(name) if self._is_view(name) else super().batch(name, options)

    def use(self, kind: str | None, name: str) -> None:
        """``USE CATALOG name``, ``USE SCHEMA name`` or ``USE catalog.schema``."""
        parts, before = name_parts(name), self._namespace
        if (kind or "").upper() == "CATALOG":
            self._namespace = Namespace(parts[-1], None)
        elif len(parts) == _PAIR:
            self._namespace = Namespace(parts[0], parts[1])
        else:
            self._namespace = Namespace(before.catalog, parts[-1])

    def _is_view(self, name: str) -> bool:
        parts, java = name_parts(name), self._session._jsparkSession  # noqa: SLF001  Spark's catalog asks the metastore, too
        return len(parts) == 1 and bool(java.sessionState().catalog().getRawTempView(parts[0]).isDefined())

    def written(self, name: str) -> Path | None:
        """Where a table of that name lies, or will."""
        return self._externals.written(self._namespace.qualify(name), name)

    def target(self, name: str) -> str | None:
        """``written`` as SQL text says it."""
        path = self.written(name)
        return f"delta.`{path}`" if path else None


class TaskSession(HandlerSession):
    """The session of a task: names in SQL text mean the storage's tables, also where ``IDENTIFIER`` makes them from parameters."""

    def sql(self, sqlQuery: str, args: Any = None, **kwargs: Any) -> DataFrame:  # noqa: N803  Spark's names
        """SQL, reading and writing tables of the storage by their names."""
        text, reads = self._identified(sqlQuery, args), reads_or_none()
        use = _USE.fullmatch(text)
        if use and isinstance(reads, TaskReads):
            reads.use(use[1], use[2])
        return super().sql(text, args, **kwargs)

    def _identified(self, text: str, args: Any) -> str:
        """``text`` with each ``IDENTIFIER(expression)`` as the name it stands for; the last one first, so that positions stay."""
        for found in reversed(list(_IDENTIFIER.finditer(text))):
            end = _closing(text, found.end())
            expression = text[found.end() : end]
            if end > 0 and expression.strip():
                (name,) = super().sql(f"SELECT {expression}", args).first() or ("",)
                text = text[: found.start()] + str(name) + text[end + 1 :]
        return text


def _closing(text: str, start: int) -> int:
    """The position of the parenthesis that closes the one before ``start``; -1 without one. Quoted text holds none."""
    depth, quote = 1, ""
    for position in range(start, len(text)):
        letter = text[position]
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"`":
            quote = letter
        else:
            depth += (letter == "(") - (letter == ")")
            if depth == 0:
                return position
    return -1

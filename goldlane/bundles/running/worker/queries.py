"""A SQL task: the statements of a file, one after the other, with its parameters by name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from goldlane.bundles.running.worker.sessions import TaskSpark
from goldlane.bundles.running.worker.task import Task
from goldlane.errors import GoldlaneError
from goldlane.pipelines.sqlfiles.statements import Statement, statements_of

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_MUSTACHE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_MARKER = re.compile(r"(?<![:\w]):([A-Za-z_]\w*)")
_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|`[^`]*`|--[^\n]*|/\*.*?\*/", re.DOTALL)
# What other tasks may read of a result.
_ROWS = 1000


def run_queries(task: Task) -> Mapping[str, Any]:
    """Run the task's file; answers the rows of its last statement, as JSON values, where another task reads them."""
    return run_statements(task, Path(task.document["file"]), {key: str(value) for key, value in task.document["widgets"].items()})


def run_statements(task: Task, file: Path, parameters: Mapping[str, str]) -> Mapping[str, Any]:
    """Run the statements of a file.

    Raises:
        GoldlaneError: it cannot be read, a parameter is missing, or a statement fails; with its line.
    """
    statements, errors = statements_of(_filled(file.read_text(encoding="utf-8-sig"), parameters))
    if errors:
        raise _unreadable(errors, file)
    missing = [(each, name) for each in statements for name in _markers(each.text) if name not in parameters]
    if missing:
        told = ", ".join(dict.fromkeys(f":{name}" for _, name in missing))
        hint = "say them under sql_task.parameters, or as parameters of the job"
        raise GoldlaneError(f"parameters without a value: {told}", hint=hint, file=str(file), line=missing[0][0].line)
    session, result = TaskSpark(task, file).session(), None
    for statement in statements:
        result = _run(session, statement, parameters, file)
    rows = _rows(result) if result is not None and result.columns else []
    return {"rows": rows} if task.document["is_output_read"] else {}


def _unreadable(errors: Sequence[GoldlaneError], file: Path) -> GoldlaneError:
    """All mistakes, at the place of the first."""
    first, *others = errors
    told = [first.message, *(f"line {each.line}: {each.message}" for each in others)]
    return GoldlaneError("; ".join(told), hint=first.hint, file=str(file), line=first.line)


def _run(session: SparkSession, statement: Statement, parameters: Mapping[str, str], file: Path) -> DataFrame:
    from goldlane.pipelines.failures import message_of

    used = {name: parameters[name] for name in _markers(statement.text)}
    try:
        return session.sql(statement.text, used or None)
    except Exception as error:
        # Spark says where in the statement; the reader knows the file.
        message = error.message if isinstance(error, GoldlaneError) else message_of(error)
        raise GoldlaneError(message, file=str(file), line=statement.line) from error


def _rows(result: DataFrame) -> list[dict[str, Any]]:
    return [row.asDict(recursive=True) for row in result.limit(_ROWS).collect()]


def _filled(text: str, parameters: Mapping[str, str]) -> str:
    """The older way to say a parameter, ``{{name}}``, is text put in as it is."""
    return _MUSTACHE.sub(lambda found: parameters.get(found[1], found[0]), text)


def _markers(text: str) -> list[str]:
    return list(dict.fromkeys(_MARKER.findall(_QUOTED.sub("''", text))))

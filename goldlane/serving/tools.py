"""The feature tools for any agent framework: as functions of OpenAI's shape, as LangChain's, or to be called. Imports none of them."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from goldlane.errors import GoldlaneError, UsageError
from goldlane.serving.agents import tool_schemas
from goldlane.serving.agents.descriptions import described, require_known, unknown_name
from goldlane.serving.agents.known_tables import KnownTables, within
from goldlane.serving.agents.questions import question
from goldlane.serving.agents.told_answers import told_answers, unknown_to_all
from goldlane.serving.agents.tool_schemas import DESCRIBE, GET

if TYPE_CHECKING:
    from goldlane.features.online import OnlineStore
    from goldlane.serving.agents.known_tables import Publications

_LOG = logging.getLogger(__name__)
_UNREADABLE = "The feature store cannot be read at the moment. Nothing is known now; try again later."


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolAnswer:
    """What the model reads. An error says what to do otherwise; it is text as well, never an exception."""

    text: str
    is_error: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentTool:
    """One tool: a name, words for the model, its arguments as JSON Schema (``parameters``, and their ``strict`` form), and the call."""

    name: str
    description: str
    parameters: dict[str, Any]
    strict: dict[str, Any]
    call: Callable[[Mapping[str, Any]], ToolAnswer]

    def openai(self) -> dict[str, Any]:
        """An entry of ``tools`` of a chat completion, with strict arguments."""
        return {"type": "function", "function": self._function()}

    def responses(self) -> dict[str, Any]:
        """An entry of ``tools`` of OpenAI's Responses: the same, without a level between."""
        return {"type": "function", **self._function()}

    def langchain(self) -> dict[str, Any]:
        """The arguments of LangChain's ``StructuredTool.from_function``. Its function answers text, errors too."""
        return {
            "func": lambda **arguments: self.call(arguments).text,
            "name": self.name,
            "description": self.description,
            "args_schema": self.parameters,
        }

    def _function(self) -> dict[str, Any]:
        return {"name": self.name, "description": self.description, "parameters": self.strict, "strict": True}


class FeatureTools:
    """The two tools over one store; ``tables`` are the only ones a model learns of. Sensitive features are named, their values withheld."""

    def __init__(self, store: OnlineStore, tables: Collection[str] | None = None) -> None:
        self._store = store
        self._known = KnownTables(store, tables)
        if tables is not None:
            require_known(list(tables), {each.table.name: each for each in store.publications()})

    def tools(self, allowed: Collection[str] | None = None) -> tuple[AgentTool, ...]:
        """Both tools as they are now, for a caller who may read ``allowed`` only.

        Raises:
            GoldlaneError: the store cannot be read.
        """
        tables = within(self._known.publications(), allowed)
        return (
            AgentTool(
                name=DESCRIBE,
                description=tool_schemas.describe_words(),
                parameters=tool_schemas.describe_schema(),
                strict=tool_schemas.strict_describe_schema(tables),
                call=lambda arguments: self.call(DESCRIBE, arguments, allowed),
            ),
            AgentTool(
                name=GET,
                description=tool_schemas.get_words(tables),
                parameters=tool_schemas.get_schema(tables),
                strict=tool_schemas.strict_get_schema(tables),
                call=lambda arguments: self.call(GET, arguments, allowed),
            ),
        )

    def call(self, name: str, arguments: Mapping[str, Any] | str | None, allowed: Collection[str] | None = None) -> ToolAnswer:
        """What the tool answers; ``arguments`` may be the JSON text that a model wrote."""
        ways = {DESCRIBE: self._describe, GET: self._get}
        try:
            if name not in ways:
                raise UsageError(unknown_name("tool", name, list(ways)))
            return ways[name](_arguments(arguments), allowed)
        except _UnreadableError as error:
            _LOG.error("%s: %s", name, error)
            return ToolAnswer(text=_UNREADABLE, is_error=True)
        except GoldlaneError as mistake:
            return ToolAnswer(text=mistake.message, is_error=True)

    def _describe(self, arguments: Mapping[str, Any], allowed: Collection[str] | None) -> ToolAnswer:
        unknown = [unknown_name("argument", name, ["table"]) for name in arguments if name != "table"]
        table = arguments.get("table")
        if unknown or not isinstance(table, (str, type(None))):
            raise UsageError("; ".join(unknown) or "table must be a table's name")
        tables = self._tables(allowed)
        if table is not None and table not in tables:
            tables = self._tables(allowed, now=True)
        return ToolAnswer(text=described(tables, table))

    def _get(self, arguments: Mapping[str, Any], allowed: Collection[str] | None) -> ToolAnswer:
        tables = self._tables(allowed)
        try:
            asked = question(arguments, tables)
        except UsageError:
            # What is not known may have been published since.
            asked = question(arguments, tables := self._tables(allowed, now=True))
        answers = _read(lambda: self._store.lookup_all(asked.keys, "empty"))
        unknown = unknown_to_all(asked, answers)
        return ToolAnswer(text=unknown, is_error=True) if unknown else ToolAnswer(text=told_answers(asked, answers, tables))

    def _tables(self, allowed: Collection[str] | None, *, now: bool = False) -> Publications:
        return within(_read(lambda: self._known.publications(now=now)), allowed)


def openai_tools(store: OnlineStore, tables: Collection[str] | None = None) -> list[dict[str, Any]]:
    """Both tools as entries of ``tools`` of a chat completion, with strict JSON Schemas.

    Raises:
        UsageError: the store has no such table.
    """
    return [tool.openai() for tool in FeatureTools(store, tables).tools()]


class _UnreadableError(GoldlaneError):
    """The store failed: its message may name files and hosts, which are no business of a model's."""


def _read(read: Callable[[], Any]) -> Any:
    try:
        return read()
    except GoldlaneError as error:
        raise _UnreadableError(error.message) from error


def _arguments(given: Mapping[str, Any] | str | None) -> Mapping[str, Any]:
    """Arguments as an object; None for a tool without any."""
    if isinstance(given, str):
        try:
            given = json.loads(given or "{}")
        except ValueError as wrong:
            raise UsageError("the arguments are not valid JSON") from wrong
    if given is not None and not isinstance(given, Mapping):
        raise UsageError("the arguments must be an object")
    return {} if given is None else given

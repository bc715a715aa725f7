"""The feature tools for any agent framework: as functions of OpenAI's shape, as LangChain's, or to be called. Imports none of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from goldlane.errors import UsageError
from goldlane.serving.agents import tool_schemas
from goldlane.serving.agents.agent_tool import AgentTool, ToolAnswer, answered, read
from goldlane.serving.agents.context_tool import context_tool
from goldlane.serving.agents.descriptions import described, require_known, unknown_name
from goldlane.serving.agents.known_tables import KnownTables, within
from goldlane.serving.agents.questions import question
from goldlane.serving.agents.told_answers import told_answers, unknown_to_all
from goldlane.serving.agents.tool_schemas import DESCRIBE, GET

if TYPE_CHECKING:
    from goldlane.features.online import OnlineStore
    from goldlane.serving.agents.known_tables import Publications

__all__ = ["AgentTool", "FeatureTools", "ToolAnswer", "context_tool", "openai_tools"]


def openai_tools(store: OnlineStore, tables: Collection[str] | None = None) -> list[dict[str, Any]]:
    """``describe_features`` and ``get_features`` as entries of ``tools`` of a chat completion, with strict JSON Schemas.

    Raises:
        UsageError: the store has no such table.
    """
    return [tool.openai() for tool in FeatureTools(store, tables).tools()]


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
                call=partial(self.call, DESCRIBE, allowed=allowed),
            ),
            AgentTool(
                name=GET,
                description=tool_schemas.get_words(tables),
                parameters=tool_schemas.get_schema(tables),
                strict=tool_schemas.strict_get_schema(tables),
                call=partial(self.call, GET, allowed=allowed),
            ),
        )

    def call(self, name: str, arguments: Mapping[str, Any] | str | None, allowed: Collection[str] | None = None) -> ToolAnswer:
        """What the tool ``name`` answers; ``arguments`` may be the JSON text that a model wrote."""
        ways = {DESCRIBE: self._describe, GET: self._get}
        if name not in ways:
            return ToolAnswer(text=unknown_name("tool", name, list(ways)), is_error=True)
        return answered(partial(ways[name], allowed), arguments)

    def _describe(self, allowed: Collection[str] | None, arguments: Mapping[str, Any]) -> str:
        unknown = [unknown_name("argument", name, ["table"]) for name in arguments if name != "table"]
        table = arguments.get("table")
        if unknown or not isinstance(table, (str, type(None))):
            raise UsageError("; ".join(unknown) or "table must be a table's name")
        tables = self._tables(allowed)
        if table is not None and table not in tables:
            tables = self._tables(allowed, now=True)
        return described(tables, table)

    def _get(self, allowed: Collection[str] | None, arguments: Mapping[str, Any]) -> str | ToolAnswer:
        tables = self._tables(allowed)
        try:
            asked = question(arguments, tables)
        except UsageError:
            # What is not known may have been published since.
            asked = question(arguments, tables := self._tables(allowed, now=True))
        answers = read(lambda: self._store.lookup_all(asked.keys, "empty"))
        unknown = unknown_to_all(asked, answers)
        return ToolAnswer(text=unknown, is_error=True) if unknown else told_answers(asked, answers, tables)

    def _tables(self, allowed: Collection[str] | None, *, now: bool = False) -> Publications:
        return within(read(lambda: self._known.publications(now=now)), allowed)

"""The feature tools as an MCP server, over any transport of the official SDK."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, TypeVar

from goldlane.errors import GoldlaneError, MissingExtraError
from goldlane.serving.agents.mcp_tokens import tables_of

if TYPE_CHECKING:
    from mcp.server.lowlevel import Server
    from mcp_types import Tool

    from goldlane.serving.tools import AgentTool, FeatureTools

Result = TypeVar("Result")
_LOG = logging.getLogger(__name__)
_INSTRUCTIONS = "Features of entities, read-only. An answer is what is known, with its age; what it does not name is not known."


def feature_server(tools: FeatureTools, *, inline: bool) -> Server[Any]:
    """A server of ``describe_features`` and ``get_features``, which offers nothing else and changes nothing.

    ``inline`` reads in the loop itself, which suits SQLite: it answers in less time than the way to a thread and back takes. A store that
    has to be waited for is read by threads, and the loop goes on meanwhile.

    Raises:
        MissingExtraError: the SDK is not installed.
    """
    try:
        import mcp_types as types
        from mcp.server.lowlevel import Server
        from mcp.shared.exceptions import MCPError
    except ImportError as missing:
        raise MissingExtraError("mcp", needed_for="goldlane mcp") from missing

    async def answered(function: Callable[..., Result], *arguments: Any) -> Result:
        return function(*arguments) if inline else await asyncio.to_thread(function, *arguments)

    async def list_tools(context: Any, _: Any) -> types.ListToolsResult:
        try:
            listed = await answered(tools.tools, _allowed(context))
        except GoldlaneError as error:
            _LOG.error("tools/list: %s", error.message)
            raise MCPError(types.INTERNAL_ERROR, "The feature store cannot be read at the moment; try again later.") from error
        return types.ListToolsResult(tools=[_declared(tool) for tool in listed])

    async def call_tool(context: Any, asked: types.CallToolRequestParams) -> types.CallToolResult:
        if asked.name not in schemas:
            raise MCPError(types.INVALID_PARAMS, f"there is no tool {asked.name!r}; there are {', '.join(schemas)}")
        answer = await answered(tools.call, asked.name, asked.arguments, _allowed(context))
        return types.CallToolResult(content=[types.TextContent(text=answer.text)], is_error=answer.is_error)

    schemas = {tool.name: tool.parameters for tool in tools.tools()}
    return Server(
        "goldlane",
        version=_version(),
        instructions=_INSTRUCTIONS,
        get_tool_input_schema=schemas.get,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


def _declared(tool: AgentTool) -> Tool:
    from mcp_types import Tool, ToolAnnotations

    hints = ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)
    return Tool(name=tool.name, description=tool.description, input_schema=tool.parameters, annotations=hints)


def _allowed(context: Any) -> Collection[str] | None:
    """The tables that the caller may read; None for all of them. Over stdio there is no request."""
    return None if context.request is None else tables_of(context.request.scope)


def _version() -> str:
    try:
        return version("goldlane")
    except PackageNotFoundError:
        return "0"

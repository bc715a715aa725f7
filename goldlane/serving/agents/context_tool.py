"""A joint context as a tool: one call, one lookup, and the text of the context's prompt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from goldlane.errors import Mistakes
from goldlane.features.answer_schema import key_schema
from goldlane.features.online.values import key_encoder
from goldlane.serving.agents.agent_tool import AgentTool, answered, read
from goldlane.serving.agents.descriptions import unknown_name

if TYPE_CHECKING:
    from goldlane.features.contexts import JointContext
    from goldlane.features.online import OnlineStore


def context_tool(context: type[JointContext], store: OnlineStore, *, name: str, description: str) -> AgentTool:
    """A tool whose arguments are the keys of ``context``. Like the prompt, it says what is missing, expired, unknown and withheld."""
    types = context.key_types()
    keys = {key: key_schema(kind) for key, kind in types.items()}
    schema = {"type": "object", "properties": keys, "required": list(keys), "additionalProperties": False}

    def told(arguments: Mapping[str, Any]) -> str:
        mistakes = [*(unknown_name("argument", key, list(types)) for key in arguments if key not in types), *_wrong(arguments, types)]
        if mistakes:
            raise Mistakes(name, mistakes)
        return read(lambda: context.read(store, arguments)).prompt()

    return AgentTool(
        name=name,
        description=description,
        parameters=schema,
        strict=schema,
        call=lambda arguments: answered(told, arguments),
    )


def _wrong(arguments: Mapping[str, Any], types: Mapping[str, str]) -> list[str]:
    wrong = [f"{key} is missing" for key in types if arguments.get(key) is None]
    for key, value in arguments.items():
        try:
            if key in types and value is not None:
                key_encoder(types[key])(value)
        except ValueError as error:
            wrong.append(f"{key} is of type {types[key]}: {error}")
    return wrong

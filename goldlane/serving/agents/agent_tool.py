"""One tool of an agent, for any framework: what the model reads of it, and the call. Imports no framework."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from goldlane.errors import GoldlaneError, UsageError
from goldlane.features.online.store import StoreError

Result = TypeVar("Result")
_LOG = logging.getLogger("goldlane.serving.tools")
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
    call: Callable[[Mapping[str, Any] | str | None], ToolAnswer]

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


def answered(answer: Callable[[Mapping[str, Any]], str | ToolAnswer], arguments: Mapping[str, Any] | str | None) -> ToolAnswer:
    """What ``answer`` says to the arguments, which may be the JSON text that a model wrote; what went wrong, as an error for the model."""
    try:
        told = answer(_object(arguments))
    except GoldlaneError as mistake:
        return ToolAnswer(text=mistake.message, is_error=True)
    return ToolAnswer(text=told) if isinstance(told, str) else told


def read(from_store: Callable[[], Result]) -> Result:
    """What a store answers. Why it fails is logged: its message may name files and hosts, which are no business of a model's.

    Raises:
        StoreError: it fails, whatever the reason.
    """
    try:
        return from_store()
    except GoldlaneError as error:
        _LOG.error("the store cannot be read: %s", error.message)
        raise StoreError(_UNREADABLE) from error


def _object(given: Mapping[str, Any] | str | None) -> Mapping[str, Any]:
    """Arguments as an object; None for a tool without any."""
    if isinstance(given, str):
        try:
            given = json.loads(given or "{}")
        except ValueError as wrong:
            raise UsageError("the arguments are not valid JSON") from wrong
    if given is not None and not isinstance(given, Mapping):
        raise UsageError("the arguments must be an object")
    return {} if given is None else given

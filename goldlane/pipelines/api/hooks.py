"""``on_event_hook``: functions that hear of each event while the update runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from goldlane.pipelines.api.signatures import strict
from goldlane.pipelines.definitions import Hook
from goldlane.pipelines.errors import DefinitionError
from goldlane.pipelines.places import place_of_function
from goldlane.pipelines.registry import current_registry


@strict
def on_event_hook(fn: Any = None, max_allowable_consecutive_failures: int | None = None) -> Any:
    """Call the decorated function with each event; it is switched off once it failed more often in a row than allowed."""
    allowed = max_allowable_consecutive_failures
    if allowed is not None and (not isinstance(allowed, int) or isinstance(allowed, bool) or allowed < 0):
        raise DefinitionError(
            f"on_event_hook(): max_allowable_consecutive_failures is {allowed!r}", hint="say a whole number, or None for no limit"
        )

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        if not callable(function):
            raise DefinitionError(f"on_event_hook() got {function!r}, not a function")
        hook = Hook(
            name=getattr(function, "__name__", "hook"), function=function, allowed_failures=allowed, place=place_of_function(function)
        )
        current_registry().hooks.append(hook)
        return function

    return register if fn is None else register(fn)

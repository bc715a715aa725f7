"""Old names of ``import dlt``: they work, and the event log says what to write instead."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from goldlane.pipelines.definitions import Deprecation
from goldlane.pipelines.places import place_of_caller
from goldlane.pipelines.registry import current_registry

F = TypeVar("F", bound=Callable[..., Any])


def deprecated(function: F, name: str, code: str, instead: str) -> F:
    """``function`` under its old ``name``; ``code`` is what the platform's log calls its use."""

    @functools.wraps(function)
    def called(*args: Any, **kwargs: Any) -> Any:
        current_registry().deprecations.append(Deprecation(code=code, name=name, instead=instead, place=place_of_caller()))
        return function(*args, **kwargs)

    return called  # type: ignore[return-value]

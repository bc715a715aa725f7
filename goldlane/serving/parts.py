"""What other modules add to the server."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from goldlane.serving.state import Serving

# Modules of this package with a function `part(serving: Serving) -> Part | None`, in the order in which their routes are tried.
MODULES: tuple[str, ...] = ("catalogue",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Routes behind the gate (the token was checked; ``scope[TOKEN]`` is whose it is), and what runs while the server does.

    Paths that the part ``opens`` are let through without a token: they see to it themselves who asks.
    """

    routes: tuple[BaseRoute, ...]
    lifespan: Callable[[], AbstractAsyncContextManager[object]] | None = None
    opens: Callable[[str], bool] | None = None


def parts(serving: Serving) -> Iterator[Part]:
    """The parts that are there; one that lacks its extra answers None."""
    for name in MODULES:
        part = importlib.import_module(f"goldlane.serving.{name}").part(serving)
        if part is not None:
            yield part

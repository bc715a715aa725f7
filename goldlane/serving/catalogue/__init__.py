"""The feature catalogue: pages for people over what publishing put into the store. No script, no network, no build step.

``part`` adds it to the server (see ``goldlane.serving.parts``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from goldlane.serving.parts import Part
    from goldlane.serving.state import Serving


def part(serving: Serving) -> Part | None:
    """The catalogue's routes; None where jinja2 is not installed."""
    from importlib.util import find_spec

    if find_spec("jinja2") is None:
        return None
    from goldlane.serving.catalogue.routes import is_page, routes
    from goldlane.serving.parts import Part

    return Part(routes=tuple(routes(serving)), opens=is_page)

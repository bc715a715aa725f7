"""The project's own code, as ``[tool.goldlane]`` names it."""

from __future__ import annotations

from typing import Any

from goldlane.errors import GoldlaneError, UsageError, first_line
from goldlane.settings import Settings, load_object


def application(reference: str, settings: Settings, *, setting: str) -> Any:
    """What ``reference`` (``module:name`` or ``module``) names in the project.

    Raises:
        UsageError: there is no such thing, or its module does not import; with the file and line at which it stopped.
    """
    from goldlane.pipelines.places import place_of_error

    hint = f"[tool.goldlane] {setting} = {reference!r} needs it: mend the file, or install what it imports"
    try:
        return load_object(reference, settings, setting=setting)
    except GoldlaneError:
        raise
    except SyntaxError as error:
        raise UsageError(f"not valid Python: {error.msg}", hint=hint, file=error.filename, line=error.lineno) from error
    except Exception as error:  # the project's code may raise anything
        place = place_of_error(error.__traceback__, settings.root)
        message = f"an import failed: {type(error).__name__}: {first_line(error)}"
        raise UsageError(message, hint=hint, file=place.file if place else None, line=place.line if place else None) from error

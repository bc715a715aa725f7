"""Variables, and texts in which they are filled in."""

from __future__ import annotations

import os
import re
from typing import Any

from goldlane.bundles.loading import Bundle

# Two dollars are an escape.
REFERENCE = re.compile(r"(?<!\$)\$\{([^{}]*)\}")
_WHOLE = re.compile(r"\$\{\s*var\.(\w[\w-]*)\s*\}")
_DEPTH = 10


def resolved(bundle: Bundle, text: str) -> str:
    """``text`` with the variables that have a value in this target; other references stay."""
    for _ in range(_DEPTH):
        filled = REFERENCE.sub(lambda found: _filled(bundle, found), text)
        if filled == text:
            break
        text = filled
    return text


def filled(bundle: Bundle, value: Any, depth: int = _DEPTH) -> Any:
    """``value`` with variables in all its texts; a text that is only a variable becomes what it holds, a list or a map too."""
    if isinstance(value, dict):
        return {key: filled(bundle, each, depth) for key, each in value.items()}
    if isinstance(value, list):
        return [filled(bundle, each, depth) for each in value]
    if not isinstance(value, str):
        return value
    whole = only_variable(value)
    held = value_of(bundle, whole) if whole else None
    return filled(bundle, held, depth - 1) if held is not None and depth else resolved(bundle, value)


def only_variable(text: str) -> str | None:
    """The variable that ``text`` is, when it is nothing else."""
    whole = _WHOLE.fullmatch(text)
    return whole[1] if whole else None


def spelled(value: object) -> str:
    """A scalar as YAML spells it: ``true``, where Python says ``True``."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _filled(bundle: Bundle, found: re.Match[str]) -> str:
    name = found[1].strip()
    if name == "bundle.target" and bundle.target is not None:
        return bundle.target
    if name.startswith("var."):
        value = value_of(bundle, name.split(".")[1])
        return found[0] if value is None or isinstance(value, (dict, list)) else spelled(value)
    if name.startswith(("bundle.", "resources.")):
        value = bundle.tree.get(*name.split("."))
        return value if isinstance(value, str) else found[0]
    return found[0]


def value_of(bundle: Bundle, name: str) -> Any:
    """What a variable is in the bundle's target: from the environment, the target's file of overrides, or as declared; None without one."""
    declared = bundle.tree.get("variables", name)
    default = declared.get("default") if isinstance(declared, dict) else None
    return os.environ.get(f"BUNDLE_VAR_{name}", bundle.overrides.get(name, default))

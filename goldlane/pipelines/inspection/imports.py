"""Imports inside of a dataset's function: the pipeline's own modules and Spark's are looked into, no others."""

from __future__ import annotations

import ast
import importlib
import importlib.util
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from goldlane.pipelines.inspection.values import ANY, Value, known
from goldlane.pipelines.places import is_users

_CHEAP = {"dlt", "pyspark", "delta", "functools", "os", "re", "json", "datetime"}


def imported(node: ast.Import | ast.ImportFrom, alias: ast.alias, folders: Sequence[Path]) -> Value:
    """What an import binds."""
    if isinstance(node, ast.Import):
        module = _module(alias.name, folders)
        top = module if alias.asname or "." not in alias.name else _module(alias.name.partition(".")[0], folders)
        return known(top) if top is not None else ANY
    home = _module(node.module or "", folders)
    if home is None:
        return ANY
    found = getattr(home, alias.name, None) or _module(f"{node.module}.{alias.name}", folders)
    return known(found) if found is not None else ANY


def _module(name: str, folders: Sequence[Path]) -> ModuleType | None:
    try:
        spec = importlib.util.find_spec(name) if name else None
        ours = spec is not None and spec.origin is not None and is_users(spec.origin, folders)
        return importlib.import_module(name) if ours or name.partition(".")[0] in _CHEAP else None
    except Exception:  # noqa: BLE001  a module of the user's may raise anything when it is imported
        return None

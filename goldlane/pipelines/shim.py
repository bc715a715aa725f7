"""Serves ``import dlt`` while a pipeline is loaded and runs: the one file that touches ``sys.modules``."""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from goldlane.pipelines.api import NAMES

SPELLINGS = ("dlt", "pyspark.pipelines", "databricks.pipelines")
_one_pipeline_at_a_time = threading.RLock()


@contextmanager
def served_modules(root: Path) -> Iterator[None]:
    """Serve every spelling of ``dlt``, with ``root`` first on the path; afterwards all is as it was before.

    Modules that were imported from ``root`` meanwhile are forgotten, so that the next load sees edited helpers.
    """
    with _one_pipeline_at_a_time:
        before, path = dict(sys.modules), list(sys.path)
        attributes = _parents_attributes()
        try:
            _serve()
            sys.path.insert(0, str(root))
            yield
        finally:
            sys.path[:] = path
            _forget(root, before)
            _give_back(before, attributes)


def _serve() -> None:
    module = ModuleType("dlt", "Delta Live Tables, as Goldlane runs it on this machine.")
    module.__dict__.update(NAMES)
    module.__dict__["__all__"] = sorted(NAMES)
    for spelling in SPELLINGS:
        parent, _, name = spelling.rpartition(".")
        if parent:
            _ensure_parent(parent)
            setattr(sys.modules[parent], name, module)
        sys.modules[spelling] = module


def _ensure_parent(name: str) -> None:
    try:
        importlib.import_module(name)
    except ModuleNotFoundError:
        package = ModuleType(name)
        package.__path__ = []
        sys.modules[name] = package


def _parents_attributes() -> dict[str, ModuleType | None]:
    return {
        spelling: getattr(sys.modules.get(spelling.rpartition(".")[0]), spelling.rpartition(".")[2], None)
        for spelling in SPELLINGS
        if "." in spelling
    }


def _give_back(before: dict[str, ModuleType], attributes: dict[str, ModuleType | None]) -> None:
    for spelling in SPELLINGS:
        if spelling in before:
            sys.modules[spelling] = before[spelling]
        else:
            sys.modules.pop(spelling, None)
    for spelling, value in attributes.items():
        parent, _, name = spelling.rpartition(".")
        package = sys.modules.get(parent)
        if package is not None and value is not None:
            setattr(package, name, value)
        elif package is not None and hasattr(package, name):
            delattr(package, name)
    for parent in ("databricks",):
        if parent not in before and not getattr(sys.modules.get(parent), "__path__", True):
            sys.modules.pop(parent, None)


def _forget(root: Path, before: dict[str, ModuleType]) -> None:
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if name in before or not file or name.split(".")[0] == "goldlane":
            continue
        place = Path(file)
        if place.is_relative_to(root) and not place.is_relative_to(Path(sys.prefix)):
            del sys.modules[name]

"""Serves ``import dlt`` while a pipeline is loaded and runs: the one file that touches ``sys.modules``."""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

from goldlane.pipelines.api import NAMES, annotation

SPELLINGS = ("dlt", "pyspark.pipelines", "databricks.pipelines")
# What a notebook has in its globals, as modules that are no notebooks import it.
RUNTIMES = ("databricks.sdk.runtime", "pyspark.dbutils")
_SERVED = (*SPELLINGS, *RUNTIMES)
_SOURCES = "__goldlane_source__."
_one_pipeline_at_a_time = threading.RLock()


@contextmanager
def served_modules(root: Path, folders: Sequence[Path] = ()) -> Iterator[None]:
    """Serve every spelling of ``dlt``, with ``root`` first on the path and ``folders`` last; afterwards all is as it was before.

    Modules that were imported from them meanwhile are forgotten, so that the next load sees edited helpers. None is compiled to
    disk: sources are never written to.
    """
    with _one_pipeline_at_a_time:
        before, path, compiles = dict(sys.modules), list(sys.path), sys.dont_write_bytecode
        attributes = _parents_attributes()
        try:
            _serve()
            sys.dont_write_bytecode = True
            sys.path.insert(0, str(root))
            # Last, and not first: a parent folder must not hide an installed package.
            sys.path.extend(str(folder) for folder in folders if str(folder) not in sys.path)
            # Python remembers what a folder held; a helper may have been written a moment ago.
            importlib.invalidate_caches()
            yield
        finally:
            sys.path[:], sys.dont_write_bytecode = path, compiles
            _forget((root, *folders), before)
            _give_back(before, attributes)


def source_module(file: Path) -> ModuleType:
    """The module that a source file runs in, until the update ends: dataclasses and typing look their names up in it."""
    module = ModuleType(_SOURCES + file.stem)
    module.__file__, module.__package__ = str(file), _package(file)
    sys.modules[module.__name__] = module
    if is_imported("pyspark"):
        ship_sources()
    return module


def is_imported(module: str) -> bool:
    """Whether somebody in this process has imported ``module``."""
    return module in sys.modules


def ship_sources() -> None:
    """Let user-defined functions of source files travel whole: a Python worker cannot import them."""
    from pyspark import cloudpickle

    for module in [module for name, module in sys.modules.items() if name.startswith(_SOURCES)]:
        cloudpickle.register_pickle_by_value(module)  # type: ignore[no-untyped-call]  # it has none


def _package(file: Path) -> str:
    """The package of a file for its relative imports: by the ``__init__.py`` around it, found from a folder on the path."""
    names: list[str] = []
    for folder in file.parents:
        if not (folder / "__init__.py").is_file():
            break
        names.insert(0, folder.name)
    # Without an __init__.py its folder is the package, as far as its parent is on the path.
    return ".".join(names or ([file.parent.name] if str(file.parent.parent) in sys.path else []))


def serve_runtime(names: Mapping[str, Any], dbutils: type) -> None:
    """Serve what notebooks find in their globals to modules that import it, until ``served_modules`` ends."""
    runtime, utilities = ModuleType(RUNTIMES[0]), ModuleType(RUNTIMES[1])
    runtime.__dict__.update(names)
    runtime.__dict__["__all__"] = list(names)
    utilities.__dict__["DBUtils"] = dbutils
    sys.modules.update({RUNTIMES[0]: runtime, RUNTIMES[1]: utilities})


def _serve() -> None:
    module = ModuleType("dlt", "Delta Live Tables, as Goldlane runs it on this machine.")
    module.__dict__.update(NAMES)
    module.__dict__.update({"__all__": sorted(NAMES), "__getattr__": annotation})
    module.__spec__ = ModuleSpec("dlt", None)
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
    for spelling in _SERVED:
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
        # What the pipeline imported from the environment's own package stays, and the package with it.
        if parent not in before and not any(name.startswith(f"{parent}.") for name in sys.modules):
            sys.modules.pop(parent, None)


def _forget(folders: Sequence[Path], before: dict[str, ModuleType]) -> None:
    new = [(name, module) for name, module in list(sys.modules.items()) if name not in before and name.split(".")[0] != "goldlane"]
    # All places first: a namespace package asks its parent, which must still be there.
    ours = [name for name, module in new if name.startswith(_SOURCES) or _lies_under(module, folders)]
    for name in ours:
        del sys.modules[name]
        parent, _, child = name.rpartition(".")
        if parent in sys.modules and child in vars(sys.modules[parent]):
            delattr(sys.modules[parent], child)


def _lies_under(module: ModuleType, folders: Sequence[Path]) -> bool:
    """Whether a module, or a namespace package, was found under one of ``folders`` and not in the environment."""
    place = getattr(module, "__file__", None) or next(iter(getattr(module, "__path__", None) or ()), None)
    if not isinstance(place, str) or any(Path(place).is_relative_to(prefix) for prefix in (sys.prefix, sys.base_prefix)):
        return False
    return any(Path(place).is_relative_to(folder) for folder in folders)

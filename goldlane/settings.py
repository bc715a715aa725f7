"""``[tool.goldlane]`` of the nearest ``pyproject.toml``: how the library finds an application it never imports."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from goldlane.errors import Mistakes, UsageError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_LISTS = {"pipelines"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """A project's settings; every one is optional, and arguments win over them. ``root`` holds the ``pyproject.toml``."""

    root: Path = field(default_factory=Path.cwd)
    name: str | None = None
    pipelines: tuple[str, ...] = ()
    features: str | None = None
    storage: str = ".goldlane/storage"
    store: str = "sqlite:///.goldlane/online.db"
    sample: str | None = None
    demo: str | None = None
    rules: str | tuple[str, ...] | None = None
    monitors: str | None = None
    streams: str | None = None

    def path(self, relative: str) -> Path:
        """``relative`` as seen from the project's root, wherever the command was typed."""
        return self.root / relative


def read_settings(folder: Path | None = None) -> Settings:
    """The settings of ``folder`` or its nearest parent with a ``pyproject.toml``; defaults when there is none.

    Raises:
        UsageError: the file does not parse, or ``[tool.goldlane]`` has unknown keys or wrong types.
    """
    start = (folder or Path.cwd()).resolve()
    for candidate in (start, *start.parents):
        file = candidate / "pyproject.toml"
        if file.is_file():
            return _parse(file)
    return Settings(root=start)


def load_object(reference: str, settings: Settings, *, setting: str) -> Any:
    """The object behind ``package.module:name`` (or the module itself), imported with the project's root on the path."""
    root = str(settings.root)
    if root not in sys.path:
        sys.path.insert(0, root)
    module_name, _, attribute = reference.partition(":")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as missing:
        if missing.name is None or not module_name.startswith(missing.name):
            raise
        raise UsageError(
            f"[tool.goldlane] {setting} = {reference!r}: there is no module {missing.name!r} under {root}",
            hint="mend the setting, or type the command inside the project's folder",
        ) from missing
    if not attribute:
        return module
    try:
        return getattr(module, attribute)
    except AttributeError as missing:
        raise UsageError(f"[tool.goldlane] {setting} = {reference!r}: {module_name} has no {attribute!r}") from missing


def _parse(file: Path) -> Settings:
    document = _document(file)
    table = _table(document, file, "tool", "goldlane")
    mistakes = _mistakes(table)
    if mistakes:
        raise Mistakes(f"{file}: [tool.goldlane]", mistakes, hint="mend the file: every command reads it")
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}
    if isinstance(values.get("pipelines"), str):
        values["pipelines"] = (values["pipelines"],)
    name = _table(document, file, "project").get("name")
    return Settings(**{"name": name if isinstance(name, str) else None, **values, "root": file.parent})


def _document(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        hint = "mend its permissions, or type the command elsewhere"
        raise UsageError(f"cannot be read: {error.strerror}", hint=hint, file=str(file)) from error
    except UnicodeDecodeError as error:
        raise UsageError(f"not UTF-8: byte {error.start}", hint="save it as UTF-8", file=str(file)) from error
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        number, hint = int(line[1]) if line else None, "mend the file: every command reads it"
        raise UsageError(f"not valid TOML: {error}", hint=hint, file=str(file), line=number) from error


def _table(document: Mapping[str, Any], file: Path, *path: str) -> dict[str, Any]:
    """The table at ``path``, empty when it is not there."""
    table = dict(document)
    for number, key in enumerate(path, 1):
        found = table.get(key, {})
        if not isinstance(found, dict):
            raise UsageError(f"[{'.'.join(path[:number])}] must be a table, not {found!r}", hint="mend the file", file=str(file))
        table = found
    return table


def _mistakes(table: Mapping[str, object]) -> Sequence[str]:
    known = {setting.name for setting in fields(Settings)} - {"root"}
    unknown = [f"unknown setting {key!r}; known are {', '.join(sorted(known))}" for key in table if key not in known]
    wrong = [
        f"{key} must be text or a list of texts, not {value!r}"
        for key, value in table.items()
        if key in known and not isinstance(value, str) and not _is_texts(value)
    ]
    lists = [
        f"{key} must be one text, not a list"
        for key, value in table.items()
        if key in known - _LISTS - {"rules"} and isinstance(value, list)
    ]
    return [*unknown, *wrong, *lists]


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)

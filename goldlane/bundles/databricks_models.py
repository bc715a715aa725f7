"""Resources against the typed models of ``databricks-bundles``: every field, enum, type and required value, with its path."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from difflib import get_close_matches
from enum import Enum
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints

from goldlane.bundles.problems import Path, Severity, nearest
from goldlane.bundles.variables import REFERENCE
from goldlane.errors import MissingExtraError

try:
    from databricks.bundles.core._resource_type import _ResourceType
    from databricks.bundles.core._variable import Variable
except ImportError as missing:
    raise MissingExtraError("databricks", needed_for="checking a bundle's resources") from missing

# What the service no longer calls so, or never did.
_RENAMED = {
    "serving_endpoints": "the service calls them model_serving_endpoints",
    "tables": "a bundle has no tables: pipelines and jobs make them",
    "mlflow_experiments": "the service calls them experiments",
    "mlflow_models": "the service calls them models",
}
_BOOLEANS = frozenset(("true", "false", "yes", "no", "on", "off", "y", "n"))

Mistake = tuple[Path, str]


@cache
def kinds() -> Mapping[str, type]:
    """The kinds of resources, by the names a bundle gives them."""
    return {kind.plural_name: kind.resource_type for kind in _ResourceType.all()}


def fields_of(kind: str) -> frozenset[str]:
    """The fields of a kind of resource."""
    return frozenset(field.name for field in fields(kinds()[kind]))


def unknown_kind(name: str) -> tuple[str, Severity]:
    """Why there is no such kind of resource: a mistake when it is like one, else perhaps one of a newer service."""
    if name in _RENAMED:
        return f"there is no kind of resource {name!r}; {_RENAMED[name]}", "error"
    if get_close_matches(name, kinds()):
        return f"there is no kind of resource {name!r}{nearest(name, kinds())}", "error"
    return f"the installed databricks-bundles does not know {name!r}; nothing in it is checked", "warning"


def resource_mistakes(kind: str, resource: Any) -> Iterator[Mistake]:
    """What of a resource its model refuses; paths begin at the resource. The model itself is asked last, for what escapes us."""
    model = kinds()[kind]
    found = list(_mistakes(resource, model, ()) if resource is not None else _of_model(resource, model, ()))
    yield from found
    if not found and isinstance(resource, dict):
        try:
            model.from_dict(resource)  # type: ignore[attr-defined]  # every resource has it
        except (TypeError, ValueError) as wrong:
            # The models know a reference only where it stands alone.
            if not _has_reference(str(wrong)):
                yield (), " ".join(str(wrong).split())


def _mistakes(value: Any, kind: Any, path: Path) -> Iterator[Mistake]:
    # What is left empty counts as not said.
    if value is None or (isinstance(value, str) and REFERENCE.fullmatch(value)):
        return
    kind = _plain(kind)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is list:
        yield from _of_list(value, arguments[0], path)
    elif origin is dict:
        yield from _of_map(value, arguments[1], path)
    elif isinstance(kind, type) and issubclass(kind, Enum):
        yield from _of_enum(value, kind, path)
    elif isinstance(kind, type) and is_dataclass(kind):
        yield from _of_model(value, kind, path)
    elif isinstance(kind, type):
        yield from _of_scalar(value, kind, path)


def _of_model(value: Any, model: type, path: Path) -> Iterator[Mistake]:
    if not isinstance(value, dict):
        yield path, f"it must be a map of fields, not {_shown(value)}"
        return
    known = {field.name: field for field in fields(model)}
    types = _types(model)
    for name, each in value.items():
        if name in known:
            yield from _mistakes(each, types[name], (*path, name))
        else:
            yield (*path, name), f"there is no field {name!r} here{nearest(name, known)}"
    for name, field in known.items():
        if value.get(name) is None and _is_required(field):
            yield path, f"{name} is missing"


def _of_list(value: Any, item: Any, path: Path) -> Iterator[Mistake]:
    if not isinstance(value, list):
        yield path, f"it must be a list, not {_shown(value)}"
        return
    for position, each in enumerate(value):
        yield from _mistakes(each, item, (*path, position))


def _of_map(value: Any, item: Any, path: Path) -> Iterator[Mistake]:
    if not isinstance(value, dict):
        yield path, f"it must be a map, not {_shown(value)}"
        return
    for key, each in value.items():
        yield from _mistakes(each, item, (*path, key))


def _of_enum(value: Any, kind: type[Enum], path: Path) -> Iterator[Mistake]:
    known = [str(each.value) for each in kind]
    if value not in known and not _has_reference(value):
        yield path, f"{value!r} is none of its values{nearest(value, known)}"


def _of_scalar(value: Any, kind: type, path: Path) -> Iterator[Mistake]:
    wrong = {
        bool: not isinstance(value, bool) and str(value).lower() not in _BOOLEANS,
        int: isinstance(value, bool) or not re.fullmatch(r"[+-]?\d+", str(value)),
        float: isinstance(value, bool) or not isinstance(value, (int, float)),
        str: not isinstance(value, (str, int, float, bool)),
    }
    if wrong.get(kind, False) and not _has_reference(value):
        yield path, f"it must be {_WORDS[kind]}, not {_shown(value)}"


_WORDS = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}


def _plain(kind: Any) -> Any:
    """The type without ``Variable`` and ``None``."""
    if get_origin(kind) is not None and get_origin(kind) not in (list, dict):
        rest = [each for each in get_args(kind) if each is not type(None) and (get_origin(each) or each) is not Variable]
        return _plain(rest[0]) if rest else object
    return kind


@cache
def _types(model: type) -> Mapping[str, Any]:
    return get_type_hints(model)


def _is_required(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _has_reference(value: Any) -> bool:
    return isinstance(value, str) and REFERENCE.search(value) is not None


def _shown(value: Any) -> str:
    return "nothing" if value is None else "a list" if isinstance(value, list) else "a map" if isinstance(value, dict) else repr(value)

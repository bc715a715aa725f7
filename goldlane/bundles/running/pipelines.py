"""Pipelines that tasks update: from their YAML to what ``goldlane.run`` is asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from goldlane.bundles.files import located
from goldlane.bundles.loading import Bundle
from goldlane.bundles.problems import Path, nearest
from goldlane.bundles.running.filling import deployed, unknown_references
from goldlane.bundles.running.plans import is_true
from goldlane.bundles.variables import filled, spelled
from goldlane.errors import UsageError

_ID = re.compile(r"\$\{\s*resources\.(\w+)\.([\w-]+)\.id\s*\}")
_NO_TABLES = ("refresh_flow_selection", "reset_checkpoint_selection")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """A pipeline of the bundle, its sources as files and patterns of this disk."""

    key: str
    sources: tuple[str, ...]
    catalog: str | None
    schema: str | None
    configuration: Mapping[str, str]


def referred(value: object, kind: str) -> str | None:
    """The key of ``${resources.<kind>.<key>.id}``; None for anything else, such as an id of a workspace."""
    found = _ID.fullmatch(str(value))
    return found[2] if found and found[1] == kind else None


def pipeline_of(bundle: Bundle, value: object) -> Pipeline:
    """The pipeline whose id ``value`` is.

    Raises:
        UsageError: it is not of this bundle, or its files are not on this disk.
    """
    key = referred(value, "pipelines")
    if key is None:
        hint = "say ${resources.pipelines.<key>.id}"
        raise UsageError(f"the pipeline {value!r} is in a workspace, and not in this bundle", hint=hint)
    return pipeline_named(bundle, key)


def pipeline_named(bundle: Bundle, key: str) -> Pipeline:
    """The pipeline whose key under ``resources.pipelines`` is ``key``.

    Raises:
        UsageError: there is none, its files are not on this disk, or only a deployment knows what it says.
    """
    known = bundle.tree.map("resources", "pipelines")
    path: Path = ("resources", "pipelines", key)
    declared = deployed(bundle, filled(bundle, known.get(key)))
    if not isinstance(declared, dict):
        raise UsageError(f"there is no pipeline {key!r}{nearest(key, known)}")
    unknown = unknown_references({name: declared.get(name) for name in ("catalog", "schema", "target", "configuration", "libraries")})
    if unknown:
        raise UsageError(f"the pipeline {key!r} says {', '.join(unknown)}, which only a deployment knows")
    configuration = declared.get("configuration") or {}
    return Pipeline(
        key=key,
        sources=_sources(bundle, path, declared.get("libraries") or []),
        catalog=declared.get("catalog"),
        schema=declared.get("schema") or declared.get("target"),
        configuration={name: spelled(each) for name, each in configuration.items()},
    )


def update_asked(bundle: Bundle, settings: Mapping[str, Any], configuration: Mapping[str, str]) -> dict[str, Any]:
    """What ``goldlane.run`` is asked for by a ``pipeline_task``; its own parameters and the caller's settings win."""
    pipeline = pipeline_of(bundle, settings.get("pipeline_id"))
    unknown = [name for name in _NO_TABLES if settings.get(name)]
    if unknown:
        raise UsageError(f"{' and '.join(unknown)}: flows cannot be chosen on this machine", hint="choose tables: refresh_selection")
    own = {name: spelled(value) for name, value in (settings.get("parameters") or {}).items()}
    return {
        "name": pipeline.key,
        "sources": list(pipeline.sources),
        "catalog": pipeline.catalog,
        "schema": pipeline.schema,
        "configuration": {**pipeline.configuration, **own, **configuration},
        "refresh": list(settings.get("refresh_selection") or ()),
        "full_refresh": is_true(settings.get("full_refresh")) or list(settings.get("full_refresh_selection") or ()) or False,
    }


def _sources(bundle: Bundle, path: Path, libraries: list[Any]) -> tuple[str, ...]:
    found: list[str] = []
    for number, library in enumerate(libraries):
        for kind, field in (("notebook", "path"), ("file", "path"), ("glob", "include")):
            each = library.get(kind) if isinstance(library, dict) else None
            if isinstance(each, dict):
                where: Path = (*path, "libraries", number, kind, field)
                found.append(_source(bundle, where, str(each.get(field))))
    if not found:
        raise UsageError(f"the pipeline {path[-1]!r} names no file under libraries")
    return tuple(found)


def _source(bundle: Bundle, path: Path, text: str) -> str:
    place = located(bundle, path, text)
    if place is None:
        raise UsageError(f"{text!r} is in the workspace, and not in this bundle")
    # The platform's pattern for a whole folder.
    start = place.parent if place.name == "**" else place
    endings = (ending for ending in ("", ".py", ".ipynb", ".sql") if start.with_name(start.name + ending).exists())
    ending = next(endings, "")
    return str(start.with_name(start.name + ending))

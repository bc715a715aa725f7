"""SOURCE as the command line takes it: files, the project's own pipelines, or a pipeline of the asset bundle by its key or name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from goldlane.cli.options import sources_or_default
from goldlane.errors import UsageError
from goldlane.settings import Settings

_BUNDLE = "databricks.yml"
_OF_PATHS = frozenset("/\\*?[")


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """The sources of a pipeline, and what the bundle says of it where it is one of the bundle's."""

    sources: Sequence[str]
    name: str | None = None
    catalog: str | None = None
    schema: str | None = None
    configuration: Mapping[str, str] = field(default_factory=dict)


def pipeline_asked(sources: Sequence[str] | None, settings: Settings) -> Named:
    """What ``sources`` mean. One that is no file here is looked for in the bundle around the working folder, as its default target has it.

    Raises:
        UsageError: no source was given and the project names none, the bundle cannot be read, or has no such pipeline either.
    """
    given = sources_or_default(sources, settings)
    root = bundle_above()
    if root is None or len(given) != 1 or not _may_be_key(given[0]):
        return Named(sources=given)
    from goldlane.bundles.problems import nearest
    from goldlane.bundles.running.pipelines import pipeline_named
    from goldlane.bundles.running.preparing import bundle_of

    bundle = bundle_of(root, None)
    known = bundle.tree.map("resources", "pipelines")
    names = {str(each["name"]): key for key, each in known.items() if isinstance(each, dict) and "name" in each}
    key = given[0] if given[0] in known else names.get(given[0])
    if key is None:
        told = f"{given[0]} is no file or folder here, and no pipeline of {root / _BUNDLE}"
        raise UsageError(f"{told}{nearest(given[0], {**names, **known})}")
    found = pipeline_named(bundle, key)
    return Named(sources=found.sources, name=found.key, catalog=found.catalog, schema=found.schema, configuration=found.configuration)


def bundle_above() -> Path | None:
    """The folder of ``databricks.yml``: the working folder, or its nearest parent that has one."""
    here = Path.cwd()
    return next((each for each in (here, *here.parents) if (each / _BUNDLE).is_file()), None)


def _may_be_key(source: str) -> bool:
    return bool(source) and not Path(source).suffix and not _OF_PATHS & set(source) and not Path(source).exists()

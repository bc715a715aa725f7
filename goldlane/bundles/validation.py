"""All that can be wrong with a bundle and seen without a workspace, at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path as File

from goldlane.bundles.databricks_models import kinds, resource_mistakes, unknown_kind
from goldlane.bundles.entry_points import entry_point_problems
from goldlane.bundles.files import file_problems
from goldlane.bundles.gates import opened
from goldlane.bundles.jobs import job_problems, schedule_problems
from goldlane.bundles.loading import Bundle, as_target, load, targets
from goldlane.bundles.problems import Path, Problem, nearest
from goldlane.bundles.references import reference_problems
from goldlane.bundles.trees import Tree
from goldlane.errors import UsageError

_MAPS = ("artifacts", "bundle", "presets", "resources", "sync", "targets", "variables", "workspace")


def validate(root: File, target: str | None = None) -> tuple[Problem, ...]:
    """Every mistake in the bundle at ``root``, in the order of its files and lines; as ``target`` sees it, or as each of them does.

    Nothing is deployed, built or asked of a workspace. Resources are checked against the installed ``databricks-bundles``.

    Raises:
        UsageError: there is no bundle, or no such target.
        MissingExtraError: databricks-bundles is not installed.
    """
    tree, problems = load(root)
    known = targets(tree)
    if target is not None and target not in known:
        raise UsageError(f"the bundle has no target {target!r}{nearest(target, known)}")
    # A file that cannot be read says nothing, and has been told.
    found = [*problems, *(_root_problems(tree) if tree.value or not problems else ())]
    for each in (target,) if target is not None else known or (None,):
        bundle = opened(as_target(root, tree, each))
        found += [*bundle.problems, *_problems(bundle)]
    return tuple(sorted(dict.fromkeys(found), key=lambda problem: (problem.file, problem.line or 0, problem.path, problem.message)))


def _problems(bundle: Bundle) -> Iterator[Problem]:
    if not isinstance(bundle.tree.value, dict):
        return
    yield from _shape_problems(bundle)
    yield from _resource_problems(bundle)
    yield from _key_problems(bundle)
    yield from reference_problems(bundle)
    yield from file_problems(bundle)
    yield from entry_point_problems(bundle)
    yield from job_problems(bundle)
    yield from schedule_problems(bundle)


def _root_problems(tree: Tree) -> Iterator[Problem]:
    defaults = [name for name in targets(tree) if tree.get("targets", name, "default") is True]
    if isinstance(tree.value, dict) and not tree.get("bundle", "name"):
        yield tree.problem(("bundle",), "the bundle has no name; say bundle: {name: ...}")
    if len(defaults) > 1:
        yield tree.problem(("targets", defaults[1], "default"), f"{' and '.join(defaults)} are both the default target")


def _shape_problems(bundle: Bundle) -> Iterator[Problem]:
    for name in _MAPS:
        if bundle.tree.get(name) is not None and not isinstance(bundle.tree.get(name), dict):
            yield bundle.problem((name,), f"{name} must be a map")


def _key_problems(bundle: Bundle) -> Iterator[Problem]:
    """Keys are unique over all kinds of resources."""
    known: dict[str, str] = {}
    for kind in bundle.tree.map("resources"):
        for key in bundle.tree.map("resources", kind):
            first = known.setdefault(key, kind)
            if first != kind:
                yield bundle.problem(("resources", kind, key), f"{first} have a resource {key!r} as well; each needs a key of its own")


def _resource_problems(bundle: Bundle) -> Iterator[Problem]:
    for kind, resources in bundle.tree.map("resources").items():
        path: Path = ("resources", kind)
        if kind not in kinds():
            yield bundle.problem(path, *unknown_kind(kind))
        elif resources is None:
            continue
        elif not isinstance(resources, dict):
            yield bundle.problem(path, "it must be a map from keys to resources")
        else:
            yield from _of_kind(bundle, kind, resources)


def _of_kind(bundle: Bundle, kind: str, resources: dict[str, object]) -> Iterator[Problem]:
    for key, resource in resources.items():
        for inner, message in resource_mistakes(kind, resource):
            yield bundle.problem(("resources", kind, key, *inner), message)
        if kind == "pipelines" and isinstance(resource, dict) and "target" in resource:
            told = "target is the older mode of publishing; say schema"
            yield bundle.problem(("resources", kind, key, "target"), told, "warning")

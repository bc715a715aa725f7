"""A bundle as one target sees it: ``databricks.yml``, the files it includes, and what the target changes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path as File
from typing import Any

from goldlane.bundles.problems import Path, Problem, Severity, nearest, spelled
from goldlane.bundles.trees import Tree, merged, read_tree
from goldlane.errors import UsageError

ROOT_FILE = "databricks.yml"
_ROOT_FIELDS = frozenset(
    (
        *("artifacts", "bundle", "environments", "experimental", "include", "permissions", "presets", "python", "resources"),
        *("run_as", "scripts", "sync", "targets", "variables", "workspace"),
    )
)
_TARGET_FIELDS = (_ROOT_FIELDS - {"include", "targets", "environments", "experimental", "python", "scripts"}) | {
    *("cluster_id", "compute_id", "default", "git", "mode")
}
# Only a pattern may find nothing.
_WILD = frozenset("*?[")
_MODES = ("development", "production")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """One target's configuration. ``problems`` are those of reading it; ``target`` is None for a bundle without targets.

    ``overrides`` are the values of variables that the target's own file gives.
    """

    root: File
    tree: Tree
    target: str | None
    problems: tuple[Problem, ...]
    overrides: Mapping[str, Any] = field(default_factory=dict)

    def problem(self, path: Path, message: str, severity: Severity = "error") -> Problem:
        """A mistake at ``path``, with its file and line."""
        return self.tree.problem(path, message, severity)

    def file_of(self, path: Path) -> File:
        """The file that says what stands at ``path``: what paths in it start from."""
        return self.root / self.tree.place(path).file


def load(root: File) -> tuple[Tree, list[Problem]]:
    """All files of the bundle as one tree, targets apart.

    Raises:
        UsageError: the folder has no ``databricks.yml``.
    """
    file = root / ROOT_FILE
    if not file.is_file():
        raise UsageError(f"{root} has no {ROOT_FILE}", hint="name the bundle's folder, or go there")
    tree = read_tree(file, root)
    if isinstance(tree, Problem):
        return Tree({}, {}), [tree]
    if not isinstance(tree.value, dict):
        return Tree({}, {}), [Problem(file=ROOT_FILE, line=1, path="", message="it must be a map of fields, such as bundle and resources")]
    problems = list(_unknown(tree, _ROOT_FIELDS | tree.anchored))
    for included in _included(tree, root, problems):
        part = read_tree(included, root)
        if isinstance(part, Problem):
            problems.append(part)
        elif isinstance(part.value, dict):
            problems += [*_unknown(part, (_ROOT_FIELDS - {"include"}) | part.anchored), *_twice(tree, part)]
            tree = merged(tree, part)
        else:
            problems.append(part.problem((), "it must be a map of fields, such as resources"))
    return tree, problems


def targets(tree: Tree) -> tuple[str, ...]:
    """The names of the bundle's targets, as they are listed."""
    found = tree.get("targets")
    return tuple(found) if isinstance(found, dict) else ()


def as_target(root: File, tree: Tree, target: str | None) -> Bundle:
    """The bundle as ``target`` sees it."""
    if target is None:
        return Bundle(root=root, tree=tree, target=None, problems=())
    over = tree.under("targets", target)
    problems: list[Problem] = []
    if isinstance(over.value, dict):
        problems += [_moved(problem, ("targets", target)) for problem in _unknown(over, _TARGET_FIELDS)]
        problems += _wrong_mode(tree, target)
        own = Tree({key: value for key, value in over.value.items() if key != "default"}, over.places)
        # A target's variables are values; a bundle's are declarations.
        given = own.get("variables")
        if isinstance(given, dict):
            own = merged(own.without("variables"), _values(own.under("variables")))
        tree = merged(tree, own)
    elif over.value is not None:
        problems.append(tree.problem(("targets", target), "it must be a map of fields, such as mode and workspace"))
    overrides = _overrides(root, target)
    if isinstance(overrides, Problem):
        problems.append(overrides)
        overrides = {}
    return Bundle(root=root, tree=tree, target=target, problems=tuple(problems), overrides=overrides)


def _overrides(root: File, target: str) -> Mapping[str, Any] | Problem:
    """What the target's own file, which nobody commits, gives to variables."""
    name = f".databricks/bundle/{target}/variable-overrides.json"
    if not (root / name).is_file():
        return {}
    try:
        found = json.loads((root / name).read_text(encoding="utf-8"))
    except (OSError, ValueError) as wrong:
        return Problem(file=name, line=None, path="", message=f"it cannot be read: {wrong}")
    return found if isinstance(found, dict) else Problem(file=name, line=1, path="", message="it must be a map from variables to values")


def _values(given: Tree) -> Tree:
    """``{name: value}`` as ``{variables: {name: {default: value}}}``, unless it says ``default`` or ``lookup`` itself."""
    value: dict[str, object] = {}
    places = {}
    for name, each in given.value.items():
        said = isinstance(each, Mapping) and bool({"default", "lookup"} & set(each))
        own = given.under(name) if said else given.under(name).moved("default")
        value[name] = own.value
        places.update({(name, *path): place for path, place in own.places.items()})
    return Tree(value, places).moved("variables")


def _included(tree: Tree, root: File, problems: list[Problem]) -> Iterator[File]:
    patterns = tree.get("include") or []
    if not isinstance(patterns, list):
        problems.append(tree.problem(("include",), "it must be a list of files or patterns"))
        return
    seen: set[File] = {root / ROOT_FILE}
    for position, pattern in enumerate(patterns):
        text = str(pattern)
        is_pattern = bool(_WILD & set(text))
        # Two stars are one here, as they are for the service's own tool.
        found = sorted(root.glob(text.replace("**", "*"))) if is_pattern and not text.startswith("/") else [root / text]
        if not is_pattern and not found[0].is_file():
            problems.append(tree.problem(("include", position), f"no file is like {text!r}"))
        for file in found:
            if file.is_file() and file not in seen:
                seen.add(file)
                yield file


def _unknown(tree: Tree, known: frozenset[str]) -> Iterator[Problem]:
    for name in tree.value:
        if name not in known:
            yield tree.problem((name,), f"there is no field {name!r} here{nearest(name, known)}")


def _twice(tree: Tree, part: Tree) -> Iterator[Problem]:
    """What two files declare under one name."""
    for kind, resources in part.map("resources").items():
        for key in resources if isinstance(resources, dict) else ():
            if tree.get("resources", kind, key) is not None:
                first = tree.place(("resources", kind, key))
                yield part.problem(("resources", kind, key), f"{first.file}:{first.line} declares it already")


def _wrong_mode(tree: Tree, target: str) -> Iterator[Problem]:
    mode = tree.get("targets", target, "mode")
    if mode is not None and mode not in _MODES:
        yield tree.problem(("targets", target, "mode"), f"there is no mode {mode!r}{nearest(mode, _MODES)}")


def _moved(problem: Problem, path: Path) -> Problem:
    return replace(problem, path=f"{spelled(path)}.{problem.path}")

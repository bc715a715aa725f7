"""YAML 1.2 as plain values, each with the line it came from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path as File
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import RoundTripConstructor
from ruamel.yaml.error import YAMLError

from goldlane.bundles.problems import Path, Place, Problem, Severity, spelled

# Lists whose items are known by a field: a target's item of the same name changes the one that is there.
_NAMED_LISTS = {"tasks": "task_key", "job_clusters": "job_cluster_key", "environments": "environment_key", "parameters": "name"}
_OF_A_VARIABLE = len(("variables", "name", "default"))


@dataclass(frozen=True, slots=True)
class Tree:
    """A configuration: dicts, lists and scalars, and for every path in it the place that says so."""

    value: Any
    places: Mapping[Path, Place]
    # The fields of a file that are there to be repeated (``name: &anchor``).
    anchored: frozenset[str] = frozenset()

    def place(self, path: Path) -> Place:
        """Where ``path`` is said, or the nearest thing around it."""
        while path not in self.places and path:
            path = path[:-1]
        return self.places.get(path) or Place(file="databricks.yml", line=1)

    def get(self, *path: str | int) -> Any:
        """The value at ``path``; None when there is none."""
        found = self.value
        for part in path:
            if isinstance(found, dict):
                found = found.get(part)
            elif isinstance(found, list) and isinstance(part, int) and part < len(found):
                found = found[part]
            else:
                return None
        return found

    def map(self, *path: str | int) -> dict[str, Any]:
        """The map at ``path``; an empty one when there is none, or something else."""
        found = self.get(*path)
        return found if isinstance(found, dict) else {}

    def problem(self, path: Path, message: str, severity: Severity = "error") -> Problem:
        """A mistake at ``path``, with its file and line."""
        place = self.place(path)
        return Problem(file=place.file, line=place.line, path=spelled(path), message=message, severity=severity)

    def under(self, *path: str | int) -> Tree:
        """The part at ``path``, as a tree of its own."""
        start = len(path)
        return Tree(self.get(*path), {each[start:]: place for each, place in self.places.items() if each[:start] == path})

    def without(self, name: str) -> Tree:
        """The tree without one of its fields."""
        kept = {key: value for key, value in self.value.items() if key != name}
        return Tree(kept, {path: place for path, place in self.places.items() if path[:1] != (name,)})

    def without_value(self, first: str, second: str) -> Tree:
        """The tree with nothing said at ``first.second``; the place stays known."""
        return Tree({**self.value, first: {**self.value[first], second: None}}, self.places)

    def moved(self, *path: str) -> Tree:
        """The tree as it stands at ``path`` of a larger one."""
        value = self.value
        for part in reversed(path):
            value = {part: value}
        return Tree(value, {(*path, *each): place for each, place in self.places.items()})


def read_tree(file: File, root: File) -> Tree | Problem:
    """The file's content; a ``Problem`` when it is no YAML, or says a field twice."""
    name = file.relative_to(root).as_posix() if file.is_relative_to(root) else str(file)
    try:
        loaded = _reader().load(file)
    except YAMLError as wrong:
        return _unreadable(name, wrong)
    except (OSError, ValueError) as wrong:
        return Problem(file=name, line=None, path="", message=f"it cannot be read: {wrong}")
    places: dict[Path, Place] = {}
    value = _plain(loaded, (), Place(file=name, line=1), places)
    return Tree({} if value is None else value, places, _anchored(loaded))


def merged(base: Tree, over: Tree) -> Tree:
    """``base`` changed by ``over``: maps field by field, lists of named items item by item, other lists joined, scalars replaced."""
    places: dict[Path, Place] = dict(base.places)
    value = _merged(base.value, over, (), places)
    return Tree(value, places)


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every scalar with its path, keys of maps left out."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield from leaves(each, (*path, key))
    elif isinstance(value, list):
        for position, each in enumerate(value):
            yield from leaves(each, (*path, position))
    else:
        yield path, value


class _Constructor(RoundTripConstructor):
    """Dates stay the text they are written as, as in the service's own tool."""


_Constructor.add_constructor("tag:yaml.org,2002:timestamp", lambda _, node: str(node.value))


def _reader() -> YAML:
    reader = YAML()
    reader.Constructor = _Constructor
    return reader


def _unreadable(name: str, wrong: YAMLError) -> Problem:
    mark = getattr(wrong, "problem_mark", None) or getattr(wrong, "context_mark", None)
    text = getattr(wrong, "problem", None) or getattr(wrong, "context", None) or wrong
    message = f"this is no YAML: {' '.join(str(text).split())}"
    return Problem(file=name, line=None if mark is None else mark.line + 1, path="", message=message)


def _anchored(loaded: Any) -> frozenset[str]:
    fields = loaded.items() if isinstance(loaded, CommentedMap) else ()
    return frozenset(str(key) for key, each in fields if getattr(getattr(each, "anchor", None), "value", None) is not None)


def _plain(node: Any, path: Path, place: Place, places: dict[Path, Place]) -> Any:
    places[path] = place
    if isinstance(node, CommentedMap):
        return {str(key): _plain(each, (*path, str(key)), _place(node, key, place), places) for key, each in node.items()}
    if isinstance(node, CommentedSeq):
        return [_plain(each, (*path, position), _place(node, position, place), places) for position, each in enumerate(node)]
    for kind in (bool, int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return node


def _place(node: CommentedMap | CommentedSeq, key: object, around: Place) -> Place:
    found: Sequence[int] | None = (node.lc.data or {}).get(key)
    return around if found is None else Place(file=around.file, line=found[0] + 1)


def _merged(base: Any, over: Tree, path: Path, places: dict[Path, Place]) -> Any:
    if over.value is None:
        return base
    if _is_variable(path):
        base = None
    if isinstance(base, dict) and isinstance(over.value, dict):
        changed = {key: _merged(base.get(key), over.under(key), (*path, key), places) for key in over.value}
        return {**base, **changed}
    if isinstance(base, list) and isinstance(over.value, list):
        return _joined(base, over, path, places)
    for each, place in over.places.items():
        places[(*path, *each)] = place
    return over.value


def _is_variable(path: Path) -> bool:
    """Whether a variable's value stands there: another one replaces it, a list or a map too."""
    return len(path) == _OF_A_VARIABLE and path[0] == "variables" and path[-1] == "default"


def _joined(base: list[Any], over: Tree, path: Path, places: dict[Path, Place]) -> list[Any]:
    name = _NAMED_LISTS.get(str(path[-1])) if path else None
    joined = list(base)
    known = {item.get(name): position for position, item in enumerate(base) if name and isinstance(item, dict)}
    for number, item in enumerate(over.value):
        position = known.get(item.get(name)) if name and isinstance(item, dict) else None
        if position is None:
            joined.append(None)
            position = len(joined) - 1
        joined[position] = _merged(joined[position], over.under(number), (*path, position), places)
    return joined

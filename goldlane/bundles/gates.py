"""Kinds of resources that a variable holds as a whole: ``quality_monitors: ${var.monitors}``, nothing until the variable says otherwise."""

from __future__ import annotations

from dataclasses import replace

from goldlane.bundles.loading import Bundle
from goldlane.bundles.trees import Tree, merged
from goldlane.bundles.variables import only_variable, value_of

_DEPTH = 10


def opened(bundle: Bundle) -> Bundle:
    """The bundle with such resources in their place, each field told where the variable says it; a text that holds no map stays."""
    tree = bundle.tree
    for kind, held in bundle.tree.map("resources").items():
        name = _holder(bundle, held)
        if name is None:
            continue
        resources = Tree(value_of(bundle, name), tree.under("variables", name, "default").places)
        tree = merged(tree.without_value("resources", kind), resources.moved("resources", kind))
    return replace(bundle, tree=tree)


def _holder(bundle: Bundle, value: object) -> str | None:
    """The variable that holds the map: one may stand for another."""
    name = None
    for _ in range(_DEPTH):
        if not isinstance(value, str):
            break
        name = only_variable(value)
        value = None if name is None else value_of(bundle, name)
    return name if isinstance(value, dict) else None

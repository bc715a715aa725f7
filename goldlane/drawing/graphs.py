"""A pipeline's graph as it is drawn: what stands in a box, and what on an arrow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A dataset, or something outside that one reads. ``status`` and ``detail`` are of an update, empty without one."""

    name: str
    kind: str
    status: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrow:
    """``target`` reads ``source``: so many rows, None where nobody counted."""

    source: str
    target: str
    rows: int | None = None


def graph_of(document: Mapping[str, Any]) -> tuple[tuple[Node, ...], tuple[Arrow, ...]]:
    """What ``goldlane graph --format json`` prints, as nodes and arrows."""
    nodes = tuple(Node(name=node["name"], kind=node["kind"], detail=node["kind"].replace("_", " ")) for node in document["nodes"])
    return nodes, tuple(Arrow(source=source, target=target) for source, target in document["edges"])

"""A graph as shapes on a plane: boxes in columns, curves between them, a number on each curve. Knows no SVG and no HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from goldlane.drawing.graphs import Arrow, Node
from goldlane.drawing.layers import Layers, layered
from goldlane.drawing.placing import heights

BOX_WIDTH, BOX_HEIGHT = 212.0, 50.0
# Without numbers on its arrows, a drawing needs less between its layers.
GAP_WIDTH, NARROW_GAP = 86.0, 44.0
_GAP_HEIGHT, _BEND = 18.0, 14.0
_MARGIN = 10.0
_LETTERS = 23
_LABEL_LETTER, _LABEL_HEIGHT = 6.6, 13.0
# Where on its curve a number may stand, best first: those of edges that share an end are apart in the middle or near the other end.
_ALONG = (0.5, 0.36, 0.64, 0.25, 0.75)
_Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Box:
    """A node with the upper left corner of its box. ``label`` is the name, shortened to fit."""

    node: Node
    x: float
    y: float
    label: str


@dataclass(frozen=True, slots=True)
class Link:
    """An arrow as a path of SVG's, and where its number stands."""

    arrow: Arrow
    path: str
    label: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Drawing:
    """Everything drawn, and how large it is."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    links: tuple[Link, ...]
    box_width: float = field(default=BOX_WIDTH, init=False)
    box_height: float = field(default=BOX_HEIGHT, init=False)


def drawn(nodes: Sequence[Node], arrows: Sequence[Arrow], *, gap: float = GAP_WIDTH) -> Drawing:
    """The graph in layers, left to right, ``gap`` between them. Arrows from or to a node that is not there are left out."""
    number = {node.name: place for place, node in enumerate(nodes)}
    known = [arrow for arrow in arrows if arrow.source in number and arrow.target in number and arrow.source != arrow.target]
    layers = layered(len(nodes), ((number[arrow.source], number[arrow.target]) for arrow in known))
    at = _points(layers, len(nodes), gap)
    boxes = tuple(Box(node, at[place][0], at[place][1] - BOX_HEIGHT / 2, shortened(node.name)) for place, node in enumerate(nodes))
    routes = [layers.routes[number[arrow.source], number[arrow.target]] for arrow in known]
    links = _links(known, [_curve([at[node] for node in route]) for route in routes])
    width = max((box.x + BOX_WIDTH for box in boxes), default=0.0) + _MARGIN
    height = max((y for _, y in at.values()), default=0.0) + BOX_HEIGHT / 2 + _MARGIN
    return Drawing(width, height, boxes, links)


def shortened(name: str, letters: int = _LETTERS) -> str:
    """Beginning and end, for names of one pipeline often differ in their ends."""
    if len(name) <= letters:
        return name
    tail = letters * 2 // 5
    return f"{name[: letters - tail - 1]}\N{HORIZONTAL ELLIPSIS}{name[-tail:]}"


def _points(layers: Layers, real: int, gap: float) -> dict[int, _Point]:
    """The left end and the middle of each node."""
    middle = heights(layers, lambda node: BOX_HEIGHT + _GAP_HEIGHT if node < real else _BEND)
    return {
        node: (_MARGIN + rank * (BOX_WIDTH + gap), _MARGIN + middle[node] - _GAP_HEIGHT / 2)
        for rank, layer in enumerate(layers.order)
        for node in layer
    }


def _curve(points: Sequence[_Point]) -> list[tuple[_Point, _Point]]:
    """The straight ends between which the curve runs: out of a box at its right, past the boxes of other layers, into one at its left."""
    (first, *bends, last) = points
    if first[0] > last[0]:  # a way back, in a graph with a circle
        return [((first[0], first[1]), (last[0] + BOX_WIDTH, last[1]))]
    ends = [(first[0] + BOX_WIDTH, first[1])]
    for x, y in bends:
        ends += [(x, y), (x + BOX_WIDTH, y)]
    return list(pairwise([*ends, last]))[:: 1 if not bends else 2]


def _links(arrows: Sequence[Arrow], curves: Sequence[list[tuple[_Point, _Point]]]) -> tuple[Link, ...]:
    taken: list[tuple[float, float, float]] = []
    links = []
    for arrow, curve in zip(arrows, curves, strict=True):
        label = "" if arrow.rows is None else f"{arrow.rows:,}"
        x, y = _free_place(curve[-1], len(label) * _LABEL_LETTER, taken) if label else curve[-1][1]
        links.append(Link(arrow, _path(curve), label, x, y))
    return tuple(links)


def _free_place(step: tuple[_Point, _Point], width: float, taken: list[tuple[float, float, float]]) -> _Point:
    """The first place along the curve where no other number stands; the middle when all are taken."""
    places = [_on_curve(step, along) for along in _ALONG]
    free = [
        (x, y)
        for x, y in places
        if all(
            abs(y - other_y) >= _LABEL_HEIGHT or abs(x - other_x) >= (width + other_width) / 2 for other_x, other_y, other_width in taken
        )
    ]
    x, y = free[0] if free else places[0]
    taken.append((x, y, width))
    return x, y


def _on_curve(step: tuple[_Point, _Point], along: float) -> _Point:
    (x0, y0), (x3, y3) = step
    middle, rest = (x0 + x3) / 2, 1 - along
    x = rest**3 * x0 + 3 * rest**2 * along * middle + 3 * rest * along**2 * middle + along**3 * x3
    y = rest**3 * y0 + 3 * rest**2 * along * y0 + 3 * rest * along**2 * y3 + along**3 * y3
    return x, y


def _path(curve: Sequence[tuple[_Point, _Point]]) -> str:
    (x0, y0), _ = curve[0]
    parts = [f"M{x0:.1f} {y0:.1f}"]
    for (left, top), (right, bottom) in curve:
        middle = (left + right) / 2
        parts.append(f"L{left:.1f} {top:.1f}C{middle:.1f} {top:.1f} {middle:.1f} {bottom:.1f} {right:.1f} {bottom:.1f}")
    return "".join(parts)

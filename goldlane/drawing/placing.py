"""Layers as coordinates: nodes near what they are joined to, never closer to each other than they may be."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from statistics import fmean

from goldlane.drawing.layers import Layers, neighbours

_SWEEPS = 24


def heights(layers: Layers, room: Callable[[int], float]) -> dict[int, float]:
    """The middle of each node, from the top; ``room`` is the height that a node takes, its distance to the next included."""
    before, after = neighbours(layers.steps, before=True), neighbours(layers.steps, before=False)
    at: dict[int, float] = {}
    for layer in layers.order:
        at |= dict(zip(layer, _apart([0.0] * len(layer), _gaps(layer, room)), strict=True))
    for sweep in range(_SWEEPS):
        backwards = sweep % 2
        for layer in reversed(layers.order) if backwards else layers.order:
            # The last sweeps look both ways, so that a chain becomes a straight line.
            sides = (before, after) if sweep >= _SWEEPS - 12 else (after,) if backwards else (before,)
            wanted = [_wanted(node, sides, at) for node in layer]
            at |= dict(zip(layer, _apart(wanted, _gaps(layer, room)), strict=True))
    top = min((place - room(node) / 2 for node, place in at.items()), default=0.0)
    return {node: place - top for node, place in at.items()}


def _wanted(node: int, sides: Sequence[Mapping[int, Sequence[int]]], at: Mapping[int, float]) -> float:
    found = [at[other] for side in sides for other in side.get(node, ())]
    return fmean(found) if found else at[node]


def _gaps(layer: Sequence[int], room: Callable[[int], float]) -> list[float]:
    """How far each node must be below the one before it."""
    return [0.0, *((room(above) + room(below)) / 2 for above, below in pairwise(layer))][: len(layer)]


def _apart(wanted: Sequence[float], gaps: Sequence[float]) -> list[float]:
    """The places nearest to ``wanted`` (least squares) that keep the order and the gaps: neighbours that collide become one block."""
    offset, offsets = 0.0, []
    for gap in gaps:
        offset += gap
        offsets.append(offset)
    blocks: list[tuple[float, int]] = []
    for place, shift in zip(wanted, offsets, strict=True):
        mean, size = place - shift, 1
        while blocks and blocks[-1][0] > mean:
            other, count = blocks.pop()
            mean, size = (mean * size + other * count) / (size + count), size + count
        blocks.append((mean, size))
    means = [mean for mean, size in blocks for _ in range(size)]
    return [mean + shift for mean, shift in zip(means, offsets, strict=True)]

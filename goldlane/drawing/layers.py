"""A graph in layers, left to right: which column each node stands in, and in which order, with few crossings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean

_SWEEPS = 12
_Edge = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Layers:
    """Nodes are numbers; those from ``real`` on only bend an edge that passes a layer. ``routes`` has each edge's nodes, ends included."""

    real: int
    order: tuple[tuple[int, ...], ...]
    routes: Mapping[_Edge, tuple[int, ...]]

    @property
    def steps(self) -> list[_Edge]:
        """Every hop of a route from one layer to the next, once."""
        return list(dict.fromkeys(step for route in self.routes.values() for step in pairwise(route)))


def layered(count: int, edges: Iterable[_Edge]) -> Layers:
    """``count`` nodes in layers. An edge that would close a circle is drawn, but does not count for the layers."""
    wanted = [edge for edge in dict.fromkeys(edges) if edge[0] != edge[1]]
    ranks = _ranks(count, _forward(count, wanted))
    routes, rank_of = _routes(wanted, ranks)
    layers: list[list[int]] = [[] for _ in range(max(rank_of, default=-1) + 1)]
    for node, rank in enumerate(rank_of):
        layers[rank].append(node)
    found = Layers(count, (), routes)
    return Layers(count, _fewest_crossings(layers, found.steps), routes)


def neighbours(steps: Iterable[_Edge], *, before: bool) -> dict[int, list[int]]:
    """What each node is joined to in the layer before it, or after it."""
    found: dict[int, list[int]] = {}
    for left, right in steps:
        node, other = (right, left) if before else (left, right)
        found.setdefault(node, []).append(other)
    return found


def _forward(count: int, edges: Sequence[_Edge]) -> list[_Edge]:
    """The edges without those that lead back to a node on the way; sources are the first to be visited."""
    after = neighbours(edges, before=False)
    fed = {target for _, target in edges}
    state = [0] * count
    kept = []
    for start in sorted(range(count), key=lambda node: node in fed):
        stack = [(start, iter(after.get(start, ())))] if not state[start] else []
        state[start] = state[start] or 1
        while stack:
            node, rest = stack[-1]
            target = next(rest, None)
            if target is None:
                state[node] = 2
                stack.pop()
            elif state[target] != 1:
                kept.append((node, target))
                if not state[target]:
                    state[target] = 1
                    stack.append((target, iter(after.get(target, ()))))
    return kept


def _ranks(count: int, edges: Sequence[_Edge]) -> list[int]:
    """The longest way from a source; a node that nothing feeds stands just before what it feeds first."""
    before, after = neighbours(edges, before=True), neighbours(edges, before=False)
    waiting = [len(before.get(node, ())) for node in range(count)]
    ready = [node for node in range(count) if not waiting[node]]
    ranks = [0] * count
    for node in ready:
        for target in after.get(node, ()):
            ranks[target] = max(ranks[target], ranks[node] + 1)
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    for node in range(count):
        if node not in before and node in after:
            ranks[node] = min(ranks[target] for target in after[node]) - 1
    return ranks


def _routes(edges: Sequence[_Edge], ranks: Sequence[int]) -> tuple[dict[_Edge, tuple[int, ...]], list[int]]:
    """Edges as routes through every layer between their ends, and the ranks with those of the bends."""
    rank_of, routes = [*ranks], {}
    for source, target in edges:
        step = 1 if ranks[target] > ranks[source] else -1
        bends = []
        for rank in range(ranks[source] + step, ranks[target], step):
            bends.append(len(rank_of))
            rank_of.append(rank)
        routes[source, target] = (source, *bends, target)
    return routes, rank_of


def _fewest_crossings(layers: list[list[int]], steps: list[_Edge]) -> tuple[tuple[int, ...], ...]:
    """The best of several sweeps that put each node at the mean place of its neighbours, forwards and backwards in turns."""
    sides = neighbours(steps, before=True), neighbours(steps, before=False)
    best, fewest = layers, _crossings(layers, steps)
    for sweep in range(_SWEEPS):
        backwards = sweep % 2
        layers = [*layers]
        joined = sides[backwards]
        turn = range(len(layers) - 2, -1, -1) if backwards else range(1, len(layers))
        for place in turn:
            beside = {node: at for at, node in enumerate(layers[place + 1 if backwards else place - 1])}
            layers[place] = _sorted_by_mean(layers[place], joined, beside)
        crossings = _crossings(layers, steps)
        if crossings < fewest:
            best, fewest = layers, crossings
    return tuple(tuple(layer) for layer in best)


def _sorted_by_mean(layer: Sequence[int], joined: Mapping[int, Sequence[int]], beside: Mapping[int, int]) -> list[int]:
    """Nodes without a neighbour keep their place."""
    places = {node: [beside[other] for other in joined.get(node, ()) if other in beside] for node in layer}
    means = {node: fmean(found) if found else float(at) for at, (node, found) in enumerate(places.items())}
    return sorted(layer, key=means.__getitem__)


def _crossings(layers: Sequence[Sequence[int]], steps: Sequence[_Edge]) -> int:
    at = {node: (rank, place) for rank, layer in enumerate(layers) for place, node in enumerate(layer)}
    gaps: dict[int, list[tuple[int, int]]] = {}
    for ends in steps:
        (rank, left), (_, right) = sorted((at[ends[0]], at[ends[1]]))
        gaps.setdefault(rank, []).append((left, right))
    total = 0
    for pairs in gaps.values():
        pairs.sort()
        total += sum(a[0] < b[0] and a[1] > b[1] for number, a in enumerate(pairs) for b in pairs[number + 1 :])
    return total

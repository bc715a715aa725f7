from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from goldlane.drawing.drawing import BOX_HEIGHT, drawn
from goldlane.drawing.graphs import Arrow, Node
from goldlane.drawing.layers import layered

graphs = st.integers(1, 14).flatmap(
    lambda count: st.tuples(st.just(count), st.lists(st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)), max_size=30))
)


def boxes(count: int) -> list[Node]:
    return [Node(name=f"n{number}", kind="view") for number in range(count)]


@given(graph=graphs)
def test_every_node_stands_in_one_layer_and_every_edge_visits_each_layer_on_its_way(graph: tuple[int, list[tuple[int, int]]]) -> None:
    count, edges = graph

    layers = layered(count, edges)

    rank = {node: place for place, layer in enumerate(layers.order) for node in layer}
    assert sorted(node for layer in layers.order for node in layer) == list(range(len(rank)))
    assert set(layers.routes) == {(source, target) for source, target in edges if source != target}
    for (source, target), route in layers.routes.items():
        assert (route[0], route[-1]) == (source, target)
        assert all(abs(rank[left] - rank[right]) <= 1 for left, right in pairwise(route))


@given(graph=graphs)
def test_without_circles_every_edge_leads_to_the_right(graph: tuple[int, list[tuple[int, int]]]) -> None:
    count, edges = graph

    layers = layered(count, [(min(edge), max(edge)) for edge in edges])

    rank = {node: place for place, layer in enumerate(layers.order) for node in layer}
    assert all(rank[source] < rank[target] for source, target in layers.routes)


@given(graph=graphs)
def test_no_two_boxes_overlap_and_all_are_inside(graph: tuple[int, list[tuple[int, int]]]) -> None:
    count, edges = graph

    drawing = drawn(boxes(count), [Arrow(source=f"n{source}", target=f"n{target}") for source, target in edges])

    columns: dict[float, list[float]] = {}
    for box in drawing.boxes:
        columns.setdefault(box.x, []).append(box.y)
        assert 0 <= box.y <= drawing.height - BOX_HEIGHT
        assert 0 <= box.x <= drawing.width - drawing.box_width
    assert all(below - above >= BOX_HEIGHT for tops in columns.values() for above, below in pairwise(sorted(tops)))


def test_a_ladder_is_drawn_without_crossings() -> None:
    crossed = [(0, 7), (1, 6), (2, 5), (3, 4)]

    layers = layered(8, crossed)

    left, right = layers.order
    assert [dict(crossed)[node] for node in left] == list(right)


def test_numbers_of_arrows_into_one_box_do_not_stand_on_each_other() -> None:
    arrows = [Arrow(source=f"n{number}", target="n5", rows=1_000_000) for number in range(5)]

    drawing = drawn(boxes(6), arrows)

    places = [(link.x, link.y) for link in drawing.links]
    assert all(abs(a[1] - b[1]) >= 13 or abs(a[0] - b[0]) >= 55 for number, a in enumerate(places) for b in places[:number])


def test_nothing_is_drawn_of_nothing() -> None:
    drawing = drawn([], [])

    assert (drawing.boxes, drawing.links) == ((), ())

"""Pages of HTML that need nothing but themselves: no network, no script, no file beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from goldlane import __version__
from goldlane.drawing.drawing import drawn
from goldlane.drawing.graphs import Node, graph_of
from goldlane.drawing.rendering import environment
from goldlane.reports.document import Judged, Report
from goldlane.reports.wording import as_written

if TYPE_CHECKING:
    from jinja2 import Environment

_SPARK_HEIGHT = 24


def report_page(report: Report) -> str:
    """The page of an update.

    Raises:
        MissingExtraError: jinja2 is not installed.
    """
    drawing = drawn(tuple(_nodes(report)), report.edges)
    label = f"The graph of {report.pipeline}: {len(drawing.boxes)} datasets, {len(drawing.links)} edges"
    return _environment().get_template("report.html").render(report=report, drawing=drawing, label=label, version=__version__)


def graph_page(document: Mapping[str, Any], title: str) -> str:
    """The page of a pipeline's graph, of which no update is known; ``document`` is what ``goldlane graph --format json`` prints.

    Raises:
        MissingExtraError: jinja2 is not installed.
    """
    nodes, arrows = graph_of(document)
    facts = {"nodes": nodes, "arrows": arrows, "drawing": drawn(nodes, arrows), "label": title}
    return _environment().get_template("graph.html").render(title=title, version=__version__, **facts)


def _nodes(report: Report) -> Iterator[Node]:
    """What the datasets read from outside, then the datasets."""
    own = {dataset.name for dataset in report.datasets}
    for name in dict.fromkeys(edge.source for edge in report.edges if edge.source not in own):
        kind = "files" if name.endswith("/") else "external"
        yield Node(name=name, kind=kind, detail=kind)
    for dataset in report.datasets:
        rows = "" if dataset.kind == "view" else f", {dataset.output_rows:,} rows"
        detail = dataset.kind.replace("_", " ") + (rows if dataset.status == "COMPLETED" else f", {dataset.status}")
        yield Node(name=dataset.name, kind=dataset.kind, status=dataset.status, detail=detail)


@cache
def _environment() -> Environment:
    made = environment("goldlane.reports")
    made.filters |= {"sparkline": _sparkline, "as_written": as_written}
    return made


def _sparkline(trend: Sequence[Judged]) -> list[int]:
    """The heights of the bars; the highest share fills the height, the smallest that is not 0 is still seen."""
    shares = [one.share or 0.0 for one in trend]
    most = max(shares, default=0.0)
    return [max(3, round(_SPARK_HEIGHT * value / most)) if value else 0 for value in shares]

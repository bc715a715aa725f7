"""Pages of HTML that need nothing but themselves: no network, no script, no file beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from goldlane import __version__
from goldlane.errors import MissingExtraError
from goldlane.reports.document import Judged, Report
from goldlane.reports.drawing import drawn
from goldlane.reports.graphs import Node, graph_of

if TYPE_CHECKING:
    from jinja2 import Environment

_SPARK_HEIGHT = 24
_LONGEST_VALUE = 120


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
    try:
        from jinja2 import Environment, PackageLoader, StrictUndefined
    except ImportError as missing:
        raise MissingExtraError("serve", needed_for="a page of HTML") from missing
    environment = Environment(
        loader=PackageLoader("goldlane.reports"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {
        "words": lambda name: name.replace("_", " "),
        "thousands": lambda number: f"{number:,}",
        "duration": duration,
        "percent": _percent,
        "share": share,
        "shown": shown,
        "sparkline": _sparkline,
    }
    return environment


def duration(seconds: float) -> str:
    """``0.8 s``, ``2 min 5 s``, ``1 h 2 min``."""
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return f"{seconds:.1f} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def share(part: float | None) -> str:
    """A share in percent that never calls something nothing; a dash where there is none."""
    if part is None:
        return "\N{EN DASH}"
    percent = 100 * part
    if part and percent < 0.01:  # noqa: PLR2004  the last digit shown
        return "< 0.01 %"
    return f"{percent:.2f} %" if 0 < part < 1 else f"{percent:.0f} %"


def shown(value: object) -> str:
    """A value in a cell of a table; a long one is cut."""
    text = value.isoformat(sep=" ") if isinstance(value, datetime) else str(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}\N{HORIZONTAL ELLIPSIS}"


def _percent(part: float, whole: float) -> str:
    return f"{min(100.0, 100 * part / whole) if whole else 0:.2f}"


def _sparkline(trend: Sequence[Judged]) -> list[int]:
    """The heights of the bars; the highest share fills the height, the smallest that is not 0 is still seen."""
    shares = [one.share or 0.0 for one in trend]
    most = max(shares, default=0.0)
    return [max(3, round(_SPARK_HEIGHT * value / most)) if value else 0 for value in shares]

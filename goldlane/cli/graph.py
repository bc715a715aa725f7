"""``goldlane graph``: what a pipeline's datasets read."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from enum import Enum
from typing import Annotated, Any

import typer

from goldlane.cli.bundled import pipeline_asked
from goldlane.cli.options import JsonOption, Sources, pairs, project
from goldlane.cli.output import print_json, prints_aside, results

Several = list[str] | None
# Mermaid reads these as its own.
_WORDS = {"end", "graph", "flowchart", "subgraph", "class", "classdef", "style", "linkstyle", "click", "default", "direction"}


class Format(str, Enum):
    """How the graph is printed."""

    TEXT = "text"
    MERMAID = "mermaid"
    JSON = "json"
    HTML = "html"


def graph(  # noqa: PLR0913  one parameter per option
    sources: Sources = None,
    form: Annotated[Format, typer.Option("--format", help="text, mermaid, json or html.")] = Format.TEXT,
    conf: Annotated[Several, typer.Option("--conf", metavar="KEY=VALUE", help="What spark.conf.get answers.")] = None,
    bound: Annotated[Several, typer.Option("--input", metavar="TABLE=PATH", help="A table the pipeline does not define.")] = None,
    mapped: Annotated[Several, typer.Option("--map", metavar="PREFIX=DIR", help="A path prefix of the platform.")] = None,
    as_json: JsonOption = False,  # noqa: FBT002  typer's flag
) -> None:
    """Print the graph of a pipeline without updating anything."""
    from goldlane.pipelines.graph import pipeline_graph

    asked = pipeline_asked(sources, project())
    with prints_aside():
        document = pipeline_graph(
            asked.sources,
            configuration={**asked.configuration, **pairs(conf, "--conf")},
            inputs=pairs(bound, "--input"),
            paths=pairs(mapped, "--map"),
        )
    if as_json or form is Format.JSON:
        print_json(document)
    elif form is Format.HTML:
        sys.stdout.write(page(document))
    elif form is Format.MERMAID:
        results().print(mermaid(document), markup=False)
    else:
        results().print(text(document), markup=False)


def page(document: dict[str, Any]) -> str:
    """The graph as a page that needs nothing beside it."""
    from goldlane.reports.pages import graph_page

    return graph_page(document, f"Graph of {project().name or project().root.name}")


def mermaid(document: dict[str, Any]) -> str:
    """The graph in Mermaid's language, left to right."""
    shapes = {"streaming_table": "[{}]", "materialized_view": "[({})]", "view": "({})", "sink": "[[{}]]", "external": "[/{}/]"}
    ids = _ids([node["name"] for node in document["nodes"]])
    lines = ["graph LR"]
    lines += [f"  {ids[node['name']]}{shapes[node['kind']].format(_label(node['name']))}" for node in document["nodes"]]
    lines += [f"  {ids[source]} --> {ids[target]}" for source, target in document["edges"]]
    return "\n".join(lines)


def text(document: dict[str, Any]) -> str:
    """One line per dataset with what it reads."""
    reads: dict[str, list[str]] = {node["name"]: [] for node in document["nodes"]}
    for source, target in document["edges"]:
        reads[target].append(source)
    width = max((len(name) for name in reads), default=0)
    kinds = {node["name"]: node["kind"].replace("_", " ") for node in document["nodes"]}
    return "\n".join(
        f"{name:<{width}}  {kinds[name]:<17}  {'<- ' + ', '.join(found) if found else ''}".rstrip() for name, found in reads.items()
    )


def _ids(names: Sequence[str]) -> dict[str, str]:
    """What each node is called by its arrows: no two the same, and none a word of the language."""
    ids: dict[str, str] = {}
    for name in names:
        plain = re.sub(r"\W", "_", name)
        number = [re.sub(r"\W", "_", other) for other in ids].count(plain)
        ids[name] = f"{plain}_{number + 1}_" if number or plain.lower() in _WORDS else plain
    return ids


def _label(name: str) -> str:
    return f'"{name}"' if re.search(r"\W", name) else name
